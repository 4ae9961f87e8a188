"""What happens when torch_npu is imported: it looks for CANN, and makes npu a device of PyTorch's."""

import ctypes
import os
import time

import torch

from .version import __version__

# What the published libraries link to, in their order, and what they open when they are loaded.
_LIBRARIES = (
    *("libhccl.so", "libascendcl.so", "libacl_op_compiler.so", "libge_runner.so", "libgraph.so"),
    *("libacl_tdt_channel.so", "libascend_hal.so"),
)
_FIX = "Please check that the {} is installed. Please run 'source set_env.sh' in the CANN installation path."


def begin():
    """Be the only accelerator, find CANN, take the tensors over. Returns the version."""
    _alone()
    for name in _LIBRARIES:
        _open(name)
    from . import tensors  # which needs more of torch

    tensors.begin()
    return __version__


def _alone():
    there = torch._C._get_accelerator().type
    if there not in ("cpu", "npu"):
        when = time.strftime("%Y-%m-%d-%H:%M:%S", time.localtime())
        raise RuntimeError(
            f"Two accelerators cannot be used at the same time in PyTorch: npu and {there}. You can install "
            f"the cpu version of PyTorch to use your npu device, or use the {there} device with "
            f"'export TORCH_DEVICE_BACKEND_AUTOLOAD=0'.\n"
            f"[ERROR] {when} (PID:{os.getpid()}, Device:-1, RankID:-1) ERR00007 PTA feature not supported"
        )


def _open(name):
    try:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        package = "cann package"
        if "ASCEND_OPP_PATH" in os.environ:
            package = "runtime package" if "libascendcl" in str(error) else "compiler package"
        raise ImportError(f"{error}. {_FIX.format(package)}") from None
