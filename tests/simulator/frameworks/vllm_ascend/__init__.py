"""Stand-in for vllm_ascend: the platform of vLLM's that computes with torch_npu."""

import torch_npu

from .version import __version__


def register():
    """The entry point by which vllm finds it."""
    return "vllm_ascend.platform.NPUPlatform" if torch_npu.npu.is_available() else None


__all__ = ["__version__", "register"]
