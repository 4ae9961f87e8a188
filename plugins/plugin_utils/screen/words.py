# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task's result says to a person: words for a change, for a failure, for a recap. Data in, text out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.screen import failure as failure_text
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import (
    clean,
    fold,
    pad,
    printable,
    shorten,
    width,
    wrap,
)

COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
TAIL_LINES = 8  # of a program's output, shown with a failure
CHANGE_AT_MOST = 200  # characters of the words for a change
HOSTS_AT_MOST = 30  # lines of the recap; above, hosts with equal counts share a line
SPEAKERS = frozenset(f"ascend.fleet.{name}" for name in ("bundle", "doctor", "plan", "report", "resolve", "validate"))
_OUTPUTS = ("stderr", "module_stderr", "stdout", "module_stdout")


def elapsed(seconds: float) -> str:
    """Return a duration for people: 8 s, 3 min 20 s, 2 h 05 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def plural(number: int, word: str) -> str:
    """Return 1 host, 2 hosts."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def short_name(name: str) -> str:
    """Return a task's name without the role that Ansible puts in front of it."""
    return clean(name).rpartition(" : ")[2] or "task"


def changed(result: Mapping[str, Any]) -> str:
    """Return what a changed result changed, in few words, or "" when only the task's name tells.

    Understood: `ascend_change` (words, taken as they are), `before` and `after` versions with a `component` or an
    `action` (run_package), `results` of a loop with their labels.
    """
    if isinstance(result.get("ascend_change"), str):
        return clean(result["ascend_change"], CHANGE_AT_MOST)
    before, after = _version(result.get("before")), _version(result.get("after"))
    component = result.get("component") or _asked(result, "component")
    if (before or after) and before != after and ("action" in result or component):
        move = f"{before} -> {after}" if before and after else after or f"{before} removed"
        return clean(f"{component} {move}" if component else move, CHANGE_AT_MOST)
    labels = [
        clean(item.get("_ansible_item_label", item.get("item", "")), CHANGE_AT_MOST)
        for item in _items(result)
        if item.get("changed")
    ]
    return shorten(", ".join(label for label in labels if label), 60)


def _items(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The results of a loop's items."""
    found = result.get("results")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, (list, tuple)) else []


def _asked(result: Mapping[str, Any], name: str) -> Any:
    """An argument of the task, as its result repeats it."""
    invocation = result.get("invocation")
    arguments = invocation.get("module_args") if isinstance(invocation, Mapping) else None
    return arguments.get(name) if isinstance(arguments, Mapping) else None


