# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One round of verification: the fleet as the plays left it, all its probes, and which of them this run has to do.

The course and the verdict are two tasks; both see the same round, because both make it here from the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import earlier, ports, probes
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Host, Probe, Result
from ansible_collections.ascend.fleet.plugins.plugin_utils.values import plain, rows

# How the ids of steps begin that set ports up anew.
_SETTING = ("device_network-", "driver-", "firmware-")
# Options that both tasks take.
ARGUMENTS: dict[str, Any] = {
    "at_most": {"type": "int", "default": probes.AT_MOST},
    "super_pods": {"type": "bool", "default": False},
    "kept": {"type": "path"},
    "again": {"type": "bool", "default": True},
}


class Round(NamedTuple):
    """What one run verifies."""

    fleet: list[Host]
    course: probes.Course  # all probes of the fleet
    now: probes.Course  # of these, what this run does
    done: list[Probe]  # and what an earlier one has done
    marks: dict[str, str]  # by host, how its ports are set up
    kept: earlier.Kept


def of(names: Sequence[str], hostvars: Any, args: dict[str, Any]) -> Round:
    """The round of a run.

    Args:
        names: the hosts.
        hostvars: Ansible's.
        args: the task's, with those of ARGUMENTS.
    """
    fleet = ports.of_fleet(names, hostvars)
    course = probes.plan(fleet, args["at_most"])
    if args["super_pods"]:
        course = probes.with_super_pods(course, fleet)
    marks = {host["name"]: earlier.mark(host, ports.facts_of(hostvars, host["name"])) for host in fleet}
    kept = earlier.read(whole_file.read(args["kept"])) if args["kept"] else earlier.NOTHING
    # What this run has set is looked at, even where it is as an earlier run has seen it.
    kept = kept._replace(marks={name: mark for name, mark in kept.marks.items() if not _touched(hostvars, name)})
    now, done = (course, []) if args["again"] else earlier.split(course, kept, marks, args["at_most"])
    return Round(fleet, course, now, done, marks, kept)


def _touched(hostvars: Any, name: str) -> bool:
    """Whether this run has changed the ports of a host, or the driver that they belong to.

    An earlier run may have known hosts that are in this inventory no more, or in another one.
    """
    if name not in hostvars:
        return False
    outcome = plain((hostvars.raw_get(name) or {}).get("rollout_outcome"))
    return any(str(step).startswith(_SETTING) for step in rows(outcome, "steps_done"))


def results(round_: Round, hostvars: Any) -> list[Result]:
    """How all probes of the fleet ended, in this run or in an earlier one."""
    found = [
        result
        for host, mine in round_.now.probes.items()
        for result in ports.results(mine, ports.registered(hostvars, host, ports.SEEN))
    ]
    return found + [Result(probe, "ok", earlier=True) for probe in round_.done]
