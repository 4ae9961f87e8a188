# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on the network as text lines: the matrix where it fits a screen, then what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, shorten, wrap

WIDTH = 100
MATRIX_AT_MOST = 24  # hosts of which a screen shows every pair
TROUBLES_AT_MOST = 40
_LEGEND = ". all pass   ! some fail or lose packets   x all fail   ? not known   blank: not probed"
_LEVELS = {"alarm": "ALARM", "warn": "warning", "info": "info"}


def lines(network: Mapping[str, Any], limit: int = WIDTH) -> list[str]:
    """The verdict as lines of at most `limit` columns.

    Args:
        network: what judge.verdict gave.
        limit: columns.
    """
    found = wrap(_summary(network), limit, rest="  ")
    found += _matrix(network["matrix"], limit)
    troubles = network["troubles"]
    for row in troubles[:TROUBLES_AT_MOST]:
        found += wrap(f"{_LEVELS.get(row['level'], row['level'])}: {row['where']}: {row['problem']}", limit, rest="  ")
        found += wrap(row["evidence"], limit, "  seen: ", "        ")
        found += wrap(row["fix"], limit, "  fix:  ", "        ")
    if len(troubles) > TROUBLES_AT_MOST:
        found.append(f"and {len(troubles) - TROUBLES_AT_MOST} more, see report.html")
    return found


def _summary(network: Mapping[str, Any]) -> str:
    probes, levels = network["probes"], network["levels"]
    if not network["ports"]:
        return "Network between the NPUs: no chip has an address, so there was nothing to probe."
    counts = ", ".join(
        f"{probes[state]} {word}"
        for state, word in (("ok", "passed"), ("loss", "lost packets"), ("fail", "failed"), ("unknown", "not known"))
        if probes[state]
    )
    wrong = ", ".join(
        f"{levels[level]} {_LEVELS[level].lower()}{'s' * (levels[level] > 1)}"
        for level in ("alarm", "warn")
        if levels[level]
    )
    earlier = probes.get("earlier", 0)
    when = "all" if earlier == probes["total"] else f"{earlier} of them"
    told = (counts or "none ran") + (f", {when} in earlier runs" if earlier else "")
    return (
        f"Network between the NPUs: {network['hosts']} hosts, {network['ports']} ports, {probes['total']} probes "
        f"({network['shape']}): {told}. {wrong.capitalize() or 'Nothing is wrong'}."
    )


def _matrix(matrix: Mapping[str, Any], limit: int) -> list[str]:
    """Every pair of hosts as one sign. Where all pass, the sentence above has said so."""
    names, cells = matrix["hosts"], matrix["cells"]
    if not any(sum(cell[3:]) for cell in cells) or len(names) > MATRIX_AT_MOST:
        return []
    signs = {(cell[0], cell[1]): sign(cell) for cell in cells}
    room = min(max(map(len, names)), limit - 3 * len(names) - 5)
    rows = [" " * (room + 5) + "".join(f"{place:>3}" for place in range(1, len(names) + 1))]
    for place, name in enumerate(names):
        marks = "".join(f"{signs.get((min(place, other), max(place, other)), ' '):>3}" for other in range(len(names)))
        rows.append(f"{place + 1:>3}  {shorten(clean(name), room):<{room}}{marks}".rstrip())
    return ["", *rows, "", *wrap(_LEGEND, limit), ""]


def sign(cell: Sequence[int]) -> str:
    """One sign for a cell of the matrix: [place, place, passed, lost, failed, unknown]."""
    passed, lost, failed, unknown = cell[2:]
    if not lost and not failed:
        return "?" if unknown else "."
    return "x" if failed and not passed and not lost else "!"
