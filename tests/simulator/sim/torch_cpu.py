# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""torch for the CPU on x86_64, of the wheel that PyPI has for it: the same libraries, less those for CUDA.

PyTorch's own index has such a build, torch==<version>+cpu; PyPI has not. What computes on a CPU stays as published. In
the place of CUDA's libraries are ones whose functions return 0, so no device of theirs is found.
"""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from . import stubs, wheels
from .base import SimulatorError

LOCAL = "+cpu"
_LIB = "torch/lib/"
# What is for CUDA, and what only compilers of extensions need.
_GONE = re.compile(r"torch/(lib/lib(torch_cuda|c10_cuda|caffe2_nvrtc)|bin/protoc|include/|share/)")
_ALL = "libtorch_cuda.so"
_REFERENCE = "_ZN4c10d15get_gil_checkerEv"  # where one is kept; asked when the library is loaded
_NVIDIA = re.compile(r"Requires-Dist: (nvidia-|triton)")
# Functions and types of PyTorch's own (at, c10, c10d, torch, sdp) and of NVIDIA's, as C++ spells them.
_FOR_CUDA = re.compile(r"cu|_Z(T[IV])?NK?(2at|3c10|4c10d|5torch|3sdp)")
# Sections of a library, and what their entries say. System V gABI, chapters 4 and 5.
_DYNAMIC, _SYMBOLS = 6, 11
_NEEDED, _GLOBAL = 1, 1


def make(published: Path, folder: Path) -> Path:
    """Write the build for the CPU into a folder; its path.

    Raises:
        SimulatorError: it is no wheel of torch for x86_64.
    """
    named = re.match(r"torch-([0-9.]+)-(\S+_x86_64)\.whl$", published.name)
    if not named:
        raise SimulatorError(f"{published.name} is no wheel of torch for x86_64")
    version = named[1] + LOCAL
    target = folder / f"torch-{version}-{named[2]}.whl"
    partial = target.with_suffix(".partial")
    own = f"torch-{named[1]}.dist-info/"
    libraries: dict[str, bytes] = {}
    with zipfile.ZipFile(published) as old, wheels.Writer(partial, "torch", version, named[2], level=1) as new:
        for name in old.namelist():
            if _GONE.match(name) or name.endswith("/") or name in (own + "RECORD", own + "WHEEL"):
                continue
            data = old.read(name)
            if name.startswith(_LIB):
                libraries[name[len(_LIB) :]] = data
            elif name == "torch/version.py":
                data = re.sub(rb"\+cu\d+'", f"{LOCAL}'".encode(), data)
                data = re.sub(rb"(?m)^(cuda\b.*) = '.*'$", rb"\1 = None", data)
            elif name == own + "METADATA":
                lines = [line for line in data.decode().splitlines(keepends=True) if not _NVIDIA.match(line)]
                data = "".join(lines).replace(f"\nVersion: {named[1]}\n", f"\nVersion: {version}\n", 1).encode()
            new.add(name.replace(own, f"{new.info}/", 1), data)
        lacking = missing(libraries.values())
        gone = {entry[len(_LIB) :] for entry in old.namelist() if entry.startswith(_LIB) and _GONE.match(entry)}
        wanted = sorted(
            {name for data in libraries.values() for name in needed(data) if name in gone or "libcu" in name}
        )
        for name in wanted:
            # The loader looks through all; from one that should have versions it takes no function without.
            functions = lacking if name == _ALL else []
            new.add(
                _LIB + name, stubs.library(name, functions, "x86_64", _REFERENCE if _REFERENCE in functions else "")
            )
    partial.replace(target)
    return target


def missing(libraries: Iterable[bytes]) -> list[str]:
    """What libraries ask for that is for CUDA and that none of them has."""
    asked: set[str] = set()
    there: set[str] = set()
    for data in libraries:
        for name, defined in _symbols(data):
            (there if defined else asked).add(name)
    return sorted(filter(_FOR_CUDA.match, asked - there))


def needed(data: bytes) -> list[str]:
    """The libraries that a library names."""
    tables = _tables(data)
    (place, size, strings), found = tables[_DYNAMIC], []
    for at in range(place, place + size, 16):
        tag, value = struct.unpack_from("<QQ", data, at)
        if tag == _NEEDED:
            found.append(_text(data, tables, strings, value))
    return found


def _symbols(data: bytes) -> Iterator[tuple[str, bool]]:
    """Of each name that a library has or has to find: whether it has it."""
    tables = _tables(data)
    place, size, strings = tables[_SYMBOLS]
    for at in range(place + 24, place + size, 24):
        name, kind, _other, section = struct.unpack_from("<IBBH", data, at)
        if kind >> 4 == _GLOBAL or section:
            yield _text(data, tables, strings, name), section != 0


def _tables(data: bytes) -> dict[int, tuple[int, int, int]]:
    """Of each kind of section, and of each by its number as -1 - number: place, size, and the number of its texts'."""
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    found = {}
    for number in range(count):
        _name, kind, _flags, _at, place, length, link = struct.unpack_from("<IIQQQQI", data, start + number * size)
        found[kind] = found[-1 - number] = (place, length, link)
    return found


def _text(data: bytes, tables: dict[int, tuple[int, int, int]], strings: int, at: int) -> str:
    start = tables[-1 - strings][0] + at
    return data[start : data.index(b"\0", start)].decode()
