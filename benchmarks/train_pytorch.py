"""Lesson 4's U-Net and its training in plain PyTorch: all the same but the library.

Same layers, channels, initial weights' distribution, loss, optimiser, schedule and batches.
"""

import math
import os

import torch
from torch import nn


def versions():
    return f"PyTorch {torch.__version__}"


class Block(nn.Sequential):
    """Two 3×3 convolutions, each with BatchNorm (Keras's epsilon and momentum 0.9) and ReLU."""

    def __init__(self, inputs, channels):
        layers = []
        for before in (inputs, channels):
            layers += [
                nn.Conv2d(before, channels, 3, padding=1, bias=False),
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


def tensors(cars):
    """Pictures (n, 3, h, w) uint8, channels last in memory, and masks (n, 1, h, w) float."""
    pictures = torch.from_numpy(cars.images).permute(0, 3, 1, 2)
    return pictures, torch.from_numpy(cars.masks).float()[:, None]


def lesson_4(train, val, watch, seed, settings):
    """Lesson 4's training, up to its last epoch; nothing is validated on the way."""
    torch.set_num_threads(os.cpu_count())
    torch.manual_seed(seed)
    (x, y), (x_test, _) = tensors(train), tensors(watch.test)
    model = UNet(settings.n_ch, settings.floors).to(memory_format=torch.channels_last)
    watch.run()
    steps = settings.epochs * math.ceil(len(x) / settings.batch)
    optimiser = torch.optim.Adam(model.parameters(), settings.rate, eps=1e-7)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    loss = nn.BCEWithLogitsLoss()
    for epoch in range(settings.epochs):
        model.train()
        for rows in torch.randperm(len(x)).split(settings.batch):
            optimiser.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimiser.step()
            schedule.step()
        watch.rest()
        watch.note(epoch + 1, predict(model, x_test))
        watch.run()


@torch.no_grad()
def predict(model, pictures):
    """The network's scores (n, h, w) in [0, 1]."""
    model.eval()
    scores = [torch.sigmoid(model(batch))[:, 0] for batch in pictures.split(16)]
    return torch.cat(scores).numpy()
