# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a vendor's C(.run) package is whole, by the sums that it carries itself: what its C(--check) does first.

The vendor's packages are makeself archives: a shell script of C(skip) lines, and behind it archives of C(filesizes)
bytes, whose sums stand in the script. Judged here once for a fleet, a damaged package is refused before any host is
touched, and no host has to read it once more for it.
"""

from __future__ import annotations

import hashlib
import re
from typing import BinaryIO

# As the script begins. What only has such a package in it, behind a script of its own, says nothing of itself.
_MAKER = re.compile(rb"#![^\n]*\n# This script was generated using Makeself ")
_HEADER = 256 * 1024
_LINE = re.compile(rb'^(SHA|MD5|skip|filesizes|totalsize)="([0-9a-f ]+)"$', re.MULTILINE)
# The better one first; a sum of zeros is none.
_SUMS = (("SHA", "sha256"), ("MD5", "md5"))
_CHUNK = 1024 * 1024


def whole(stream: BinaryIO) -> bool | str:
    """Whether a package is what its own script says.

    Args:
        stream: the package, at its beginning.

    Returns:
        True; False where it does not say (another kind of archive, no sum but a CRC), so that only the package itself
        can tell; or a text that says what is wrong.
    """
    header = stream.read(_HEADER)
    said = {key.decode(): value.decode() for key, value in reversed(_LINE.findall(header))}
    sums = next((pair for pair in _SUMS if said.get(pair[0], "").strip("0 ")), None)
    try:
        skip, sizes = int(said["skip"]), [int(size) for size in said["filesizes"].split()]
        total = int(said.get("totalsize", 0))
    except (KeyError, ValueError):
        return False
    lines = header.split(b"\n", skip)
    if not _MAKER.match(header) or sums is None or len(lines) <= skip or len(said[sums[0]].split()) != len(sizes):
        return False
    begin = len(header) - len(lines[skip])
    there = stream.seek(0, 2) - begin
    if there != total if total else there < sum(sizes):
        return f"{there} bytes follow its script, which speaks of {total or sum(sizes)}: it is not complete"
    stream.seek(begin)
    for size, promised in zip(sizes, said[sums[0]].split(), strict=True):
        digest = hashlib.new(sums[1], usedforsecurity=False)
        left = size
        while left:
            piece = stream.read(min(left, _CHUNK))
            if not piece:
                return f"it ends {left} bytes before its script says"
            digest.update(piece)
            left -= len(piece)
        if digest.hexdigest() != promised:
            return f"its content has the {sums[1]} {digest.hexdigest()}, its own script says {promised}"
    return True
