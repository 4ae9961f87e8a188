# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared libraries whose functions all return 0, made without a compiler: what a framework finds when it is imported.

The smallest ELF that a dynamic loader takes: a table of symbols with its hash table, the code, and the dynamic section
in a segment of its own, which the loader writes to. System V gABI, chapters 4 and 5. What C++ calls the description of
a type (_ZTI) is one, with the type's name: whoever compares types reads it. Itanium C++ ABI, 2.9.
"""

from __future__ import annotations

import struct

from .base import SIMULATOR, SimulatorError

# e_machine, the instructions of a function that returns 0, and the kind of relocation that adds where the library lies.
_MACHINES = {"x86_64": (62, bytes.fromhex("31c0c3"), 8), "aarch64": (183, bytes.fromhex("00008052c0035fd6"), 1027)}
_PAGE = 0x10000  # the largest page of any of them
_EHDR, _PHDR, _SYM, _RELA, _TAG = 64, 56, 24, 24, 16
_TAGS = 10  # at most, with the empty one at the end
_EXECUTABLE, _WRITABLE, _READABLE = 1, 2, 4
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551
_HASH, _STRTAB, _SYMTAB, _STRSZ, _SYMENT, _SONAME = 4, 5, 6, 10, 11, 14
_RELATIVE, _RELATIVE_SIZE, _RELATIVE_ENTRY = 7, 8, 9
_GLOBAL_OBJECT, _GLOBAL_FUNCTION = 0x11, 0x12
_TYPE, _TYPE_SIZE = "_ZTI", 16


def symbols() -> list[str]:
    """The functions of CANN that torch_npu asks for."""
    lines = (SIMULATOR / "cann_symbols.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def library(name: str, functions: list[str], arch: str, place: str = "") -> bytes:
    """The bytes of a library of this name with these functions; the same bytes for the same arguments.

    Args:
        place: the function that gives the place of an empty pointer, as one that returns a reference; x86_64 only.
    """
    if arch not in _MACHINES:
        raise SimulatorError(f"no libraries for {arch}; known: {', '.join(_MACHINES)}")
    machine, code, relative = _MACHINES[arch]
    strings, places = b"\0", {}
    types = [one for one in functions if one.startswith(_TYPE)]
    for text in [name, *functions, *(one[len(_TYPE) :] for one in types)]:
        places[text] = len(strings)
        strings += text.encode() + b"\0"
    count = len(functions) + 1
    symtab = _EHDR + 4 * _PHDR
    strtab = symtab + count * _SYM
    table = _aligned(strtab + len(strings))
    buckets = _hash_table(functions)
    text_at = _aligned(table + len(buckets), 16)
    place_at = text_at + 16
    dynamic_at = place_at + 16
    types_at = dynamic_at + _PAGE + _TAG * _TAGS
    tags = {_SONAME: places[name], _HASH: table, _STRTAB: strtab, _SYMTAB: symtab, _STRSZ: len(strings), _SYMENT: _SYM}
    if types:
        moved_at = types_at + _TYPE_SIZE * len(types)
        tags.update({_RELATIVE: moved_at, _RELATIVE_SIZE: _RELA * len(types), _RELATIVE_ENTRY: _RELA})
    pointer_at = types_at + (_TYPE_SIZE + _RELA) * len(types)
    if place:  # lea rax, [rip + distance]; ret
        code = code.ljust(16, b"\0") + bytes.fromhex("488d05") + struct.pack("<i", pointer_at - place_at - 7) + b"\xc3"
    where = {one: types_at + _TYPE_SIZE * number for number, one in enumerate(types)}
    entries = b"\0" * _SYM + b"".join(
        struct.pack("<IBBHQQ", places[one], _GLOBAL_OBJECT, 0, 1, where[one], _TYPE_SIZE)
        if one in where
        else struct.pack("<IBBHQQ", places[one], _GLOBAL_FUNCTION, 0, 1, place_at if one == place else text_at, 8)
        for one in functions
    )
    dynamic = b"".join(struct.pack("<QQ", tag, value) for tag, value in tags.items()).ljust(_TAG * _TAGS, b"\0")
    dynamic += b"\0" * _TYPE_SIZE * len(types)
    dynamic += b"".join(
        struct.pack("<QQq", at + 8, relative, strtab + places[one[len(_TYPE) :]]) for one, at in where.items()
    )
    dynamic += b"\0" * 8
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
