# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daemon.json, as docker and iSulad read it: what it says of runtimes, and the same text with one runtime more or less.

Pure. Everything else in the text stays where it is and as it is written. A text that the engine would refuse is not
changed: BadConfig says where it is wrong.
"""

import json
import re

RUNTIMES, DEFAULT = "runtimes", "default-runtime"
# Names that dockerd keeps for itself and refuses in `runtimes`.
_RESERVED = ("runc",)
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_EMPTY_INDENT = "    "


class BadConfig(Exception):
    """A configuration that its engine would refuse, or that cannot be read; the text says where and what to do."""


def parse(text):
    """The settings in a text as a dict; an empty text has none. Raises BadConfig."""
    if not (text or "").strip():
        return {}
    try:
        value = json.loads(text)
    except RecursionError:
        raise BadConfig("it is nested too deep to be a daemon.json")
    except ValueError as error:
        place = getattr(error, "lineno", None)
        where = "line %s, column %s: %s" % (place, error.colno, error.msg) if place else str(error)
        raise BadConfig("it is no JSON (%s). Mend it there; nothing was changed" % where)
    if not isinstance(value, dict):
        raise BadConfig("it holds no object ({...}) but %s" % json.dumps(value)[:40])
    runtimes = value.get(RUNTIMES)
    if runtimes is not None and not isinstance(runtimes, dict):
        raise BadConfig("%s is no object" % RUNTIMES)
    default = value.get(DEFAULT)
    if default is not None and not isinstance(default, str):
        raise BadConfig("%s is no text" % DEFAULT)
    return value


def described(text):
    """{"runtimes": {name: path}, "default": name or None, "live_restore": bool} of a text. Raises BadConfig."""
    value = parse(text)
    rows = value.get(RUNTIMES) or {}
    paths = {name: row.get("path") if isinstance(row, dict) else None for name, row in rows.items()}
    return {
        "runtimes": {name: path if isinstance(path, str) else None for name, path in paths.items()},
        "default": value.get(DEFAULT),
        "live_restore": value.get("live-restore") is True,
    }


def unusable(text, own):
    """Why an engine would not start with a valid text, or None.

    Args:
        own: the name of the runtime that is going to be added.
    """
    said = described(text)
    for name in _RESERVED:
        if name in said["runtimes"]:
            return "it lists %s under %s, which the engine refuses: take that entry out" % (name, RUNTIMES)
    default = said["default"]
    if default and default not in said["runtimes"] and default not in _RESERVED and default != own:
        return "its %s is %s, which is not among its %s: add that one or take the line out" % (
            DEFAULT,
            default,
            RUNTIMES,
        )
    return None


def with_runtime(text, name, row, is_default, earlier=None):
    """The text with one runtime.

    Args:
        text: what the file says, "" for none.
        name: of the runtime.
        row: its settings, such as {"path": ..., "runtimeArgs": []}.
        is_default: whether it is to be the default; where not, another one that is the default stays it.
        earlier: the default before it was this one, None for none.
    """
    value = parse(text)
    rows = value.get(RUNTIMES) or {}
    text = text if value else "{\n}\n"
    if rows.get(name) != row:
        if rows:
            start, end = _members(text)[RUNTIMES][1:]
            text = text[:start] + _put(text[start:end], name, row, _indent(text)) + text[end:]
        else:
            text = _put(text, RUNTIMES, {name: row}, _indent(text))
    return _with_default(text, name, is_default, earlier)


def without_runtime(text, name, earlier=None):
    """The text without one runtime; where it was the default, with the earlier one (None: none)."""
    value = parse(text)
    rows = value.get(RUNTIMES) or {}
    if name in rows:
        if len(rows) > 1:
            start, end = _members(text)[RUNTIMES][1:]
            text = text[:start] + _drop(text[start:end], name) + text[end:]
        else:
            text = _drop(text, RUNTIMES)
    return _with_default(text, name, False, earlier)


def _with_default(text, name, is_default, earlier):
    now = parse(text).get(DEFAULT)
    if (now == name) == is_default:
        return text
    if is_default:
        return _put(text, DEFAULT, name, _indent(text))
    return _put(text, DEFAULT, earlier, _indent(text)) if earlier else _drop(text, DEFAULT)


def _skip(text, place):
    return _SPACE.match(text, place).end()


def _members(text):
    """{key: (start of the key, start of the value, end of the value)} of the object in a text, in its order."""
    found = {}
    place = _skip(text, text.index("{") + 1)
    while text[place] != "}":
        start = place
        key, place = _DECODER.raw_decode(text, place)
        begin = _skip(text, _skip(text, place) + 1)
        _value, end = _DECODER.raw_decode(text, begin)
        found[key] = (start, begin, end)
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return found


def _indent(text):
    """What one more level is indented by; "" for a text in one line."""
    first = re.search(r"\{[ \t]*\r?\n([ \t]+)\S", text)
    return first.group(1) if first else _EMPTY_INDENT if re.search(r"\{\s*\n", text) else ""


def _put(text, key, value, indent):
    """The text of an object with a member set: replaced where it is, else added as the last one."""
    members = _members(text)
    if key in members:
        _start, begin, end = members[key]
        return text[:begin] + _written(value, _margin(text, members[key][0]), indent) + text[end:]
    if not members:
        opening, closing = text.index("{"), text.rindex("}")
        outer = _margin(text, opening)
        inner = outer + indent
        line = "\n" if indent else ""
        said = '%s%s"%s": %s%s%s' % (line, inner, key, _written(value, inner, indent), line, outer)
        return text[: opening + 1] + said + text[closing:]
    last = max(members.values())
    before = text[: last[0]]
    gap = before[len(before.rstrip()) :]  # what stands in front of the last member stands in front of the new one
    margin = gap.rpartition("\n")[2] if "\n" in gap else ""
    said = '%s"%s": %s' % (gap or " ", key, _written(value, margin, indent if "\n" in gap else ""))
    return text[: last[2]] + "," + said + text[last[2] :]


def _margin(text, place):
    """The white space at the start of the line that a place is in."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip())]


def _written(value, margin, indent):
    """A value as text, its further lines under a margin."""
    if not indent or not isinstance(value, dict):
        return json.dumps(value)
    said = json.dumps(value, indent=indent)
    # An empty list in one line, as people write it.
    return re.sub(r"\[\s*\]", "[]", said).replace("\n", "\n" + margin)


def _drop(text, key):
    """The text of an object without a member."""
    members = _members(text)
    if key not in members:
        return text
    start, _begin, end = members[key]
    after = _skip(text, end)
    if text[after] == ",":
        return text[:start] + text[_skip(text, after + 1) :]
    # The last one: the comma in front of it goes too, and what stood between them.
    before = text[:start].rstrip()
    if before.endswith(","):
        return before[:-1] + text[end:]
    return before + text[after:] if before.endswith("{") else before + text[end:]
