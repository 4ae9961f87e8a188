# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Careful reading of data that others wrote: plain JSON values out of whatever Ansible wraps them in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Return plain JSON data: lazy containers, tagged strings and other wrappers of Ansible are unwrapped."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in value}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return "".join(str(value))


def part(data: Any, key: str) -> dict:
    """Return a dictionary inside a dictionary; empty where there is none, or something else."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}


def rows(data: Any, key: str) -> list:
    """Return a list inside a dictionary; empty where there is none, or something else."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """Return a value as text; None for nothing."""
    return None if value is None or value == "" else str(value)


def number(value: Any) -> float | int | None:
    """Return a finite number, an int where it is whole; None for anything else."""
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(found):
        return None
    return int(found) if found.is_integer() else round(found, 3)
