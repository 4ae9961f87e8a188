# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles of components say of a plan's steps: the files, packages and work of each, from their variables.

A role says it in its vars/main.yml, for the step `ascend_step` of the plan, each as far as it has something to say:

__<role>_files     sets of files, as ascend.fleet.stage takes them; one with C(sets) stands for all of those
__<role>_system    packages of the distribution; __<role>_system_wished those that may be missing there
__<role>_prepares  whether its tasks/prepare.yml has something to do before the job
__<role>_work      entries of the job, as ascend.fleet.stretch takes them, without their step

`ascend_step_staged` holds then, for the work, C(files) (path on the host by name) and C(sha256) of the step's files,
and C(whole), the names of the packages that the control node found whole by the sums they carry.
Sets and entries may have a C(when): the others are left out before anything of them is templated.
So all roles are asked in one task on the control node, and no role has a task of its own to say it.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import shares
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Plan, Step

ROLES = Path(__file__).resolve().parents[3] / "roles"
# Ansible imports one file of filters after the other until it finds the one it looks for: this is in the last.
_FILTER = "ascend.fleet.role_steps"
# Seconds beside the limits of its parts, after which a job counts as hung.
SPARE = 120
# Several commands, of which each may take the time limit; and what a task asks where it names none.
_TIMES = {"python_environment": 2}
_TIMEOUT = 1800


@cache
def _file(role: str, room: str) -> dict[str, Any]:
    """The variables in defaults/main.yml or vars/main.yml of a role, as Ansible reads them."""
    path = ROLES / role / room / "main.yml"
    if not path.is_file():
        return {}
    load = DataLoader().load_from_file
    # From ansible-core 2.19 on a text is only a template where that is said.
    trusted = "trusted_as_template" in inspect.signature(load).parameters
    return dict(load(str(path), **({"trusted_as_template": True} if trusted else {})) or {})


def load_early() -> None:
    """Read now what the roles say, their filters and the names of packages: a process that Ansible forks has them."""
    with contextlib.suppress(catalog.CatalogError):
        filenames.compile_early(catalog.load()["filenames"])
    for path in ROLES.iterdir():
        for room in ("defaults", "vars"):
            _file(path.name, room)
    # Outside Ansible, which has to know the collection, nothing is ahead that could use them.
    with contextlib.suppress(KeyError):
        filter_loader.get(_FILTER)
    catalog.load_early()


@dataclass
class RoleWork:
    """The roles of one host.

    Args:
        templar: Ansible's, of the task.
        variables: of the host and the task, not templated.
    """

    templar: Any
    variables: Mapping[str, Any]
    _found: dict[tuple[str, str], Any] = field(default_factory=dict)

    def say(self, role: str, what: str, step: Step, staged: Mapping[str, Any] | None = None) -> Any:
        """A role's variable C(__<role>_<what>) for a step, templated; None where it has none.

        Of a list, what has a C(when) that is false is left out before anything else of it is templated.
        """
        name, own = f"__{role}_{what}", _file(role, "vars")
        if name not in own:
            return None
        place = str(ROLES / role)
        variables = {
            **_file(role, "defaults"),
            **self.variables,
            **own,
            "role_path": place,
            "ansible_search_path": [place, str(Path(place, "tasks"))],
            "ascend_step": step,
            "ascend_step_staged": {"files": {}, "sha256": {}, "whole": [], **(staged or {})},
        }
        # Not a copy of the templar: up to ansible-core 2.18 lookups are given the variables of the one it was made of.
        before, template = self.templar.available_variables, self.templar.template
        self.templar.available_variables = variables
        try:
            if not isinstance(own[name], list):
                return template(own[name])
            return [template(_without(one, "when")) for one in own[name] if _truth(template(_when(one)))]
        finally:
            self.templar.available_variables = before

    def sets(self, pairs: Iterable[tuple[str, Step]]) -> list[dict[str, Any]]:
        """What has to be on the host for these steps, each set with the step it is for."""
        return [
            {**one, "step": step["id"]}
            for role, step in pairs
            for said in self.say(role, "files", step) or []
            for one in said.get("sets", [said])
            if one.get("files") or one.get("requirement_set")
        ]

    def system(self, pairs: Iterable[tuple[str, Step]], what: str = "system") -> list[str]:
        """The packages of the distribution that these steps stand on, each once."""
        return list(dict.fromkeys(name for role, step in pairs for name in self.say(role, what, step) or []))

    def prepared(self, pairs: Iterable[tuple[str, Step]]) -> list[str]:
        """The roles that have something to prepare before the job."""
        found = [role for role, step in pairs if _truth(self.say(role, "prepares", step))]
        return list(dict.fromkeys(found))

    def entries(self, pairs: Iterable[tuple[str, Step]], staged: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The entries of the job.

        Args:
            pairs: role and step, in the order of the work.
            staged: the C(steps) that ascend.fleet.stage has returned.
        """
        return [
            {"step": step["id"], **entry, "args": _given(entry["args"])}
            for role, step in pairs
            for entry in self.say(role, "work", step, staged.get(step["id"])) or []
        ]


def seconds(entries: Iterable[Mapping[str, Any]]) -> int:
    """How long a job may take by the limits of its entries."""
    return SPARE + sum(int(one["args"].get("timeout", _TIMEOUT)) * _TIMES.get(one["module"], 1) + 60 for one in entries)


def pairs(plan: Plan, roles: Iterable[str], ids: Iterable[str] | None = None) -> list[tuple[str, Step]]:
    """(role, step) of the plan in the order of the work, but for reboots, which are nobody's work.

    Args:
        ids: of these steps only.
    """
    wanted = None if ids is None else set(ids)
    return [
        (role, step)
        for role, step in shares.in_order(plan, roles)
        if step["component"] != shares.REBOOT and (wanted is None or step["id"] in wanted)
    ]


def _when(one: Any) -> Any:
    return one.get("when", True) if isinstance(one, Mapping) else True


def _without(one: Any, key: str) -> Any:
    return {name: value for name, value in one.items() if name != key} if isinstance(one, Mapping) else one


def _truth(value: Any) -> bool:
    """Of a template's result, which may be text."""
    return value is True or str(value).strip().lower() == "true"


def _given(args: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that say something: an empty text leaves it to the module's default."""
    return {name: value for name, value in args.items() if value is not None and value != ""}
