# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain-text building blocks for screens: display width, padding, wrapping, folded host names, tables."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

# What moves a cursor, colours, renames a window, fills a clipboard, turns text around, or cannot be seen: control
# characters but tab and newline, marks and overrides of direction, zero-width characters, tags, halves of characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_COLOUR = re.compile("\x1b\\[[0-9;]{0,20}m")
_BREAK = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
LINE_AT_MOST = 4000  # characters of one line on a screen
WORDS_AT_MOST = 2000  # of one message

_TAIL = re.compile(r"^(.*?)(\d+)(\D*)$")


def width(text: str) -> int:
    """Return how many terminal columns a text takes: Chinese takes two each, combining marks none."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def printable(value: object, colours: bool = False) -> str:
    """Return a value as text that a terminal only shows: its lines and tabs stay, what acts on the terminal goes.

    Args:
        colours: keep the codes of colours, which Ansible's own messages hold.
    """
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    text = _BREAK.sub("\n", text)
    if not colours:
        return _UNSEEN.sub("", text)
    kept, begin = [], 0
    for code in _COLOUR.finditer(text):
        kept += [_UNSEEN.sub("", text[begin : code.start()]), code.group()]
        begin = code.end()
    return "".join([*kept, _UNSEEN.sub("", text[begin:])])


def uncoloured(text: str) -> str:
    """Return the text without the codes of colours."""
    return _COLOUR.sub("", text)


def guard(display: Any) -> None:
    """Let Ansible's display show text only: warnings, errors and other plugins hand on what a host said.

    Colours stay, which Ansible's own messages hold.
    """
    original = display.display
    if getattr(original, "guarded", False):
        return

    def show(msg: Any, *args: Any, **kwargs: Any) -> Any:
        return original(printable(msg, colours=True), *args, **kwargs)

    show.guarded = True  # type: ignore[attr-defined]
    display.display = show


def cut(text: str, limit: int = LINE_AT_MOST) -> str:
    """Return the text with lines of at most `limit` characters, and ... where one was cut."""
    if len(text) <= limit:
        return text
    return "\n".join(line if len(line) <= limit else line[: limit - 3] + "..." for line in text.split("\n"))


def clean(value: object, limit: int = WORDS_AT_MOST) -> str:
    """Return a value as one printable line of at most `limit` characters, see `printable`."""
    return cut(" ".join(printable(value).split()), limit)


def shorten(text: str, limit: int) -> str:
    """Return the text cut to `limit` columns, with ... where something was cut."""
    if width(text) <= limit:
        return text
    room, kept = max(limit - 3, 0), ""
    for char in text:
        if width(kept) + _columns(char) > room:
            break
        kept += char
    return (kept + "...")[: max(limit, 0)] if limit < 3 else kept + "..."


def pad(text: str, columns: int, right: bool = False) -> str:
    """Return the text filled with blanks to `columns`."""
    blanks = " " * max(0, columns - width(text))
    return blanks + text if right else text + blanks


def wrap(text: str, limit: int, first: str = "", rest: str = "") -> list[str]:
    """Return the text as lines of at most `limit` columns, breaking between words, or inside one that is too long."""
    lines, line, empty = [], first, True
    for word in clean(text, max(WORDS_AT_MOST, limit)).split(" "):
        while word:
            gap = "" if empty else " "
            if width(line) + width(gap) + width(word) <= limit:
                line, empty, word = line + gap + word, False, ""
            elif empty or (width(rest) + width(word) > limit and limit - width(line) - width(gap) > 1):
                part = _fitting(word, limit - width(line) - width(gap))
                lines.append(line + gap + part)
                line, empty, word = rest, True, word[len(part) :]
            else:
                lines.append(line)
                line, empty = rest, True
    return lines if empty and lines else [*lines, line]


def _fitting(word: str, room: int) -> str:
    used, count = 0, 0
    for char in word:
        used += _columns(char)
        if used > room and count:
            break
        count += 1
    return word[:count]


def fold(names: Iterable[str]) -> str:
    """Return host names in short: npu-[001-120,130], a, b. Numbers fold when the text around them agrees."""
    words: list[str] = []
    families: dict = defaultdict(list)
    for name in dict.fromkeys(names):
        match = _TAIL.match(name)
        if match:
            prefix, digits, suffix = match.groups()
            families[(prefix, suffix)].append((int(digits), digits))
        else:
            words.append(name)
    folded = [_ranges(prefix, suffix, sorted(found)) for (prefix, suffix), found in families.items()]
    return ", ".join([*folded, *sorted(words)])


def _ranges(prefix: str, suffix: str, found: Sequence[tuple[int, str]]) -> str:
    if len(found) == 1:
        return f"{prefix}{found[0][1]}{suffix}"
    runs: list[list[tuple[int, str]]] = []
    for item in found:
        if runs and _follows(runs[-1][-1], item):
            runs[-1].append(item)
        else:
            runs.append([item])
    parts = [run[0][1] if len(run) == 1 else f"{run[0][1]}-{run[-1][1]}" for run in runs]
    return f"{prefix}[{','.join(parts)}]{suffix}"


def _follows(before: tuple[int, str], after: tuple[int, str]) -> bool:
    """Return whether a name continues a range: 099 -> 100 and 9 -> 10 do, 09 -> 010 does not."""
    padded = before[1].startswith("0") or after[1].startswith("0")
    return after[0] == before[0] + 1 and (len(before[1]) == len(after[1]) or not padded)


def table(rows: Sequence[Sequence[str]], limit: int = 100, flexible: Sequence[int] = (0,)) -> list[str]:
    """Return aligned lines, the first row being the heading, at most `limit` columns wide.

    Columns in `flexible` give way first (in that order, down to 12 columns), then the widest, then all.
    """
    count = len(rows[0])
    columns = [max(width(row[index]) for row in rows) for index in range(count)]
    gap = 2
    for index in [*flexible, *sorted(range(count), key=lambda item: -columns[item])]:
        over = sum(columns) + gap * (count - 1) - limit
        if over > 0:
            columns[index] = max(min(12, columns[index]), columns[index] - over)
    while sum(columns) + gap * (count - 1) > limit and max(columns) > 4:
        columns[columns.index(max(columns))] -= 1
    lines = []
    for row in rows:
        cells = [pad(shorten(cell, columns[index]), columns[index]) for index, cell in enumerate(row)]
        lines.append((" " * gap).join(cells).rstrip())
    return [shorten(line, limit) for line in lines]
