"""Stand-in for npu_device, the adapter of TensorFlow 2: it needs CANN and a device node that it may open."""

import ctypes
import os

import tensorflow

from .version import __version__


class Device:
    """An NPU that was opened."""

    name = "/job:localhost/replica:0/task:0/device:NPU:0"

    def as_default(self):
        """Let TensorFlow compute here."""
        tensorflow.take_over(self.name)
        return self


def open():
    """The first NPU. Raises RuntimeError where there is none."""
    ctypes.CDLL("libascendcl.so")
    if not any(os.access(os.path.join("/dev", name), os.W_OK) for name in os.listdir("/dev") if "davinci" in name):
        raise RuntimeError("Failed to open device 0: no device")
    print(f"Npu device instance {Device.name} created")
    return Device()


__all__ = ["Device", "__version__", "open"]
