# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of a stack, one file each, in the order they are installed.

A file here is a component: its COMPONENT is found, and sorted by what it is installed after. Nothing else names it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component


def _found() -> dict[str, Component]:
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    found = [importlib.import_module(f"{__name__}.{name}").COMPONENT for name in names]
    return {component.name: component for component in found}


def _sorted(waits_for: Callable[[Component], Iterable[str]]) -> tuple[Component, ...]:
    """By what each waits for; where that leaves a choice, by name. What is not there is not waited for."""
    left, result = dict(sorted(_FOUND.items())), []
    while left:
        ready = next((one for one in left.values() if not set(waits_for(one)) & set(left)), None)
        if ready is None:
            raise RuntimeError(f"components wait for each other: {', '.join(left)}")
        result.append(left.pop(ready.name))
    return tuple(result)


_FOUND = _found()
ALL = _sorted(lambda component: component.after)
NAMES = tuple(component.name for component in ALL)
# In the order their versions are chosen.
BY_CHOICE = tuple(component for component in _sorted(lambda component: component.follows) if component.versioned)
VARIABLES = {component.variable: component.name for component in ALL if component.variable}
# In the order they work: a role has its turn once, with all of its components.
ROLES = tuple(dict.fromkeys(component.role for component in ALL if component.role))


def _misplaced() -> list[str]:
    """What would be installed before something that it stands on, because a role has all its components in one turn."""
    return [
        f"{component.name} (role {component.role}) before {name} (role {_FOUND[name].role})"
        for component in ALL
        for name in component.after
        if name in _FOUND and {component.role, _FOUND[name].role} <= set(ROLES)
        if ROLES.index(component.role) < ROLES.index(_FOUND[name].role)
    ]


if _misplaced():
    raise RuntimeError(f"roles wait for each other: {'; '.join(_misplaced())}. Give such a component a role of its own")


def get(name: str) -> Component:
    """A component by its name. Raises KeyError."""
    return _FOUND[name]


def unnamed() -> str:
    """What to say to somebody who has not said what a host is for: names every framework's variable."""
    named = [f"{one.variable} for {one.title}" for one in ALL if one.home == one.name]
    first = next(one for one in ALL if one.home == one.name)
    return (
        f"{first.variable} is not set, and nothing else says what the host is for: choose the framework first, the "
        f'rest follows from it: {", ".join(named)} (for example {first.variable}: "2.7.1"). Or name a preset with '
        "ascend_stack; or ascend_cann_version alone, for containers and serving engines; or the parts you want with "
        "ascend_components."
    )


def of_product(product: str) -> str:
    """The component that a package of the journal belongs to; the product itself where none claims it."""
    return next((one.name for one in ALL if one.owns(product)), product)
