# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ascend_* variables as the role ascend declares them (meta/argument_specs.yml), and one value judged by that.

What the file cannot know is added here: the components there are, and their version variables.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.host_places import Problem, judge, kind

FILE = Path(__file__).resolve().parents[3] / "roles" / "ascend" / "meta" / "argument_specs.yml"
# Lists of components, and which there are.
_PARTS = {
    "ascend_components": components.NAMES,
    "ascend_take_over": tuple(one.name for one in components.ALL if one.can_be_taken_over),
}
_TAKES = {"dict": "a dictionary", "bool": "true or false", "int": "a whole number", "list": "a list", "str": "a text"}


def _options() -> dict[str, dict[str, Any]]:
    document = yaml.load(FILE.read_text(encoding="utf-8"), catalog.Loader)
    options: dict[str, dict[str, Any]] = document["argument_specs"]["main"]["options"]
    for variable in components.VARIABLES:
        options.setdefault(variable, {"type": "str", "default": "auto"})
    for name, parts in _PARTS.items():
        options[name]["choices"] = list(parts)
    options["ascend_components"]["default"] = list(components.NAMES)
    return options


OPTIONS = _options()


def default(name: str) -> Any:
    """What a variable is that nobody sets; None where it is then not set. Raises KeyError."""
    found = OPTIONS[name].get("default")
    return list(found) if isinstance(found, list) else found


def value(name: str, given: Any, overlay: Any = None) -> Any:
    """A templated value in the type of its variable.

    Args:
        name: one of OPTIONS.
        given: from YAML, or as text from a command line. Case does not matter for choices.
        overlay: ascend_catalog_overlay, whose chip families can be named too.

    Raises:
        Problem: it cannot be used; with what the variable takes.
    """
    place = kind(name, shared=True)
    if place:
        problem = judge(name, given, place)
        if problem:
            raise problem
        return given
    if name in components.VARIABLES and not isinstance(given, str):
        raise Problem(
            name,
            f"{name} is {given!r}, a number: put the version in quotes, "
            f'{name}: "{given}", because 3.10 without quotes is 3.1.',
        )
    choices = _choices(name, overlay)
    wanted = _spelt(given.strip() if name in components.VARIABLES else given, choices)
    if OPTIONS[name]["type"] == "list":
        wanted = _items(name, given)
    # Most hosts share most values.
    judged = _memo(name, wanted, choices) if isinstance(wanted, (str, bool, int)) else _judged(name, wanted, choices)
    if judged:
        return judged[0]
    unknown = sorted({str(item) for item in wanted} - set(map(str, choices))) if isinstance(wanted, list) else []
    if choices and unknown:
        raise Problem(name, f"{name} names {', '.join(unknown)}; it takes {', '.join(map(str, choices))}.")
    takes = f"one of {', '.join(map(str, choices))}" if choices else _TAKES[OPTIONS[name]["type"]]
    raise Problem(name, f"{name} is {given!r}; it takes {takes}.")


def _judged(name: str, wanted: Any, choices: tuple[Any, ...]) -> tuple[Any, ...]:
    """The value in its type, as the only item; empty when Ansible finds that it does not fit."""
    option = {key: item for key, item in OPTIONS[name].items() if key in ("type", "elements", "options")}
    if choices:
        option["choices"] = list(choices)
    checked = ArgumentSpecValidator({name: option}).validate({name: wanted})
    return () if checked.error_messages else (checked.validated_parameters[name],)


_memo = functools.lru_cache(maxsize=1024, typed=True)(_judged)


def _choices(name: str, overlay: Any) -> tuple[Any, ...]:
    """What a variable can be; empty where that is open."""
    if name != "ascend_chip":
        return tuple(OPTIONS[name].get("choices", ()))
    tables = catalog.load()
    with contextlib.suppress(catalog.CatalogError):  # of which wishes.py says what is wrong
        tables = catalog.load(overlay if isinstance(overlay, str) else None)
    return (OPTIONS[name]["default"], *(row["chip"] for row in tables["chips"]))


def _spelt(given: Any, choices: Sequence[Any]) -> Any:
    """The choice that is meant, else what was given."""
    said = str(given).lower()
    for choice in choices:
        if str(choice).lower() == said:
            return choice
    if True in choices:
        with contextlib.suppress(TypeError):
            return boolean(given)
    return given


def _items(name: str, given: Any) -> list[Any]:
    """A list, also as text with commas. Ansible makes one of a number too, which is rather an error."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    if not isinstance(given, (list, tuple)):
        raise Problem(name, f"{name} is {given!r}; it takes a list.")
    return list(given)
