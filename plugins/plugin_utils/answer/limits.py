# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's answer is data: what a module of this collection may say from a host, and how much of it.

Ansible makes variables of some keys of a result (ansible_facts), and prints others. So an action hands on only the keys
that the module's own documentation names, beside Ansible's own, and words for people go without control characters.
What was JSON holds dictionaries; to ask for any Mapping takes a worker that has just been forked many times as long.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import printable

_MODULES = Path(__file__).resolve().parents[2] / "modules"
_RETURN = re.compile(r'^RETURN = r"""(.*?)^"""', re.DOTALL | re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The largest honest answer (sixteen chips, twenty journal entries, hundreds of packages) is below a tenth of this.
MAX_DEPTH = 20
MAX_ITEMS = 100_000
MAX_CHARACTERS = 8_000_000
# Characters of one text for people; the whole is in the log on the host.
WORDS_AT_MOST = 20_000

# UTF-8 has no such characters: a file of the control node that should hold one cannot be written.
_SURROGATES = re.compile("[\ud800-\udfff]")


class AnswerError(Exception):
    """What a host answered is not what its module answers. The text says what is wrong, for people."""


def _text(value: Any) -> str:
    words = " ".join(str(item) for item in value) if isinstance(value, (list, tuple)) else str(value)
    return printable(words)[:WORDS_AT_MOST]


def _spoken(value: Any) -> Any:
    """Words for people, also inside lists, dictionaries and the messages that newer releases of Ansible wrap."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(key): _spoken(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_spoken(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        said = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        return dataclasses.replace(value, **{name: _spoken(item) for name, item in said.items()})
    return value


def _messages(value: Any) -> list[Any]:
    return [_spoken(item) for item in (value if isinstance(value, (list, tuple)) else [value])]


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, (bool, int)) else None


# What Ansible itself understands in a result, and this collection hands on from a host. Not among them: ansible_facts,
# which become variables, and invocation, in which a host could name any argument.
_CONTROL: dict[str, Callable[[Any], Any]] = {
    "changed": bool,
    "failed": bool,
    "skipped": bool,
    "unreachable": bool,
    "msg": _text,
    "skip_reason": _text,
    "warnings": _messages,
    "deprecations": _messages,
    "exception": _spoken,
    "diff": _spoken,
    "rc": _number,
    "module_stdout": _text,
    "module_stderr": _text,
}
# Of a task under async, as Ansible's wrapper starts it.
_ASYNC: dict[str, Callable[[Any], Any]] = {
    "ansible_job_id": _text,
    "results_file": _text,
    "started": _number,
    # A number up to ansible-core 2.18, and told about where it is one in later ones.
    "finished": bool,
}
# Documented keys that are words for people and nothing else.
_WORDS = frozenset(("cause", "fix", "log_tail", "notes", "actions"))


@cache
def documented(module: str) -> dict[str, Any]:
    """RETURN of a module of this collection; empty where it documents none."""
    found = _RETURN.search((_MODULES / f"{module}.py").read_text(encoding="utf-8"))
    return yaml.load(found.group(1), Loader=_LOADER) if found else {}  # a file of this collection, by a safe loader


def limited(answer: Any, modules: Iterable[str], asynchronous: bool = False) -> dict[str, Any]:
    """The part of an answer that is handed on.

    Args:
        answer: what the host answered.
        modules: names of the modules that may have answered; their documented keys pass, ansible_facts never.
        asynchronous: whether the keys of a job pass as well.

    Raises:
        AnswerError: the answer is no dictionary, or too large or too deep.
    """
    if not isinstance(answer, dict):
        raise AnswerError("The host's answer is no dictionary.")
    _measure(answer)
    control = {**_CONTROL, **(_ASYNC if asynchronous else {})}
    keys = set().union(*map(documented, modules)) - {"ansible_facts"}
    result: dict[str, Any] = {}
    for key, value in answer.items():
        if key in control:
            result[key] = control[key](value)
        elif key in keys:
            result[key] = _spoken(value) if key in _WORDS else encodable(value)
    return result


def encodable(value: Any) -> Any:
    """The same data, with a mark where a text holds what no file can."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value) if not value.isascii() else value
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encodable(item) for item in value]
    return value


def _measure(answer: Any) -> None:
    """Raises AnswerError for what is too much. Does not recurse: how deep it would get is what is asked."""
    items = characters = 0
    waiting = [(answer, 0)]
    while waiting:
        value, depth = waiting.pop()
        items += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, (dict, list, tuple)):
            inside = list(value.values()) if isinstance(value, dict) else value
            characters += sum(map(len, map(str, value))) if isinstance(value, dict) else 0
            waiting.extend((item, depth + 1) for item in inside)
        if depth > MAX_DEPTH or items > MAX_ITEMS or characters > MAX_CHARACTERS:
            raise AnswerError(
                f"The host's answer is larger than any that its module gives (more than {MAX_ITEMS} values, "
                f"{MAX_CHARACTERS} characters or {MAX_DEPTH} levels); nothing of it is used."
            )
