# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared libraries whose functions all return 0, made without a compiler: what a framework finds when it is imported.

The smallest ELF that a dynamic loader takes: a table of symbols with its hash table, the code, and the dynamic section
in a segment of its own, which the loader writes to. System V gABI, chapters 4 and 5.
"""

from __future__ import annotations

import struct

from .base import SIMULATOR, SimulatorError

# e_machine, and the instructions of a function that returns 0.
_MACHINES = {"x86_64": (62, bytes.fromhex("31c0c3")), "aarch64": (183, bytes.fromhex("00008052c0035fd6"))}
_PAGE = 0x10000  # the largest page of any of them
_EHDR, _PHDR, _SYM, _DYN = 64, 56, 24, 16
_EXECUTABLE, _WRITABLE, _READABLE = 1, 2, 4
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551
_HASH, _STRTAB, _SYMTAB, _STRSZ, _SYMENT, _SONAME = 4, 5, 6, 10, 11, 14
_GLOBAL_FUNCTION = 0x12


def symbols() -> list[str]:
    """The functions of CANN that torch_npu asks for."""
    lines = (SIMULATOR / "cann_symbols.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def library(name: str, functions: list[str], arch: str) -> bytes:
    """The bytes of a library of this name with these functions; the same bytes for the same arguments."""
    if arch not in _MACHINES:
        raise SimulatorError(f"no libraries for {arch}; known: {', '.join(_MACHINES)}")
    machine, code = _MACHINES[arch]
    strings, places = b"\0", {}
    for text in [name, *functions]:
        places[text] = len(strings)
        strings += text.encode() + b"\0"
    count = len(functions) + 1
    symtab = _EHDR + 4 * _PHDR
    strtab = symtab + count * _SYM
    table = _aligned(strtab + len(strings))
    buckets = _hash_table(functions)
    text_at = _aligned(table + len(buckets), 16)
    entries = b"\0" * _SYM + b"".join(
        struct.pack("<IBBHQQ", places[one], _GLOBAL_FUNCTION, 0, 1, text_at, len(code)) for one in functions
    )
    dynamic_at = _aligned(text_at + len(code), 16)
    dynamic = b"".join(
        struct.pack("<QQ", tag, value)
        for tag, value in (
            (_SONAME, places[name]),
            (_HASH, table),
            (_STRTAB, strtab),
            (_SYMTAB, symtab),
            (_STRSZ, len(strings)),
            (_SYMENT, _SYM),
            (0, 0),
        )
    )
    end = text_at + len(code)
    headers = b"".join(
        struct.pack("<IIQQQQQQ", kind, flags, offset, offset + shift, offset + shift, size, size, align)
        for kind, flags, offset, shift, size, align in (
            (_LOAD, _READABLE | _EXECUTABLE, 0, 0, end, _PAGE),
            (_LOAD, _READABLE | _WRITABLE, dynamic_at, _PAGE, len(dynamic), _PAGE),
            (_DYNAMIC, _READABLE | _WRITABLE, dynamic_at, _PAGE, len(dynamic), 8),
            (_STACK, _READABLE | _WRITABLE, 0, 0, 0, 16),
        )
    )
    ident = b"\x7fELF" + bytes([2, 1, 1]) + b"\0" * 9
    ehdr = ident + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, _EHDR, 0, 0, _EHDR, _PHDR, 4, 64, 0, 0)
    image = bytearray(dynamic_at + len(dynamic))
    for at, part in (
        (0, ehdr + headers),
        (symtab, entries),
        (strtab, strings),
        (table, buckets),
        (text_at, code),
        (dynamic_at, dynamic),
    ):
        image[at : at + len(part)] = part
    return bytes(image)


def _aligned(number: int, to: int = 8) -> int:
    return -(-number // to) * to


def _hash(name: str) -> int:
    """The hash of System V's table of symbols."""
    value = 0
    for letter in name.encode():
        value = (value << 4) + letter
        value = (value ^ (value >> 24 & 0xF0)) & 0x0FFFFFFF
    return value


def _hash_table(functions: list[str]) -> bytes:
    count = len(functions) + 1
    heads, chain = [0] * max(1, len(functions)), [0] * count
    for number, name in enumerate(functions, 1):
        bucket = _hash(name) % len(heads)
        chain[number], heads[bucket] = heads[bucket], number
    return struct.pack(f"<{2 + len(heads) + count}I", len(heads), count, *heads, *chain)
