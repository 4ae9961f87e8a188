# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables that become folders and accounts of a host, those of the roles included: judged before it is touched."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.secure import places

# The roles of this collection. The variables that all of them share have no role's name before them, but `ascend_`.
ROLES = tuple(
    sorted(path.name for path in Path(__file__).resolve().parents[3].glob("roles/*") if path.name != "ascend")
)
# Endings of variables: a folder that we make and change, or a name that becomes a part of one.
PATHS = ("install_path", "state_dir", "env_root", "model_root", "cmake_prefix", "conda_prefix", "uv_prefix")
NAMES = ("env_name", "env_owner", "user", "group", "model")
# Those whose empty text is the default: no model, or the environment that the plan says.
OPTIONAL = ("inference_check_model", "inference_check_env_name", "training_check_env_name", "model_export_env_name")
_SHARED = re.compile(r"ascend_(?:(install_path|state_dir|env_root)|((?:[a-z]+_)?env_name|user|group))\Z")
_VARIABLE = re.compile(f"(?:{'|'.join(ROLES)})_(?:({'|'.join(PATHS)})|({'|'.join(NAMES)}))\\Z")


class Problem(Exception):
    """One variable that cannot be used. C(variable) names it; the text says what to do."""

    def __init__(self, variable: str, message: str) -> None:
        super().__init__(message)
        self.variable = variable


def kind(name: str, shared: bool = False) -> str | None:
    """What a role's variable is, with shared also one of all roles: "path", "name", or None for all others."""
    found = _VARIABLE.match(name) or (_SHARED.match(name) if shared else None)
    return None if found is None else "path" if found.group(1) else "name"


def judge(name: str, value: Any, of_kind: str) -> Problem | None:
    """What is wrong with the value of a variable, or None."""
    if value == "" and name in OPTIONAL:
        return None
    problem = places.path_problem(value) if of_kind == "path" else places.name_problem(value)
    return Problem(name, f"{name} is {value!r}: {problem}.") if problem else None


def of_roles(variables: Mapping[str, Any], template: Callable[[Any], Any], shared: bool = False) -> list[Problem]:
    """What is wrong with the roles' own folders and names among a host's variables.

    Args:
        variables: not templated.
        template: templates one value; may raise anything.
        shared: also judge the variables that all roles share (ascend_state_dir and so on).
    """
    problems: list[Problem] = []
    said: list[Any] = []
    # The shared ones come first: a role's variable that only takes over a wrong value needs no second sentence.
    for name in sorted(variables):
        of_kind = kind(name, shared)
        if of_kind is None or variables[name] is None:
            continue
        try:
            value = template(variables[name])
        except Exception as error:  # the template engine raises many kinds; each becomes one clear line
            problems.append(Problem(name, f"{name} cannot be templated: {error}"))
            continue
        problem = judge(name, value, of_kind)
        if problem and value not in said:
            problems.append(problem)
            said.append(value)
    return problems
