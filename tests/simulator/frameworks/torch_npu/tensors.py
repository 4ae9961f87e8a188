"""Tensors on NPUs: the CPU computes with them, and takes none of its own among them."""

import sys

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten

from . import npu

# What may take tensors of both.
_BOTH = {torch.Tensor.__getitem__, torch.Tensor.__setitem__, torch.Tensor.copy_}
_BACK = {torch.Tensor.cpu, torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.item}


class NpuTensor(torch.Tensor):
    """A tensor on an NPU."""

    number = 0

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        given = [item for item in tree_flatten((args, kwargs))[0] if isinstance(item, torch.Tensor)]
        number = next(item.number for item in given if isinstance(item, NpuTensor))
        if func == torch.Tensor.device.__get__:
            return torch.device("npu", number)
        if func not in _BOTH and any(item.dim() for item in given if not isinstance(item, NpuTensor)):
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found at least two devices, npu:{number} and cpu!"
            )
        found = super().__torch_function__(func, types, args, kwargs)
        if func == torch.Tensor.grad.__get__ and found is not None:
            found = found.as_subclass(cls)
        return _on(found, number)

    def __repr__(self, **kwargs):
        return repr(_plain(self))[:-1] + f", device='npu:{self.number}')"


class _Placement(TorchFunctionMode):
    """Whoever names an NPU gets a tensor there; whoever names the CPU gets it back."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in _BACK:
            return func(args[0].as_subclass(torch.Tensor), *args[1:], **kwargs)
        if func is torch.Tensor.to:
            return _moved(args[0], args[1:], kwargs)
        target = _device(kwargs.get("device"))
        if target is None or target.type != "npu":
            return func(*args, **kwargs)
        kwargs["device"] = "cpu"
        return _made(func(*args, **kwargs), target)


def begin():
    """Make npu a device of PyTorch's."""
    torch.utils.rename_privateuse1_backend("npu")
    torch._register_device_module("npu", npu)
    sys.modules["torch.npu"] = npu
    torch.Tensor.npu = lambda tensor, device=None: tensor.to(
        torch.device("npu", npu.current_device() if device is None else device)
    )
    torch.Tensor.is_npu = property(lambda tensor: isinstance(tensor, NpuTensor))
    torch.distributed.Backend.register_backend("hccl", _hccl, devices=["npu", "cpu"])
    _Placement().__enter__()


def _hccl(store, rank, size, timeout):
    return torch.distributed.ProcessGroupGloo(store, rank, size, timeout)


def _device(named):
    if isinstance(named, str):
        return torch.device(named)
    return torch.device("npu", named) if isinstance(named, int) and not isinstance(named, bool) else named


def _moved(tensor, args, kwargs):
    """Tensor.to: a device, a type, both, or another tensor."""
    like = next((item for item in args if isinstance(item, torch.Tensor)), None)
    named = [item for item in (*args, kwargs.pop("device", None)) if isinstance(item, (str, torch.device))]
    target = _device(named[0]) if named else like.device if like is not None else None
    rest = ["cpu" if item in named else item for item in args if not isinstance(item, torch.Tensor)]
    if like is not None:
        rest.insert(0, like.dtype)
    if target is None:
        return (
            tensor.to(*rest, **kwargs)
            if not isinstance(tensor, NpuTensor)
            else _on(_plain(tensor).to(*rest, **kwargs), tensor.number)
        )
    found = _plain(tensor).to(*rest, **kwargs)
    return _made(found, target) if target.type == "npu" else found


def _plain(tensor):
    return tensor.as_subclass(torch.Tensor)


def _made(tensor, target):
    number = npu.current_device() if target.index is None else target.index
    npu.check(number)
    return _on(tensor.as_subclass(NpuTensor), number)


def _on(found, number):
    for item in tree_flatten(found)[0]:
        if isinstance(item, NpuTensor):
            item.number = number
    return found
