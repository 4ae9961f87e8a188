"""Stand-in for torch_npu on x86_64: a tensor on an NPU is one of the CPU's that says where it is.

Metadata, entry point, the libraries it asks for and the words of its errors are those of torch_npu 2.7.1.
"""

import os

# Before torch is imported, which would load this package again.
ORG_AUTOLOAD = os.getenv("TORCH_DEVICE_BACKEND_AUTOLOAD", "1")
os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = "0"


def _begin():
    from . import start

    return start.begin()


def _autoload():
    """The entry point: importing was all. What a process starts inherits the switch."""
    os.environ["TORCH_DEVICE_BACKEND_AUTOLOAD"] = ORG_AUTOLOAD


__version__ = _begin()
