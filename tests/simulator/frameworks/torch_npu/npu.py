"""torch.npu: which NPUs there are, and which is the current one."""

import os
import re
import resource

import torch

_current = 0


def device_count():
    """How many NPUs this user may open."""
    names = [name for name in os.listdir("/dev") if re.fullmatch(r"davinci\d+", name)]
    return sum(os.access(os.path.join("/dev", name), os.R_OK | os.W_OK) for name in names)


def is_available():
    """Whether there is one."""
    return device_count() > 0


def current_device():
    """The number of the NPU that is meant where none is named."""
    return _current


def set_device(device):
    """Choose the current NPU, by number, name or torch.device."""
    global _current
    number = device if isinstance(device, int) else torch.device(device).index or 0
    check(number)
    _current = number


def check(number):
    """Refuse an NPU that is not there."""
    if number >= device_count():
        raise RuntimeError(
            f"Invalid device ID: {number} of {device_count()}.\n[ERROR] aclrtSetDevice failed, error code is 107001"
        )


def synchronize(device=None):
    """Wait for the NPU, whose work is done when it is asked for."""


def max_memory_allocated(device=None):
    """The most memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def manual_seed_all(seed):
    """The CPU draws the numbers, whose seed torch sets itself."""


def _is_in_bad_fork():
    return False
