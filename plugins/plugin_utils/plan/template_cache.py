# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates a value that many hosts share once, where its result cannot differ between them.

A fleet's variables are mostly group variables: the very same objects for every host. What such a value reads is known
from its syntax. Anything that could read more than plain variables (a filter, a lookup, a variable that is a template
itself) is templated for every host, as always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import Environment, TemplateError, meta, nodes

_PLAIN = (str, int, float, type(None))
_OPEN_ENDED = (nodes.Filter, nodes.Test, nodes.Call, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
_SYNTAX = Environment(autoescape=False)  # only parses, renders nothing


class TemplateCache:
    """Results by value and what it reads. Values are known by identity: equal text may be another value."""

    def __init__(self) -> None:
        self._reads: dict[int, tuple[Any, tuple[str, ...] | None]] = {}
        self._results: dict[tuple, Any] = {}

    def template(self, value: Any, variables: dict[str, Any], render: Callable[[Any], Any]) -> Any:
        """The templated value; render(value) does the work and may raise."""
        known = self._reads.get(id(value))
        if known is None:
            # The value is kept, so that its identity stays its own.
            known = self._reads[id(value)] = (value, _reads(value))
        if known[1] is None:
            return render(value)
        inputs = tuple(variables.get(name) for name in known[1])
        if not all(isinstance(item, _PLAIN) and not (isinstance(item, str) and "{" in item) for item in inputs):
            return render(value)
        key = (
            id(value),
            tuple((name in variables, type(item), item) for name, item in zip(known[1], inputs, strict=True)),
        )
        if key not in self._results:
            self._results[key] = render(value)
        return self._results[key]


def _reads(value: Any) -> tuple[str, ...] | None:
    """The variables a value reads, or None when its syntax does not say."""
    names: set[str] = set()
    try:
        for text in _strings(value):
            if "{" in text:
                tree = _SYNTAX.parse(text)
                if next(tree.find_all(_OPEN_ENDED), None) is not None:
                    return None
                names |= meta.find_undeclared_variables(tree)
    except (TemplateError, TypeError):
        return None
    return tuple(sorted(names))


def _strings(value: Any) -> Iterator[str]:
    """Every string in a value of plain data; TypeError for anything else."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key)
            yield from _strings(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _strings(item)
    elif not isinstance(value, _PLAIN):
        raise TypeError(type(value).__name__)
