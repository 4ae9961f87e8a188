# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of the host as defaults of a task's options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value(templar: Any, task_vars: Mapping[str, Any], name: str) -> Any:
    """The templated variable, None where it is not set."""
    raw = task_vars.get(name)
    return templar.template(raw) if raw is not None else None


def with_defaults(
    args: Mapping[str, Any], defaults: Mapping[str, str], templar: Any, task_vars: Mapping[str, Any]
) -> dict[str, Any]:
    """The task's arguments, and for those not given the host's variables.

    Args:
        defaults: option -> variable of the host that is its default.
    """
    found = {option: value(templar, task_vars, name) for option, name in defaults.items() if option not in args}
    return {**args, **{option: item for option, item in found.items() if item is not None}}
