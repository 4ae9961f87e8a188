# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which role carries out which steps of a plan, and when it has its turn. Pure; no component is named here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.steps import REBOOT, describe
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, Step


class Stretch(TypedDict):
    """What a host does without a reboot, and whether one may follow."""

    steps: list[Step]  # those that are work
    reboots: bool  # whether the host may need a reboot after them
    reboot_step: str  # id of the plan's step for it; empty where it has none
    proves: list[Step]  # what the first look after the reboot has to show


def roles(run_tags: Iterable[str], skip_tags: Iterable[str] = ()) -> list[str]:
    """The roles of the components in the order of installation, as --tags and --skip-tags choose among them.

    A role is chosen as if it carried its own name as its only tag; Ansible's words all, tagged and untagged hold.

    Args:
        run_tags: what --tags names; "all" where it was not given.
        skip_tags: what --skip-tags names.
    """
    wanted, skipped = set(run_tags), set(skip_tags)
    if skipped & {"all", "tagged"}:
        return []
    everything = bool(wanted & {"all", "tagged"})
    return [role for role in components.ROLES if (everything or role in wanted) and role not in skipped]


def steps_of(plan: Plan, of_roles: Iterable[str]) -> list[Step]:
    """The steps that these roles carry out, in the plan's order. A reboot belongs to whom it makes effective."""
    mine = [one for one in components.ALL if one.role in set(of_roles)]
    names = {one.name for one in mine} | ({REBOOT} if any(one.reboots for one in mine) else set())
    return [step for step in plan["steps"] if step["component"] in names]


def at_work(plan: Plan, of_roles: Iterable[str]) -> list[str]:
    """Those of the roles that have steps in the plan."""
    return [role for role in of_roles if steps_of(plan, [role])]


def turn(plan: Plan, role: str, removing: bool) -> list[Step]:
    """The steps a role carries out in one of its two turns; none where it has nothing to do then.

    A role that only removes has its turn first and against the order of installation, so that nothing loses what it
    stands on. A role that installs has one turn for all its steps.
    """
    steps = steps_of(plan, [role])
    changes = [step for step in steps if step["component"] != REBOOT]
    removes = bool(changes) and all(step["action"] == "remove" for step in changes)
    return steps if removes == removing else []


def in_order(plan: Plan, of_roles: Iterable[str]) -> list[tuple[str, Step]]:
    """(role, step) of all steps of these roles in the order of the work.

    First what is only removed, the last that was installed first; then all else, what others stand on first.

    Args:
        of_roles: in the order of installation.
    """
    roles_ = list(of_roles)
    turns = [(role, True) for role in reversed(roles_)] + [(role, False) for role in roles_]
    return [(role, step) for role, removing in turns for step in turn(plan, role, removing)]


def stretches(plan: Plan, of_roles: Iterable[str]) -> list[Stretch]:
    """The work of these roles, cut where the host may have to reboot: after the turn of a role that makes it so."""
    rebooting = {one.role for one in components.ALL if one.reboots}
    found: list[Stretch] = []
    last: str | None = None
    for role, step in in_order(plan, of_roles):
        if not found or (found[-1]["reboots"] and role != last):
            found.append({"steps": [], "reboots": False, "reboot_step": "", "proves": []})
        last, now = role, found[-1]
        if step["component"] == REBOOT:
            now["reboot_step"] = step["id"]
        else:
            now["steps"].append(step)
        if role in rebooting:
            now["reboots"] = True
            now["proves"].append(step)
    return found


def first_of(found: list[Stretch]) -> str:
    """Id of the step that is at work first; empty where there is none."""
    if not found:
        return ""
    ids = [step["id"] for step in found[0]["steps"]]
    return [*ids, found[0]["reboot_step"]][0]


def words(found: Iterable[Stretch]) -> str:
    """What these stretches do, for people."""
    said = [[*map(describe, one["steps"]), *([REBOOT] if one["reboot_step"] else [])] for one in found]
    return clean(", ".join(word for words_ in said for word in words_), 300)
