"""Stand-in for tensorflow: as much as shows on which device something was added."""

from .version import __version__

_device = ["CPU:0"]


class Tensor:
    """Numbers in rows, and the device that has them."""

    def __init__(self, rows, device):
        self.rows, self.device = rows, device

    def __float__(self):
        return float(sum(map(sum, self.rows)))


def ones(shape):
    """Rows of ones."""
    height, width = shape
    return Tensor([[1.0] * width for _row in range(height)], _device[-1])


def reduce_sum(tensor):
    """The sum of all numbers, on the device that has them."""
    return Tensor([[float(tensor)]], tensor.device)


def take_over(device):
    """Compute on another device from now on."""
    _device.append(device)


__all__ = ["Tensor", "__version__", "ones", "reduce_sum", "take_over"]
