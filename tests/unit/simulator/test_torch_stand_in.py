"""What stands for PyTorch's published wheels on x86_64: torch without CUDA, and a torch_npu for the vendor's."""

from __future__ import annotations

import struct
import subprocess
import sys
import zipfile

import pytest

from tests.simulator.sim import base, frameworks, torch_cpu

WHEEL = "torch-2.7.1-cp311-cp311-manylinux_2_28_x86_64.whl"
INFO = "torch-2.7.1.dist-info"
METADATA = """Metadata-Version: 2.1
Name: torch
Version: 2.7.1
Requires-Dist: filelock
Requires-Dist: nvidia-cudnn-cu12==9.5.1.17; platform_system == "Linux"
Requires-Dist: triton==3.3.1; platform_system == "Linux"
"""
ASKED = ["_ZN2at4cuda5sleepEl", "_ZTIN4c10d16ProcessGroupNCCLE", "cudaGetDeviceCount", "PyList_New", "_ZNSt6localeC1Ev"]


def library(needed: list[str], asked: list[str], defined: list[str]) -> bytes:
    """A library as far as anybody reads it here: three sections."""
    texts, places = b"\0", {}
    for text in [*needed, *asked, *defined]:
        places[text] = len(texts)
        texts += text.encode() + b"\0"
    symbols = bytes(24) + b"".join(
        struct.pack("<IBBHQQ", places[name], 0x12, 0, int(name in defined), 0, 0) for name in [*asked, *defined]
    )
    dynamic = b"".join(struct.pack("<QQ", 1, places[name]) for name in needed) + bytes(16)
    sections, at, body = [(0, 0, 0, 0)], 64, b""
    for kind, data, link in ((3, texts, 0), (11, symbols, 1), (6, dynamic, 1)):
        sections.append((kind, at + len(body), len(data), link))
        body += data
    head = bytearray(64)
    head[0x28:0x30] = struct.pack("<Q", at + len(body))
    head[0x3A:0x3E] = struct.pack("<HH", 64, len(sections))
    rows = [
        struct.pack("<IIQQQQI", 0, kind, 0, 0, place, size, link).ljust(64, b"\0")
        for kind, place, size, link in sections
    ]
    return bytes(head) + body + b"".join(rows)


@pytest.fixture()
def published(tmp_path):
    files = {
        "torch/__init__.py": "from .version import __version__\n",
        "torch/version.py": "__version__ = '2.7.1+cu126'\ncuda: Optional[str] = '12.6'\nhip: Optional[str] = None\n",
        "torch/include/ATen/ATen.h": "",
        "torch/lib/libtorch_python.so": library(["libtorch_cuda.so", "libcudart.so.12", "libc.so.6"], ASKED, []),
        "torch/lib/libtorch_cpu.so": library([], [], ["cudaGetDeviceCount"]),
        "torch/lib/libtorch_cuda.so": b"large",
        f"{INFO}/METADATA": METADATA,
        f"{INFO}/WHEEL": "Wheel-Version: 1.0\n",
        f"{INFO}/RECORD": "",
    }
    path = tmp_path / WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_what_is_for_cuda_is_gone_and_what_asks_for_it_finds_something(published, tmp_path):
    wheel = torch_cpu.make(published, tmp_path)
    assert wheel.name == "torch-2.7.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("torch/version.py").decode() == (
            "__version__ = '2.7.1+cpu'\ncuda: Optional[str] = None\nhip: Optional[str] = None\n"
        )
        told = archive.read("torch-2.7.1+cpu.dist-info/METADATA").decode()
        stub = archive.read("torch/lib/libtorch_cuda.so")
        assert b"cudaGetDeviceCount" not in stub and b"_ZN2at4cuda5sleepEl" in stub
        assert archive.read("torch/lib/libcudart.so.12").startswith(b"\x7fELF")
    assert "torch/include/ATen/ATen.h" not in names and "torch/lib/libc.so.6" not in names
    assert told == "Metadata-Version: 2.1\nName: torch\nVersion: 2.7.1+cpu\nRequires-Dist: filelock\n"


def test_only_what_is_pytorchs_own_or_nvidias_is_missing():
    asking = library(["libcudart.so.12"], ASKED, [])
    assert torch_cpu.needed(asking) == ["libcudart.so.12"]
    assert torch_cpu.missing([asking]) == ["_ZN2at4cuda5sleepEl", "_ZTIN4c10d16ProcessGroupNCCLE", "cudaGetDeviceCount"]
    assert "_ZN2at4cuda5sleepEl" not in torch_cpu.missing([asking, library([], [], ["_ZN2at4cuda5sleepEl"])])


def test_only_the_wheel_for_x86_64_is_taken(tmp_path):
    with pytest.raises(base.SimulatorError, match="no wheel of torch for x86_64"):
        torch_cpu.make(tmp_path / WHEEL.replace("x86_64", "aarch64"), tmp_path)


@pytest.fixture()
def stand_in(tmp_path):
    """torch_npu beside a torch that can only be asked which accelerator it has."""
    place = tmp_path / "there"
    for wheel in frameworks.build(tmp_path / "wheels"):
        if wheel.name.startswith("torch_npu-2.7.1.post8-"):
            any_python = wheel.with_name("torch_npu-2.7.1.post8-py3-none-any.whl")
            wheel.rename(any_python)
            pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(place)]
            subprocess.run([*pip, str(any_python)], check=True)
    (place / "torch").mkdir()
    return place


def imported(place, accelerator, **environment):
    (place / "torch" / "__init__.py").write_text(
        f"class _C:\n    _get_accelerator = staticmethod(lambda: type('', (), {{'type': {accelerator!r}}}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import torch_npu"],
        env={"PYTHONPATH": str(place), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip().splitlines()


def test_pip_takes_the_stand_in_for_the_vendors(stand_in):
    info = stand_in / "torch_npu-2.7.1.post8.dist-info"
    assert "Requires-Dist: torch==2.7.1+cpu" in (info / "METADATA").read_text()
    assert "[torch.backends]\ntorch_npu = torch_npu:_autoload" in (info / "entry_points.txt").read_text()


def test_without_cann_it_says_what_the_published_wheel_says(stand_in):
    assert imported(stand_in, "cpu")[-1] == (
        "ImportError: libhccl.so: cannot open shared object file: No such file or directory. Please check that the "
        "cann package is installed. Please run 'source set_env.sh' in the CANN installation path."
    )
    assert "the compiler package is installed" in imported(stand_in, "cpu", ASCEND_OPP_PATH="/opp")[-1]


def test_beside_cuda_it_says_what_the_published_wheel_says(stand_in):
    said = imported(stand_in, "cuda")
    assert any("Two accelerators cannot be used at the same time in PyTorch: npu and cuda." in line for line in said)
