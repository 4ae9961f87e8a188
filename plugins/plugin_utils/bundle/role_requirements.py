# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles put into a host's Python environment, read from their own defaults so that it stands once."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
COMMIT = re.compile(r"\A[0-9a-f]{40}\Z")
REQUIREMENTS = {"mindspore": "mindspore_operator_requirements", "mindformers": "mindformers_extra_packages"}
CONSTRAINTS = {"mindspore": "mindspore_constraints", "mindformers": "mindformers_constraints"}


@cache
def _defaults(role: str) -> dict[str, Any]:
    return yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text(encoding="utf-8")) or {}


def environment(variables: dict[str, Any], templar: Any) -> tuple[list[str], list[str]]:
    """(requirements, constraints) of a host's environment beside MindSpore and MindFormers themselves.

    Args:
        variables: the host's variables; where one is set it takes the place of the role's default.
        templar: renders those that are set.
    """
    requirements: list[str] = []
    constraints: list[str] = []
    for names, target in ((REQUIREMENTS, requirements), (CONSTRAINTS, constraints)):
        for role, name in names.items():
            value = _defaults(role)[name]
            if name in variables:
                value = templar.copy_with_new_env(available_variables=variables).template(variables[name])
            target += [str(item) for item in value or []]
    return requirements, constraints


def movable_source(variables: dict[str, Any], templar: Any) -> str | None:
    """What is wrong with the git repository a host's MindFormers comes from, in a sentence; None when nothing is.

    Args:
        variables: the host's variables.
        templar: renders them.
    """
    if "mindformers_git_url" not in variables:
        return None
    with_host = templar.copy_with_new_env(available_variables=variables)
    url = with_host.template(variables["mindformers_git_url"])
    version = str(with_host.template(variables.get("mindformers_git_version") or ""))
    if not url or COMMIT.match(version):
        return None
    return (
        f"mindformers_git_version is {version!r}, which is no commit. Building MindFormers runs its code, and a tag "
        "or branch can mean other code tomorrow. Set it to the 40 hex digits of a commit, as `git ls-remote` prints"
        " them for the repository of mindformers_git_url; or leave both empty to take the wheel."
    )
