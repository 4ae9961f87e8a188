# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C codes by which drivers and CANN know each other: V100R001C23SPC001B231 is C23 of R001.

They count up, C13 (CANN 7.0.RC1) to C25 (8.5.0), and start again at C10 with CANN 9.0.0 (9.1.0: C11, 9.2.0: C12),
within the same R001. So C10 in the list of a driver of 2025 is CANN 9.0, and C10 in the list of CANN 8.0.RC1 is
something of 2022; V100R003C11 is neither. Sources: innerversion and compatible_version of CANN 7.0.RC1 to 9.2.0,
Innerversion and compatible_version of drivers 24.1.rc1 to 26.0.rc1, as public reports print them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from ansible_collections.ascend.fleet.plugins.module_utils import versions

_CODE = re.compile(r"(?:V\d+R(\d+))?C(\d+)", re.IGNORECASE)
_FIRST_CANN, _FIRST_DRIVER = "9", "25.1"  # the oldest whose files can speak of the codes that started again
_LOW, _HIGH = 15, 19  # a list of such a file holds old codes from C19 on; what is below C15 in it is new
_OLDER = 26  # C29 and C30 came before C13


class Code(NamedTuple):
    """One code; of two of one R release the greater one is the newer."""

    release: int  # the R number
    round: int  # 1 up to CANN 8.5, 2 from CANN 9.0 on
    number: int

    @property
    def name(self) -> str:
        """As people write it: C23."""
        return f"C{self.number}"


def of_cann(text: str | None, version: str | None) -> Code | None:
    """The code of a CANN release from its innerversion or its C number. version: of that CANN."""
    found = _read(text)
    return found and found._replace(round=2 if _new_cann(version) else 1)


def of_driver(text: str | None, version: str | None) -> Code | None:
    """The code of a driver from its Innerversion or its C number. version: of that driver."""
    found = _read(text)
    new = found is not None and found.number < _HIGH and _new_driver(version)
    return found and found._replace(round=2 if new else 1)


def listed_by_cann(code: Code, entries: Iterable[str], version: str | None) -> bool:
    """Whether the compatible_version of a CANN of this version holds code (of a driver)."""
    return _listed(code, entries, _new_cann(version))


def listed_by_driver(code: Code, entries: Iterable[str], version: str | None) -> bool:
    """Whether the compatible_version of a driver of this version holds code (of a CANN)."""
    return _listed(code, entries, _new_driver(version))


def newest_of_cann(entries: Iterable[str], version: str | None) -> Code:
    """The newest code in the compatible_version of a CANN of this version."""
    found = [of_cann(part, version) for entry in entries for part in entry.split(",")]
    return max((one for one in found if one is not None and one.number < _OLDER), default=Code(1, 0, 0))


def oldest_cann(entries: Iterable[str], rows: Iterable[dict[str, Any]]) -> str | None:
    """The oldest CANN release of the catalog whose code stands in an old list; None when its oldest code is of none.

    rows: the catalog's CANN rows.
    """
    found = [one for entry in entries for part in entry.split(",") for one in [_read(part)] if one is not None]
    if not found or any(one.number >= _OLDER for one in found):
        return None
    named = [row["cann"] for row in rows if of_cann(row.get("code"), row["cann"]) == min(found)]
    return min(named, key=versions.key, default=None)


def names(entries: Iterable[str]) -> str:
    """A list of codes for people: C19, C20 to C23."""
    return ", ".join(
        " to ".join(found.name for part in entry.split(",") for found in [_read(part)] if found) or entry
        for entry in entries
    )


def _new_cann(version: str | None) -> bool:
    return version is not None and versions.key(version)[0] >= versions.key(_FIRST_CANN)[0]


def _new_driver(version: str | None) -> bool:
    return version is not None and versions.series(version) >= versions.series(_FIRST_DRIVER)


@functools.lru_cache(maxsize=1024)
def _read(text: str | None) -> Code | None:
    found = _CODE.match((text or "").strip())
    return Code(int(found.group(1) or 1), 1, int(found.group(2))) if found else None


def _listed(code: Code, entries: Iterable[str], new: bool) -> bool:
    """An entry is one code or a range of two; a range whose end is the smaller number reaches over the new start."""
    restarted = False
    for entry in entries:
        found = [one for part in entry.split(",") for one in [_read(part)] if one is not None]
        if not found:
            continue
        for place, one in enumerate(found):
            over = place > 0 and one.number < found[0].number
            later = new and (one.number < _LOW or (restarted and one.number < _HIGH))
            restarted = restarted or over or later
            if over or later:
                found[place] = one._replace(round=2)
        if found[0].release == code.release and found[0] <= code <= found[-1]:
            return True
    return False
