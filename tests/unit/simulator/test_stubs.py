"""The libraries of the simulated CANN: a real loader takes them, and their functions return 0."""

from __future__ import annotations

import ctypes
import platform
import struct

import pytest

from tests.simulator.sim import releases, stubs
from tests.simulator.sim.base import SimulatorError


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="stubs know two architectures")
def test_a_loader_takes_it_and_every_function_returns_0(tmp_path):
    names = stubs.symbols()
    assert len(names) == len(set(names)) >= 77 and "aclrtGetDeviceCount" in names
    file = tmp_path / "libascendcl.so"
    file.write_bytes(stubs.library(file.name, names, platform.machine()))
    library = ctypes.CDLL(str(file))
    for name in names:
        function = getattr(library, name)
        function.restype = ctypes.c_int
        assert function(7) == 0, name
    with pytest.raises(AttributeError):
        library["aclNothing"]


@pytest.mark.parametrize(("arch", "machine"), [("x86_64", 62), ("aarch64", 183)])
def test_the_file_says_for_which_machine_it_is(arch, machine):
    data = stubs.library("libhccl.so", ["one", "two"], arch)
    assert data[:4] == b"\x7fELF" and struct.unpack_from("<HH", data, 16) == (3, machine)
    assert data == stubs.library("libhccl.so", ["one", "two"], arch)
    assert b"\0libhccl.so\0one\0two\0" in data


def test_another_machine_is_refused():
    with pytest.raises(SimulatorError, match="no libraries for riscv64; known: x86_64, aarch64"):
        stubs.library("x.so", [], "riscv64")


def test_which_packages_bring_libraries():
    found = {package.settings["PKG_COMPONENT"]: package.libraries for package in releases.packages(["demo"])}
    assert "lib64/libhccl.so" in found["toolkit"] and found["toolkit"] == (*found["nnae"], "devlib/libascend_hal.so")
    assert found["nnal"] == ("lib64/libatb.so",)
    assert found["kernels"] == found["driver"] == ()
