"""Lesson 4's U-Net and its training in plain PyTorch, to compare with: the same but the library.

Same layers, channels, initial weights' distribution, loss, optimiser, schedule and batches.
"""

import math
import os

import torch
from torch import nn
from train_watch import BATCH, FLOORS, RATE


class Block(nn.Sequential):
    """Two 3×3 convolutions, each with BatchNorm (Keras's epsilon and momentum 0.9) and ReLU."""

    def __init__(self, before, channels):
        layers = []
        for inputs in (before, channels):
            layers += [
                nn.Conv2d(inputs, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class UNet(nn.Module):
    """uint8 pictures (n, 3, h, w) → logits (n, 1, h, w)."""

    def __init__(self, n_ch, floors):
        super().__init__()
        channels = [n_ch * 2**floor for floor in range(floors + 1)]
        self.down = nn.ModuleList(map(Block, [3, *channels[:-2]], channels[:-1]))
        self.bottom = Block(channels[-2], channels[-1])
        sides = list(zip(channels[1:], channels[:-1], strict=True))[::-1]
        self.up = nn.ModuleList(nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in sides)
        self.join = nn.ModuleList(Block(2 * b, b) for _, b in sides)
        self.last = nn.Conv2d(n_ch, 1, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.xavier_uniform_(module.weight)  # Keras's default, glorot_uniform
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, pictures):
        x = pictures.float() / 255
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, block, skip in zip(self.up, self.join, reversed(skips), strict=True):
            x = block(torch.cat([up(x), skip], dim=1))
        return self.last(x)


def loss_of(logits, masks):
    """Lesson 4's loss."""
    return nn.functional.binary_cross_entropy_with_logits(logits, masks)


def tensors(cars):
    """Pictures (n, 3, h, w) uint8, channels last in memory, and masks (n, 1, h, w) float."""
    pictures = torch.from_numpy(cars.images).permute(0, 3, 1, 2)
    return pictures, torch.from_numpy(cars.masks).float()[:, None]


def pytorch(train, val, watch, seed, epochs, n_ch):
    torch.set_num_threads(os.cpu_count())
    torch.manual_seed(seed)
    (x, y), (held, _) = tensors(train), tensors(watch.held)
    model = UNet(n_ch, FLOORS).to(memory_format=torch.channels_last)
    watch.run()
    steps = epochs * math.ceil(len(x) / BATCH)
    optimiser = torch.optim.Adam(model.parameters(), RATE, eps=1e-7)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for epoch in range(epochs):
        model.train()
        for rows in torch.randperm(len(x)).split(BATCH):
            optimiser.zero_grad()
            loss_of(model(x[rows]), y[rows]).backward()
            optimiser.step()
            schedule.step()
        watch.rest()
        watch.note(epoch + 1, scores(model, held))
        watch.run()


@torch.no_grad()
def scores(model, pictures):
    """The network's answers (n, h, w) in [0, 1]."""
    model.eval()
    found = [torch.sigmoid(model(some))[:, 0] for some in pictures.split(16)]
    return torch.cat(found).numpy()


def versions():
    return f"PyTorch {torch.__version__}"
