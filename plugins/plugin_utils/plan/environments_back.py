# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back of a managed Python environment: to the very distributions it had before the last run.

Pure. The journal says what was in it before each change and after; what people have installed by hand since is neither
brought back nor removed. An environment of conda's goes back by its components' versions, which conda resolves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import journal
from ansible_collections.ascend.fleet.plugins.module_utils.environment.wanted import OPERATOR_WHEELS
from ansible_collections.ascend.fleet.plugins.plugin_utils import components, environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Facts, Step

# What makes an environment brings it; the artifacts need not have it.
_BROUGHT = ("pip", "setuptools", "wheel")


@dataclass
class WayBack:
    """What takes the environments back."""

    gone: list[str] = field(default_factory=list)  # the names of those that were not there: they are removed
    steps: list[Step] = field(default_factory=list)  # what brings the distributions of the others back
    versions: dict[str, str] = field(default_factory=dict)  # of the components in it, afterwards
    facts: Facts = field(default_factory=dict)  # the host as it will be after the step
    by_component: bool = False  # each component goes back by its own role

    def pins(self, base_changes: bool) -> dict[str, str]:
        """The versions to plan the host with, where its components have something to do.

        base_changes: whether what they stand on goes back too, of which they may have parts.
        """
        return self.versions if self.by_component or base_changes else {}


def ways_back(facts: Facts, wanted: Iterable[str], env_names: Iterable[str], run: str | None = None) -> WayBack:
    """How a host's environments become what they were before the last run.

    Args:
        facts: what host_facts returned.
        wanted: the components to take back.
        env_names: the managed environments.
        run: go back only if this control process made the last change; None goes back in any case.
    """
    wanted, record, way = set(wanted), facts["journal"], WayBack(facts=facts)
    if journal.ENVIRONMENT not in wanted or (run is not None and journal.last_run(record["entries"]) != run):
        return way
    rows = record.get("environments_before_last_run") or {}
    for name in dict.fromkeys(env_names):
        path = next((path for path in sorted(rows) if PurePosixPath(path).name == name), None)
        if path is not None:
            _add(way, wanted, name, path, rows[path])
    return way


def _add(way: WayBack, wanted: set[str], env_name: str, path: str, row: dict[str, Any]) -> None:
    """Add what takes one environment back."""
    env = environment.of_name(way.facts, env_name)
    python, packages = row["python"][0], row["packages"]
    if python is None:
        way.gone.append(env_name)
        return
    before = {name: pair[0] for name, pair in packages.items()}
    known = {**(env or {}).get("packages", {}), **before}
    there = {name: version for name, version in known.items() if version}
    held = {one.name: one.held(there) for one in components.ALL if isinstance(one, environment.EnvironmentComponent)}
    versions = {name: version for name, version in held.items() if version and name in wanted}
    if versions:
        way.versions.update({journal.ENVIRONMENT: python, **versions})
    if env and env.get("provider") == "conda":
        way.by_component = True
        return
    changes = _changes(row, env)
    if env is not None and not changes:
        return
    later = {
        **(env or {"name": env_name, "path": path, "cann_wheels_from": None}),
        "python": python,
        "packages": {name: version for name, version in there.items() if env or name not in OPERATOR_WHEELS},
    }
    step = _step(way.facts, row, changes, env)
    step["environment"] = env_name
    step["id"] += f"-{env_name}" if way.steps else ""
    way.steps.append(step)
    way.facts = {**way.facts, "environments": [*(row for row in way.facts["environments"] if row is not env), later]}


def _changes(row: dict[str, Any], env: dict[str, Any] | None) -> dict[str, str | None]:
    """{distribution: version to bring, None to remove}; what CANN brings is its component's affair."""
    anew = env is None or row["python"][0] != row["python"][1]
    found = {}
    for name, (old, _now) in sorted(row["packages"].items()):
        if (old and name in OPERATOR_WHEELS) or (name in _BROUGHT and (anew or old is None)):
            continue
        if anew and old is None:  # made anew it is not there
            continue
        found[name] = old
    return found


def _step(facts: Facts, row: dict[str, Any], changes: dict[str, str | None], env: dict[str, Any] | None) -> Step:
    component = components.get(journal.ENVIRONMENT)
    python, now = row["python"]
    why = "what was in the environment before the last run"
    step = component.make_step(facts, "restore", now if env else None, python, why)
    # The components' own first, which are what people look for.
    names = sorted(changes, key=lambda name: (name.partition("-")[0] not in components.NAMES, name))
    step["packages"] = {name: changes[name] for name in names}
    return step
