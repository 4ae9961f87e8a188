# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the measured bandwidth of a fleet says: against a limit of the site, else against alike hosts and earlier runs.

The vendor publishes no numbers, so the median of hosts with the same chips is the default: the slowest stands out.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import LEVELS, Level, Trouble
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.thresholds import Threshold
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, fold, wrap
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, plain, text

VARIABLE = "ascend_bandwidth_thresholds"
MEASURE = "bandwidth_percent_of_median"
ALIKE = 3  # hosts, or earlier runs, from which on a median says something
KEPT = 20  # earlier runs of a host that are compared and shown
ACROSS = "across the hosts"
_METHOD = "hccl_test all_reduce, this run"


@dataclass(frozen=True)
class Measured:
    """One run of all_reduce, or why there is none."""

    name: str  # of the host; ACROSS for the run across hosts
    topology: str  # such as "910b x 8"
    gb_s: float | None = None
    size: int | None = None
    reason: str | None = None
    fix: str | None = None


def measured(name: str, family: str | None, npus: int, seen: Mapping[str, Any], hosts: int = 1) -> Measured:
    """A run, from what hccl_bandwidth returned.

    Args:
        name: of the host, or ACROSS.
        family: of its chips.
        npus: of each host.
        seen: the registered result; empty where nothing ran.
        hosts: that took part.
    """
    data = plain(seen)
    topology = f"{family or 'unknown chip'} x {npus}" + (f" x {hosts} hosts" if hosts > 1 else "")
    speed, size = number(part({"seen": data}, "seen").get("gb_s")), number(part({"seen": data}, "seen").get("bytes"))
    if data and data.get("available") is True and speed is not None:
        return Measured(name, topology, float(speed), int(size) if size is not None else None)
    reason = text(data.get("reason")) or text(data.get("msg")) or "It was not run."
    told = text(data.get("reason"))  # the message of a task that failed holds its fix
    return Measured(
        name, topology, reason=reason, fix=text(data.get("fix")) if told else "The message says what to do."
    )


def left_alone(facts: Mapping[str, Any]) -> str:
    """Why nothing was run on a host, from what was observed of it."""
    if not facts:
        return "The host was not observed."
    if not number(part(dict(facts), "accelerators").get("count")):
        return "The host shows no NPU."
    busy = facts.get("busy")
    return f"{len(busy)} processes use the NPUs." if isinstance(busy, list) and busy else "It was not run."


def verdict(
    runs: Sequence[Measured],
    limit: Threshold,
    floors: Mapping[str, float],
    history: Mapping[tuple[str, str], Sequence[float]],
) -> dict[str, Any]:
    """What the report keeps under `bandwidth`.

    Args:
        runs: of the hosts, and across them.
        limit: of the percentage of a median, in GB/s of alike hosts or of the host's own earlier runs.
        floors: GB/s by topology that the site asks for; they go before any median.
        history: by name and topology, what earlier runs reached, the newest last.

    Returns:
        dict: C(runs), C(troubles) (the worst first), C(levels).
    """
    alike: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.gb_s is not None:
            alike[run.topology].append(run.gb_s)
    rows, troubles = [], []
    for run in runs:
        before = list(history.get((run.name, run.topology), ()))[-KEPT:]
        found = [_missing(run)] if run.gb_s is None else _judged(run, limit, floors, alike[run.topology], before)
        troubles += found
        median = statistics.median(alike[run.topology]) if alike[run.topology] else None
        rows.append(
            {
                "name": run.name,
                "topology": run.topology,
                "gb_s": run.gb_s,
                "bytes": run.size,
                "percent": round(100 * run.gb_s / median, 1) if run.gb_s is not None and median else None,
                "level": found[0].level if found else "ok",
                "reason": run.reason,
                "history": before,
            }
        )
    troubles.sort(key=lambda trouble: LEVELS.index(trouble.level))
    return {
        "runs": rows,
        "troubles": [trouble.as_row() for trouble in troubles],
        "levels": {level: sum(trouble.level == level for trouble in troubles) for level in LEVELS},
    }


def _missing(run: Measured) -> Trouble:
    return Trouble(
        "bandwidth-not-measured",
        "info",
        run.name,
        "The bandwidth was not measured.",
        run.reason or "",
        run.fix or "Run again when the NPUs are idle.",
        _METHOD,
    )


