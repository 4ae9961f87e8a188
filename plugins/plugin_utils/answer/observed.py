# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What host_facts may say of a host: the types of its own documentation, and words where the roles choose by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import limits as answer

# What reading data raises that is not what it should be.
UNREADABLE = (TypeError, ValueError, LookupError, AttributeError, RecursionError)
_NUMBER = (int, float)
_SCALARS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, _NUMBER) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, _NUMBER) and not isinstance(value, bool),
}
# These become part of a file's name on the control node, or choose what is done: words, never paths or options.
_WORDS = {
    "arch": r"[a-z0-9][a-z0-9_]{0,31}",
    "host_kind": r"physical|vm|container",
    "glibc": r"[0-9]{1,4}(\.[0-9]{1,6}){0,3}",
    "os.family": r"apt|dnf",
    "os.package_manager": r"apt-get|dnf|yum",
    "kernel.release": r"[A-Za-z0-9][!-.0-~]{0,127}",
}


def shape() -> dict[str, Any]:
    """The documentation of the facts, key by key."""
    return answer.documented("host_facts")["ansible_facts"]["contains"]["ascend"]["contains"]


def facts(said: Any) -> dict[str, Any]:
    """The observation in an answer of host_facts.

    Args:
        said: the answer as the host gave it.

    Raises:
        answer.AnswerError: there is none, or a value of it is not what it must be.
    """
    given = said.get("ansible_facts")
    found = given.get("ascend") if isinstance(given, dict) else None
    if not isinstance(found, dict):
        raise answer.AnswerError("The host's answer holds no observation (ansible_facts.ascend).")
    result = answer.encodable(found)
    _keys(result, shape(), "")
    for path, pattern in _WORDS.items():
        value: Any = result
        for key in path.split("."):
            value = value.get(key) if value else None
        if value is not None and not re.fullmatch(pattern, value):
            raise answer.AnswerError(f"The host says that {path} is {_short(value)}, which is no such thing.")
    return result


def unreadable(error: BaseException) -> str:
    """What is said of a host whose observation was well-formed and still could not be read."""
    return (
        f"What the host answered cannot be read ({type(error).__name__}: {_short(error)}). Fix: run again; if it "
        "stays so, look at the files under ascend_state_dir on the host, and report it with the host's facts."
    )


def _keys(value: dict[str, Any], docs: Mapping[str, Any], path: str) -> None:
    for key, doc in docs.items():
        # What is missing the plan tells, which knows whether it needs it.
        if key in value:
            _check(value[key], doc, f"{path}{key}")


def _check(value: Any, doc: Mapping[str, Any], path: str) -> None:
    kind = doc["type"]
    if kind == "dict":
        # What has keys of its own is always there; what is documented as one dictionary may be null.
        good = isinstance(value, dict) or (value is None and "contains" not in doc)
    elif kind == "list":
        good = isinstance(value, (list, tuple)) or (value is None and "." in path)
    else:
        good = value is None or _SCALARS[kind](value)
    if not good:
        raise answer.AnswerError(f"The host says that {path} is {_short(value)}; it must be a {kind}.")
    if kind == "dict" and "contains" in doc:
        _keys(value, doc["contains"], f"{path}.")
    elif kind == "list" and value:
        for row in value:
            _row(row, doc, path)


def _row(row: Any, doc: Mapping[str, Any], path: str) -> None:
    _check(row, {"type": doc.get("elements", "str")}, f"{path}[]")
    if row is None:
        raise answer.AnswerError(f"The host says that a row of {path} is nothing.")
    _keys(row, doc.get("contains", {}), f"{path}[].")


def _short(value: Any) -> str:
    return repr(value)[:80]
