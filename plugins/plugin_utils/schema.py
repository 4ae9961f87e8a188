# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of JSON Schema that catalog/schema.json uses, with messages for people who write YAML by hand.

A control node has no jsonschema, and its messages speak of patterns; the tests hold both readers against each other.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any

Schema = dict[str, Any]
_TYPES: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "object": ("a mapping", dict),
    "array": ("a list", list),
    "string": ("text", str),
    "boolean": ("true or false", bool),
    "integer": ("a whole number", int),
    "number": ("a number", (int, float)),
    "null": ("null", type(None)),
}
# What a pattern of the schema's definitions means, by the definition's name.
_MEANING = {
    "version": 'which is no version; an example is "25.3.rc1"',
    "hdk_pattern": 'which is no HDK release; examples are "25.3.RC1" and "25.2.X"',
    "minor": 'which is no minor version of Python; an example is "3.11"',
    "code": 'which is no code of a release; an example is "C23"',
    "family": 'which is no name of a chip family; an example is "910b"',
}


class Validator:
    """Checks values against the definitions of one schema file."""

    def __init__(self, root: Schema) -> None:
        self.definitions: dict[str, Schema] = root["$defs"]
        self._checks: dict[str, Callable[[Any, Any, Schema, str], str | None]] = {
            "type": self._type,
            "const": lambda value, wanted, _schema, name: _one_of(value, [wanted], name),
            "enum": lambda value, wanted, _schema, name: _one_of(value, wanted, name),
            "required": self._required,
            "properties": self._properties,
            "additionalProperties": self._additional,
            "propertyNames": self._names,
            "items": self._items,
            "minLength": lambda value, _wanted, _schema, name: None if value else f"{name} is empty",
            "minimum": lambda value, least, _schema, name: None if value >= least else f"{name} is less than {least}",
            "minItems": _at_least,
            "minProperties": _at_least,
            "maxItems": _at_most,
            "uniqueItems": _unique,
            "pattern": _pattern,
            "oneOf": self._any,
            "anyOf": self._any,
            "format": lambda _value, _wanted, _schema, _name: None,
        }

    def problem(self, value: Any, schema: Schema, name: str = "") -> str | None:
        """The first thing that is wrong with value, in words; None when it fits.

        name: what the value is called in the message, "" for the row itself.
        """
        reference = schema.get("$ref")
        if reference:
            known = reference.rpartition("/")[2]
            meaning = {"meaning": _MEANING[known]} if known in _MEANING else {}
            return self.problem(value, {**meaning, **self.definitions[known]}, name)
        for keyword, check in self._checks.items():
            if keyword in schema:
                found = check(value, schema[keyword], schema, name)
                if found:
                    return found
        return None

    def keywords(self) -> set[str]:
        """The keywords this reader knows, so that a test can hold the schema file against them."""
        return {*self._checks, "$ref"}

    def _type(self, value: Any, wanted: str | list[str], _schema: Schema, name: str) -> str | None:
        names = [wanted] if isinstance(wanted, str) else wanted
        for one in names:
            if isinstance(value, _TYPES[one][1]) and not (one in ("integer", "number") and isinstance(value, bool)):
                return None
        if "string" in names and isinstance(value, (int, float)) and not isinstance(value, bool):
            return f'{name} holds the number {value}; quote versions and chips, "{value}"'
        words = " or ".join(_TYPES[one][0] for one in names)
        return f"{name or 'the row'} must be {words}, found {type(value).__name__}"

    def _required(self, value: Any, wanted: list[str], schema: Schema, name: str) -> str | None:
        missing = [field for field in wanted if field not in value]
        if not missing:
            return None
        known = schema.get("properties", {})
        near = difflib.get_close_matches(missing[0], [str(key) for key in value if key not in known], n=1)
        hint = f"; is `{near[0]}` meant to be `{missing[0]}`?" if near else f" (it has {', '.join(wanted)})"
        return f"{name + ': ' if name else ''}missing {', '.join(missing)}{hint}"

    def _properties(self, value: Any, wanted: dict[str, Schema], _schema: Schema, name: str) -> str | None:
        before = f"{name} " if name else ""
        return self._first((f"{before}`{key}`", value[key], wanted[key]) for key in wanted if key in value)

    def _additional(self, value: Any, wanted: bool | Schema, schema: Schema, name: str) -> str | None:
        unknown = [key for key in value if key not in schema.get("properties", {})]
        if isinstance(wanted, dict):
            return self._first((f"{name} of {key}", value[key], wanted) for key in unknown)
        if wanted or not unknown:
            return None
        near = difflib.get_close_matches(str(unknown[0]), schema["properties"], n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(schema['properties'])}"
        return f"{name + ': ' if name else ''}`{unknown[0]}` is no field; {hint}"

    def _names(self, value: Any, wanted: Schema, _schema: Schema, name: str) -> str | None:
        return self._first((f"a key of {name}", key, wanted) for key in value)

    def _items(self, value: Any, wanted: Schema, _schema: Schema, name: str) -> str | None:
        return self._first((name, item, wanted) for item in value)

    def _any(self, value: Any, wanted: list[Schema], _schema: Schema, name: str) -> str | None:
        problems = [self.problem(value, one, name) for one in wanted]
        return None if None in problems else problems[0]

    def _first(self, parts: Iterator[tuple[str, Any, Schema]]) -> str | None:
        return next((found for name, value, schema in parts if (found := self.problem(value, schema, name))), None)


def _one_of(value: Any, wanted: list[Any], name: str) -> str | None:
    if any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in wanted):
        return None
    return f"{name} must be one of {', '.join('null' if one is None else str(one) for one in wanted)}; it is {value!r}"


def _at_least(value: Any, least: int, _schema: Schema, name: str) -> str | None:
    return None if len(value) >= least else f"{name} needs {least} or more entries"


def _at_most(value: Any, most: int, _schema: Schema, name: str) -> str | None:
    return None if len(value) <= most else f"{name} has more than {most} entries"


def _unique(value: Any, _wanted: bool, _schema: Schema, name: str) -> str | None:
    twice = next((item for number, item in enumerate(value) if item in value[:number]), None)
    return None if twice is None else f"{name} names {twice} twice"


def _pattern(value: Any, pattern: str, schema: Schema, name: str) -> str | None:
    if re.search(pattern, value):
        return None
    return f"{name} is {value!r}, {schema.get('meaning') or f'which does not fit {pattern}'}"
