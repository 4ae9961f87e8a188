# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles put into a host's Python environment, read from their own defaults so that it stands once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import Stack

ROLES = Path(__file__).resolve().parents[3] / "roles"
COMMIT = re.compile(r"\A[0-9a-f]{40}\Z")


@cache
def _defaults(role: str) -> dict[str, Any]:
    text = (ROLES / role / "defaults" / "main.yml").read_text(encoding="utf-8")
    return yaml.load(text, catalog.Loader) or {}


@cache
def limits() -> dict[str, list[str]]:
    """Component -> the constraints that its role sets by default."""
    found = {}
    for one in components.ALL:
        if one.constraints_variable:
            found[one.name] = [str(text) for text in _defaults(one.role)[one.constraints_variable] or []]
    return found


def environment(
    stack: Stack, variables: dict[str, Any], templar: Any, inside: Iterable[Component] = components.ALL
) -> tuple[list[str], list[str]]:
    """(requirements, constraints) of a host's environment beside the components themselves, by roles and catalog.

    Args:
        stack: what the host is to have; the roles of what it has not add nothing.
        variables: the host's variables; where one is set it takes the place of the role's default.
        templar: renders those that are set.
        inside: the components that lie in this environment.
    """
    wanted = [one for one in inside if stack.get(one.name)]

    def values(component: Component, name: str) -> list[str]:
        if not name:
            return []
        if name not in variables:
            return [str(item) for item in _defaults(component.role)[name] or []]
        with_host = templar.copy_with_new_env(available_variables=variables)
        return [str(item) for item in with_host.template(variables[name]) or []]

    return (
        [text for one in wanted for text in values(one, one.requirements_variable)],
        [
            text
            for one in wanted
            for text in (*values(one, one.constraints_variable), *((stack[one.name] or {}).get("constraints") or []))
        ],
    )


def movable_sources(variables: dict[str, Any], template: Callable[[Any], Any]) -> dict[str, str]:
    """What is wrong with the git repositories that a host's components are built from: variable -> sentence.

    Args:
        variables: the host's variables.
        template: renders one value; may raise anything.
    """
    found = {}
    for component in components.ALL:
        if component.git_variable and f"{component.git_variable}_url" in variables:
            problem = _movable_source(component, variables, template)
            if problem:
                found[f"{component.git_variable}_version"] = problem
    return found


def _movable_source(component: Component, variables: dict[str, Any], template: Callable[[Any], Any]) -> str | None:
    url_name, version_name = f"{component.git_variable}_url", f"{component.git_variable}_version"
    try:
        url = template(variables[url_name])
        version = str(template(variables.get(version_name) or ""))
    except Exception as error:  # the template engine raises many kinds; each becomes one clear line
        return f"{url_name} or {version_name} cannot be templated: {error}"
    if not url or COMMIT.match(version):
        return None
    return (
        f"{version_name} is {version!r}, which is no commit. Building {component.title} runs its code, and a tag or "
        "branch can mean other code tomorrow. Set it to the 40 hex digits of a commit, as `git ls-remote` prints them "
        f"for the repository of {url_name}; or leave both empty to take the wheel."
    )
