# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the measured bandwidth of a fleet says: against a limit of the site, else against alike hosts and earlier runs.

The vendor publishes no numbers, so the median of hosts with the same chips is the default: the slowest stands out.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import LEVELS, Level, Trouble
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.thresholds import Threshold
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, fold, wrap
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import number, part, plain, text
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import rows as rows_of

VARIABLE = "ascend_bandwidth_thresholds"
MEASURE = "bandwidth_percent_of_median"
ALIKE = 3  # hosts, or earlier runs, from which on a median says something
KEPT = 20  # earlier runs of a host that are compared and shown
ACROSS = "across the hosts"
_METHOD = "all_reduce, this run"


@dataclass(frozen=True)
class Measured:
    """One run of all_reduce, or why there is none."""

    name: str  # of the host; ACROSS for the run across hosts
    topology: str  # such as "910b x 8"
    gb_s: float | None = None
    size: int | None = None
    reason: str | None = None
    fix: str | None = None
    settled: bool = False  # the reason stays until somebody changes the host
    earlier: bool = False  # in another run, on the host as it is now


class Past(NamedTuple):
    """What is kept of earlier runs."""

    speeds: dict[tuple[str, str], list[float]]  # by name and topology, the newest last
    last: dict[str, dict[str, Any]]  # by name, the newest row


def mark(ports: str, facts: Mapping[str, Any], settings: Any) -> str:
    """What a measurement depends on, as one word that changes with any of it.

    Args:
        ports: earlier.mark of the host's ports.
        facts: what host_facts saw.
        settings: of the site, such as the MPI that it names.
    """
    cann = sorted(
        str([row.get(key) for key in ("product", "version", "path", "latest")])
        for row in rows_of(dict(facts), "cann")
        if isinstance(row, dict)
    )
    packages = sorted(part(_torch(facts), "packages").items())
    return hashlib.sha256(json.dumps([ports, cann, packages, plain(settings)]).encode("utf-8")).hexdigest()[:16]


def environment(facts: Mapping[str, Any]) -> str | None:
    """The folder of a host's Python environment with torch_npu; None where it has none."""
    return text(_torch(facts).get("path"))


def _torch(facts: Mapping[str, Any]) -> dict[str, Any]:
    found = (row for row in rows_of(dict(facts), "environments") if isinstance(row, dict))
    return next((row for row in found if part(row, "packages").get("torch_npu")), {})


def together(marks: Mapping[str, str]) -> str:
    """The mark of a run across hosts."""
    return hashlib.sha256(json.dumps(sorted(marks.items())).encode("utf-8")).hexdigest()[:16]


def as_before(name: str, found: str | None, past: Past) -> Measured | None:
    """What an earlier run measured, or could not measure, where nothing has changed since."""
    row = past.last.get(name, {})
    if not found or row.get("mark") != found:
        return None
    speed, size = number(row.get("gb_s")), number(row.get("bytes"))
    return Measured(
        name,
        str(row.get("topology")),
        float(speed) if speed is not None else None,
        int(size) if size is not None else None,
        text(row.get("reason")),
        text(row.get("fix")),
        settled=True,
        earlier=True,
    )


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
    topology += " by torch" if data.get("engine") == "torch" else ""  # another program, other numbers
    speed, size = number(data.get("gb_s")), number(data.get("bytes"))
    if data and data.get("available") is True and speed is not None:
        return Measured(name, topology, float(speed), int(size) if size is not None else None)
    reason = text(data.get("reason")) or text(data.get("msg")) or "It was not run."
    told = text(data.get("reason"))  # the message of a task that failed holds its fix
    fix = text(data.get("fix")) if told else "The message says what to do."
    return Measured(name, topology, reason=reason, fix=fix, settled=data.get("missing") is True)


def npus(facts: Mapping[str, Any]) -> int:
    """How many NPUs a host shows."""
    return int(number(part(dict(facts), "accelerators").get("count")) or 0)


def in_use(facts: Mapping[str, Any]) -> int:
    """How many processes use a host's NPUs."""
    return len(rows_of(dict(facts), "busy"))


def left_alone(facts: Mapping[str, Any]) -> str:
    """Why nothing was run on a host, from what was observed of it."""
    if not facts:
        return "The host was not observed."
    if not npus(facts):
        return "The host shows no NPU."
    return f"{in_use(facts)} processes use the NPUs." if in_use(facts) else "It was not run."


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
        before = list(history.get((run.name, run.topology), ()))
        before = (before[:-1] if run.earlier else before)[-KEPT:]  # the newest is this one
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
                "earlier": run.earlier,
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


def read_history(lines: Iterable[str]) -> Past:
    """What is kept of earlier runs. A line that is none, such as one cut off, is left out."""
    speeds: dict[tuple[str, str], list[float]] = defaultdict(list)
    last: dict[str, dict[str, Any]] = {}
    for line in lines:
        try:
            row = json.loads(line)
            name, topology, speed = str(row["name"]), str(row["topology"]), number(row["gb_s"])
        except (ValueError, KeyError, TypeError):
            continue
        last[name] = row
        if speed is not None:
            speeds[name, topology].append(float(speed))
    return Past(dict(speeds), last)


def history_lines(
    runs: Sequence[Measured], when: str, marks: Mapping[str, str], troubled: Iterable[str] = ()
) -> list[str]:
    """What is kept of the runs, a JSON text each.

    Args:
        runs: of this run, and what an earlier one had, which is kept already.
        when: the time.
        marks: by name, what the measurement depends on.
        troubled: those with an alarm, which are measured again the next time.
    """
    again = set(troubled)
    return [
        json.dumps(
            {
                "time": when,
                "name": run.name,
                "topology": run.topology,
                "gb_s": run.gb_s,
                "bytes": run.size,
                "mark": None if run.name in again else marks.get(run.name),
                **({"reason": run.reason, "fix": run.fix} if run.gb_s is None else {}),
            }
        )
        for run in runs
        if not run.earlier and (run.gb_s is not None or run.settled)
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
        members += ", in an earlier run" if all(row["earlier"] for row in rows) else ""
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
