"""A model as a user defines one: what the collection's small classifier is built of, so that its checkpoint fits."""

from __future__ import annotations

from mindspore import nn


def build() -> nn.Cell:
    return nn.SequentialCell(
        nn.Conv2d(1, 8, 3, pad_mode="pad", padding=1, has_bias=True),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Conv2d(8, 16, 3, pad_mode="pad", padding=1, has_bias=True),
        nn.ReLU(),
        nn.MaxPool2d(2, 2),
        nn.Flatten(),
        nn.Dense(256, 4),
    )