def _version(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("version")
    return value if isinstance(value, str) else ""


def failure(result: Mapping[str, Any], limit: int = 100, indent: str = "    ") -> list[str]:
    """Return the lines under a failed host: message, cause, fix, and the end of what a program printed."""
    found: list[str] = []
    failed_items = [item for item in _items(result) if item.get("failed")]
    for item in failed_items[:3]:
        label = clean(item.get("_ansible_item_label", item.get("item", "")), CHANGE_AT_MOST)
        found += _message(item, limit, indent, f"{label}: " if label else "")
    if not failed_items:
        found += _message(result, limit, indent, "")
    if len(failed_items) > 3:
        found.append(f"{indent}and {len(failed_items) - 3} more items")
    return found


def _message(result: Mapping[str, Any], limit: int, indent: str, prefix: str) -> list[str]:
    found: list[str] = []
    told = failure_text.read(result)
    paragraphs = [line for line in told["message"].splitlines() if line.strip()] or ["no message"]
    for place, paragraph in enumerate(paragraphs[:12]):
        found += wrap((prefix if not place else "") + paragraph, limit, indent, indent)
    for key in ("cause", "fix"):
        if told[key]:
            head = f"{indent}{key + ':':<7}"
            found += wrap(told[key], limit, head, " " * width(head))
    output = _tail(result)
    if output:
        found += [shorten(f"{indent}| {line}", limit) for line in output]
    if result.get("log"):
        found += wrap(f"log on the host: {result['log']}", limit, indent, indent)
    return found


def _tail(result: Mapping[str, Any]) -> list[str]:
    lines: Any = result.get("log_tail")
    if not lines and result.get("rc"):
        lines = next((result[key] for key in _OUTPUTS if result.get(key)), None)
    if isinstance(lines, str):
        lines = lines.splitlines()
    if not isinstance(lines, (list, tuple)):
        return []
    return [clean(line, 400) for line in lines[-10 * TAIL_LINES :] if str(line).strip()][-TAIL_LINES:]


def lines_of(action: str, result: Mapping[str, Any]) -> list[str] | None:
    """Return the lines that a result wants printed as they are (`ascend_lines`), or None.

    Args:
        action: full name of the task's action. Only those of the control node have such lines: what a host answers
            could look like the report.
    """
    lines = result.get("ascend_lines") if action in SPEAKERS else None
    if not isinstance(lines, (list, tuple)):
        return None
    return [line for text in lines for line in (printable(text).splitlines() or [""])]


def recap(stats: Mapping[str, Mapping[str, int]], limit: int = 100) -> list[tuple[str, str]]:
    """Return (host or folded hosts, counts) for the end of a run, in the order and words of Ansible's own recap."""
    rows = {host: tuple(int(counts.get(_key(word), 0)) for word in COUNTS) for host, counts in sorted(stats.items())}
    if len(rows) <= HOSTS_AT_MOST:
        named = list(rows.items())
    else:
        groups: dict[tuple, list[str]] = defaultdict(list)
        for host, counts in rows.items():
            groups[counts].append(host)
        ranked = sorted(groups.items(), key=lambda item: (-item[0][2] - item[0][3], -len(item[1])))
        named = [(f"{plural(len(hosts), 'host')} {shorten(fold(hosts), 44)}", counts) for counts, hosts in ranked]
    wide = min(max((width(row[0]) for row in named), default=0), 60)
    wide = max(wide, 26)
    return [
        (pad(name, wide), " ".join(f"{word}={count:<4}" for word, count in zip(COUNTS, counts, strict=True)).rstrip())
        for name, counts in named
    ]


def _key(word: str) -> str:
    return "failures" if word == "failed" else word


def without_host(line: str, host: str) -> str:
    """Return a line with the host's name replaced, so that lines of different hosts can be compared."""
    return re.sub(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", "<host>", line)


def hosts_in_short(hosts: Sequence[str], limit: int = 48) -> str:
    """Return host names folded and cut, with the count when not all are shown."""
    folded = fold(clean(host) for host in hosts)
    if width(folded) <= limit:
        return folded
    return f"{shorten(folded, limit)} ({len(hosts)})"


def hosts_and_percents(hosts: Sequence[str], percents: Mapping[str, int], limit: int = 48) -> str:
    """Return host names, or their number where the names are too long, and the vendor's percentages if any."""
    known = sorted(percents[host] for host in hosts if host in percents)
    if not known:
        return hosts_in_short(hosts, limit)
    span = f"{known[0]} %" if known[0] == known[-1] else f"{known[0]}-{known[-1]} %"
    if len(hosts) == 1:
        return f"{hosts_in_short(hosts, limit)} {span}"
    folded = fold(clean(host) for host in hosts)
    names = folded if width(folded) <= limit else plural(len(hosts), "host")
    return f"{names}, {span}" + (f" on {len(known)} of them" if len(known) < len(hosts) else "")


def status_line(
    stage: str,
    done: int,
    total: int,
    running: Iterable[str],
    task: str,
    seconds: float,
    left: str,
    percents: Mapping[str, int],
) -> str:
    """Return the one line that stands for the running stage on a terminal (plain text)."""
    busy = hosts_and_percents(list(running), percents, 30)
    # On 80 columns whose it is and how far come after the task, which can have all steps of a plan for its name.
    parts = [
        f"{stage} {done}/{total}",
        shorten(task, 34),
        busy,
        elapsed(seconds) + (f" of about {left}" if left else ""),
    ]
    return "  ".join(part for part in parts if part)