def _judged(
    run: Measured, limit: Threshold, floors: Mapping[str, float], alike: Sequence[float], before: Sequence[float]
) -> list[Trouble]:
    speed = run.gb_s or 0.0
    floor = floors.get(run.topology)
    if floor is not None:
        if speed >= floor:
            return []
        said = f"{speed:g} GB/s, {VARIABLE} asks for {floor:g} GB/s of {run.topology}"
        return [_slow(run, "bandwidth-low", "alarm", "The bandwidth is below what the site asks for.", said)]
    for rule, problem, others, word in (
        ("bandwidth-low", "The host is slower than others with the same chips.", alike, "the median of alike hosts"),
        ("bandwidth-fell", "It is slower than in earlier runs.", before, "the median of its earlier runs"),
    ):
        if len(others) < ALIKE:
            continue
        median = statistics.median(others)
        found = limit.judge(round(100 * speed / median, 1)) if median else None
        if found:
            said = f"{speed:g} GB/s, {100 * speed / median:.0f}% of {word} ({median:g} GB/s)"
            return [_slow(run, rule, found.level, problem, said)]
    return []


def _slow(run: Measured, rule: str, level: Level, problem: str, evidence: str) -> Trouble:
    fix = (
        "See that nothing else uses the NPUs or the links, then look at ascend.fleet.network (links, speed, errors), "
        "at the health of the chips and at their clocks."
    )
    return Trouble(rule, level, run.name, problem, evidence, fix, _METHOD)


def floors(given: Any) -> dict[str, float]:
    """`ascend_bandwidth_thresholds` as numbers. Raises ValueError with the fix where it is none of that."""
    if not given:
        return {}
    if not isinstance(given, Mapping):
        raise ValueError(f'{VARIABLE} is a dictionary of GB/s by topology, such as {{"910b x 8": 150}}.')
    found = {}
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{VARIABLE}: {name} is {value!r}; give GB/s as a number.")
        found[" ".join(str(name).split())] = float(value)
    return found


def read_history(lines: Iterable[str]) -> dict[tuple[str, str], list[float]]:
    """Earlier runs by name and topology, the newest last. A line that is none, such as one cut off, is left out."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for line in lines:
        try:
            row = json.loads(line)
            name, topology, speed = str(row["name"]), str(row["topology"]), number(row["gb_s"])
        except (ValueError, KeyError, TypeError):
            continue
        if speed is not None:
            found[name, topology].append(float(speed))
    return dict(found)


def history_lines(runs: Sequence[Measured], when: str) -> list[str]:
    """What is kept of the runs, a JSON text each."""
    return [
        json.dumps({"time": when, "name": run.name, "topology": run.topology, "gb_s": run.gb_s, "bytes": run.size})
        for run in runs
        if run.gb_s is not None
    ]


def lines(found: Mapping[str, Any], limit: int = 100) -> list[str]:
    """The verdict as lines of at most `limit` columns: each topology in a line, then what is wrong."""
    groups: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in found["runs"]:
        if row["gb_s"] is not None:
            groups[row["topology"]].append(row)
    result = []
    for topology, rows in groups.items():
        speeds = sorted(row["gb_s"] for row in rows)
        said = f"{speeds[0]:g} GB/s" if len(speeds) == 1 else f"{speeds[0]:g} to {speeds[-1]:g} GB/s, median "
        said += f"{statistics.median(speeds):g} GB/s" if len(speeds) > 1 else ""
        members = fold(clean(row["name"]) for row in rows)
        result += wrap(f"Bandwidth of all_reduce, {clean(topology)}: {said} ({members})", limit, rest="  ")
    missing: dict[tuple[str, str], list[str]] = defaultdict(list)
    for trouble in found["troubles"]:
        if trouble["rule"] == "bandwidth-not-measured":
            missing[trouble["evidence"], trouble["fix"]].append(trouble["where"])
            continue
        word = "ALARM" if trouble["level"] == "alarm" else "warning"
        result += wrap(f"{word}: {trouble['where']}: {trouble['problem']} {trouble['evidence']}", limit, rest="  ")
        result += wrap(trouble["fix"], limit, "  fix:  ", "        ")
    for (reason, fix), names in missing.items():
        result += wrap(f"not measured: {fold(map(clean, names))}: {reason}", limit, rest="  ")
        result += wrap(fix, limit, "  fix:  ", "        ")
    return result or ["Bandwidth: no host was measured."]
