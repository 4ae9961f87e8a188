"""A model of a user's for MindSpore: two inputs and two outputs."""

from __future__ import annotations

import mindspore
from mindspore import nn, ops


class Two(nn.Cell):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Dense(8, 30)
        self.softmax = ops.Softmax()

    def construct(self, x, mask):
        scores = self.dense(x * mask)
        return scores, self.softmax(scores)


def build() -> nn.Cell:
    return Two()


def save(path: str) -> None:
    """Weights that nobody trained."""
    mindspore.set_seed(1)
    mindspore.save_checkpoint(Two(), path)
