"""A network for photographs that has seen renders only."""

from .train import train_photo

__all__ = ["train_photo"]
