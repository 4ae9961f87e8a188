# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier runs have probed, so that a run probes what is new.

A pair of hosts whose probes all passed, and whose ports are set up and plugged in as they were then, needs no other
look.
What a host shows by itself (link, optics, addresses) is judged in every run, whatever is kept here.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Host, Probe, Result
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.probes import Course
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import part, rows, text

# How a pair was probed -> the ways of probing that this stands for.
_COVERS = {"mesh": ("mesh", "rails"), "rails": ("rails",), "hccs": ("hccs",)}
# Of a port, what makes it another one when it changes.
_SETTINGS = (
    *("address", "netmask", "gateway", "netdetect", "tls", "mtu", "priorities"),
    *("mac", "switch", "switch_port", "vnic"),
)
Pair = tuple[str, str]


class Kept(NamedTuple):
    """What is kept between runs."""

    marks: dict[str, str]  # by host, how its ports were set up
    pairs: dict[str, frozenset[Pair]]  # by a key of _COVERS, the pairs that passed


NOTHING = Kept({}, {})


def mark(host: Host, facts: Mapping[str, Any]) -> str:
    """How a host's ports are set up and plugged in, as one word that changes with any of it.

    Args:
        host: its ports.
        facts: what host_facts saw; a driver that was changed has set the ports up anew.
    """
    ports = [
        [port.key.chip, *(getattr(port, name) for name in _SETTINGS)]
        for port in sorted(host["ports"], key=lambda port: port.key.chip)
    ]
    driver = part(dict(facts), "driver").get("loaded")
    return hashlib.sha256(json.dumps([ports, text(driver)]).encode("utf-8")).hexdigest()[:16]


def read(found: str) -> Kept:
    """What an earlier run kept; nothing where the text is none of ours, for then everything is probed again."""
    try:
        data = json.loads(found)
    except ValueError:
        return NOTHING
    marks = {str(name): str(value) for name, value in part(data, "hosts").items()}
    names = sorted(marks)
    pairs: dict[str, frozenset[Pair]] = {}
    for way in _COVERS:
        places = [row for row in rows(part(data, "pairs"), way) if _places(row, len(names))]
        pairs[way] = frozenset((names[one], names[other]) for one, other in places)
    return Kept(marks, pairs)


def _places(row: Any, count: int) -> bool:
    return isinstance(row, list) and len(row) == 2 and all(isinstance(at, int) and 0 <= at < count for at in row)


def write(kept: Kept) -> str:
    """The text that read() takes."""
    named = {name for pairs in kept.pairs.values() for pair in pairs for name in pair}
    marks = {name: value for name, value in sorted(kept.marks.items()) if name in named}
    place = {name: number for number, name in enumerate(marks)}
    pairs = {
        way: sorted(
            [place[one], place[other]] for one, other in kept.pairs.get(way, ()) if one in place and other in place
        )
        for way in _COVERS
    }
    return json.dumps({"schema": 1, "hosts": marks, "pairs": pairs}) + "\n"


def split(course: Course, kept: Kept, marks: Mapping[str, str], at_most: int) -> tuple[Course, list[Probe]]:
    """(what is to be probed, what has been): the probes of a course, by what is kept.

    Args:
        course: all probes of the fleet.
        kept: of earlier runs.
        marks: by host, how its ports are set up now.
        at_most: probes of one host. As long as it is not reached, the host that is new pings and not the other one.
    """
    same = {name for name, value in marks.items() if kept.marks.get(name) == value}
    left: dict[str, list[Probe]] = {name: [] for name in course.probes}
    done: list[Probe] = []
    turned: list[Probe] = []
    for name, found in course.probes.items():
        for probe in found:
            target = probe.target.host
            if {name, target} <= same and _passed(kept, _pair(probe), way_of(course, probe)):
                done.append(probe)
            elif name in same and target not in same and probe.back:
                turned.append(probe)
            else:
                left[name].append(probe)
    for probe in turned:
        mine = left[probe.target.host]
        if len(mine) < at_most:
            mine.append(probe.reversed())
        else:
            left[probe.source.host].append(probe)
    return Course(course.shape, left), done


def way_of(course: Course, probe: Probe) -> str:
    """By which way of probing a probe counts."""
    return "hccs" if probe.via == "hccs" else "mesh" if course.shape == "mesh" else "rails"


def _pair(probe: Probe) -> Pair:
    one, other = sorted((probe.source.host, probe.target.host))
    return one, other


def _passed(kept: Kept, pair: Pair, way: str) -> bool:
    return any(pair in kept.pairs.get(how, ()) for how, ways in _COVERS.items() if way in ways)


def kept_now(
    kept: Kept, course: Course, marks: Mapping[str, str], results: Sequence[Result], troubled: Iterable[str]
) -> Kept:
    """What to keep after a run.

    Args:
        kept: of earlier runs. What they kept of hosts that are none of this run stays.
        course: all probes of the fleet.
        marks: by host of this run, how its ports are set up.
        results: of this run, those that stand for earlier ones among them.
        troubled: hosts with an alarm; they are probed again.
    """
    bad, states = set(troubled), defaultdict(set)
    for one in results:
        states[way_of(course, one.probe), _pair(one.probe)].add(one.state)
    fresh = {name for name, value in marks.items() if kept.marks.get(name) != value}
    broken = {pair for (_way, pair), found in states.items() if found != {"ok"}}
    pairs: dict[str, frozenset[Pair]] = {}
    for way in _COVERS:
        old = {pair for pair in kept.pairs.get(way, ()) if not fresh & set(pair)}
        new = {pair for (how, pair), found in states.items() if how == way and found == {"ok"}}
        pairs[way] = frozenset(pair for pair in (old | new) - broken if not bad & set(pair))
    return Kept({**kept.marks, **marks}, pairs)
