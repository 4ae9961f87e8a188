# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on screen: a table that fits 100 columns, then what needs a person, in few lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_proofs
from ansible_collections.ascend.fleet.plugins.plugin_utils import ladder
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth, words
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, fold, shorten, table, wrap
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import SEVERITIES

from . import models
from . import proof as proofs
from .model import STATUSES

WIDTH = 100
MANY = 12  # of a list; the rest is on the page
GROUP_ABOVE = 20  # with more hosts than this, alike hosts share a line
_WORDS = {"not_started": "not started"}


def lines(report: dict, limit: int = WIDTH) -> list[str]:
    """Return the report as text lines of at most `limit` columns, without colour."""
    hosts = report["hosts"]
    found = [clean(report["title"]), ""]
    found += _table(hosts, limit, [column for column in report["columns"] if column["headline"]])
    if any(item["installed"] for host in hosts for item in host["drift"]):
        found += wrap("* differs from what the plan, or the majority of alike hosts, says", limit)
    found += ["", *_totals(report, limit)]
    for block in (_errors, _sick, _changes, _findings, _texts, _models):
        part = block(hosts, limit)
        if part:
            found += ["", *part]
    if report["network"]:
        found += ["", *words.lines(report["network"], limit)]
    if report["bandwidth"]:
        found += ["", *bandwidth.lines(report["bandwidth"], limit)]
    if report["second_run"]:
        counts = ", ".join(f"{key}={value}" for key, value in report["second_run"].items())
        found += ["", *wrap(f"Second run: {counts}", limit, rest="  ")]
    return found


def _row(host: dict, columns: list[dict]) -> tuple[str, ...]:
    drifting = {item["component"] for item in host["drift"]}
    names = [column["component"] for column in columns]
    versions = [
        clean(host["versions"][name]) + ("*" if name in drifting else "") if host["versions"][name] else "-"
        for name in names
    ]
    return (_WORDS.get(host["status"], host["status"]), _chips(host), *versions, _proof(host))


def _chips(host: dict) -> str:
    if not host["chip_count"]:
        return "-"
    return f"{host['chip_count']} x {clean(host['chip_name'] or host['chip'] or 'NPU')}"


def _proof(host: dict) -> str:
    said = proofs.status(host["inference"])
    if said == "passed" and host["inference"]["tokens_per_second"] is not None:
        return f"{host['inference']['tokens_per_second']:.1f} tok/s"
    return clean(said) if said else "-"


def _named(names: list[str], lines_at_most: int, limit: int, head: str = "", rest: str = "  ") -> list[str]:
    """Return folded host names as lines; a long list is cut, never the count."""
    found = wrap(fold(clean(name) for name in names), limit, head, rest)
    if len(found) <= lines_at_most:
        return found
    tail = f" {len(names)} hosts in all"
    return [*found[: lines_at_most - 1], shorten(found[lines_at_most - 1] + "." * limit, limit - len(tail)) + tail]


def _table(hosts: list[dict], limit: int, columns: list[dict]) -> list[str]:
    heading = ("STATUS", "CHIPS", *(column["title"].upper() for column in columns), "INFERENCE")
    if len(hosts) <= GROUP_ABOVE:
        return table([("HOST", *heading), *((clean(host["name"]), *_row(host, columns)) for host in hosts)], limit)
    groups: dict = defaultdict(list)
    for host in hosts:
        row = _row(host, columns)
        last = "passed" if row[-1].endswith(" tok/s") else row[-1]
        key = (*row[:-1], last)
        groups[key].append(host)
    order = {word: place for place, word in enumerate(reversed(STATUSES))}
    ranked = sorted(groups.items(), key=lambda item: (order[item[1][0]["status"]], -len(item[1])))
    rows = [("HOSTS", *heading)]
    rows += [(str(len(members)), *row[:-1], _speeds(row[-1], members)) for row, members in ranked]
    first, *body = table(rows, limit)
    found = [first]
    for line, (_dummy, members) in zip(body, ranked, strict=True):
        found += [line, *_named([host["name"] for host in members], 2, limit, "       ", "       ")]
    return found


def _speeds(word: str, members: list[dict]) -> str:
    speeds = sorted(host["inference"]["tokens_per_second"] for host in members) if word == "passed" else []
    if len(speeds) < 2:
        return f"{speeds[0]:.1f} tok/s" if speeds else word
    return f"{speeds[0]:.0f}-{speeds[-1]:.0f} tok/s"


def _totals(report: dict, limit: int) -> list[str]:
    summary = report["summary"]
    parts = [f"{summary[word]} {_WORDS.get(word, word)}" for word in STATUSES if summary[word]]
    text = f"{_count(summary['hosts'], 'host')}: {', '.join(parts) or 'none'}."
    if summary["changed_hosts"]:
        text += f" {summary['changed_hosts']} changed in this run."
    chips = summary["chips"]
    if chips["total"]:
        words = ("ok", "warning", "bad", "unknown", "missing")
        counted = ", ".join(f"{chips[word]} {word}" for word in words if chips[word])
        text += f" {_count(chips['total'], 'chip')}: {counted}."
    if summary["reboot_required"]:
        text += f" To reboot: {_count(summary['reboot_required'], 'host')}."
    return wrap(text, limit, rest="  ")


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _grouped(hosts: list[dict], key: Callable[[dict], tuple | None]) -> dict:
    groups: dict = defaultdict(list)
    for host in hosts:
        value = key(host)
        if value is not None:
            groups[value].append(host["name"])
    return groups


def _errors(hosts: list[dict], limit: int) -> list[str]:
    def key(host: dict) -> tuple | None:
        error = host["error"]
        if host["reason"]:
            return (host["status"], None, host["reason"], None, None)
        if not error:
            return None
        return (host["status"], error["step"], error["message"], error["cause"], error["fix"])

    found = []
    for (status, step, message, cause, fix), names in _grouped(hosts, key).items():
        where = f" at {clean(step)}" if step else ""
        found += _named(names, 4, limit, f"{_WORDS.get(status, status)}{where}: ")
        found += wrap(message, limit, "  ", "  ")
        found += wrap(cause, limit, "  cause: ", "         ") if cause else []
        found += wrap(fix, limit, "  fix:   ", "         ") if fix else []
    return found


def _sick(hosts: list[dict], limit: int) -> list[str]:
    found = []
    for host in hosts:
        for chip in host["chips"]:
            if chip["level"] in ("bad", "warning"):
                heat = f", {chip['temperature_c']} C" if chip["temperature_c"] is not None else ""
                found.append(f"  {clean(host['name'])} chip {clean(chip['id'])}: {clean(chip['health'])}{heat}")
        if host["chips_missing"]:
            found.append(f"  {clean(host['name'])}: {_count(host['chips_missing'], 'chip')} on the bus, not in npu-smi")
    shown = [shorten(line, limit) for line in found[:MANY]]
    if len(found) > MANY:
        shown.append(f"  and {len(found) - MANY} more, see report.html")
    return ["chips to look at:", *shown] if shown else []


def _changes(hosts: list[dict], limit: int) -> list[str]:
    """List what is planned or was not reached; what was done is in the table and the page."""

    def key(host: dict) -> tuple | None:
        steps = [step for step in host["plan"] if step["state"] == "planned"]
        if host["status"] != "pending" or not steps:
            return None
        return tuple(clean(step["words"]) for step in steps)

    found = []
    for steps, names in _grouped(hosts, key).items():
        found += _named(names, 3, limit, "would change: ")
        for step in steps:
            found += wrap(step, limit, "  - ", "    ")
    return found


def _findings(hosts: list[dict], limit: int) -> list[str]:
    groups: dict = defaultdict(list)
    for host in hosts:
        for item in host["findings"]:
            if host["error"] and host["error"]["message"] == item["message"]:
                continue  # stands among the errors already
            groups[(item["accepted"], item["severity"], item["rule"], item["message"])].append(host["name"])
    found = []
    for (accepted, severity, rule, message), names in sorted(
        groups.items(), key=lambda item: (item[0][0], SEVERITIES.index(item[0][1]), -len(item[1]))
    ):
        word = f"{severity}, accepted" if accepted else severity
        found += _named(names, 3, limit, f"{word}: {clean(rule)}: ")
        found += wrap(message or "", limit, "  ", "  ")
    return found


def _texts(hosts: list[dict], limit: int) -> list[str]:
    given = [{"name": host["name"], "proof": one} for host in hosts for one in proofs.every(host["inference"])]

    def key(row: dict) -> tuple | None:
        proof = row["proof"]
        if proof["status"] == "passed" and proof["text"]:
            word = "computed" if proof["engine"] == om_proofs.ENGINE else "generated"
            return (word, proof["text"], ladder.words(proof["engine"], proof.get("model")), *_worth(proof))
        return (f"inference {proof['status']}", proof["reason"] or "no reason given", None, None, None)

    found = []
    for (word, text, rung, shows, not_shown), names in _grouped(given, key).items():
        by = f" by {clean(rung)}" if rung else ""
        found += _named(names, 3, limit, f"{word}{by} on ")
        found += wrap(text, limit, "  ", "  ")
        if shows:
            found += wrap(f"shows {clean(shows)}; does not show {clean(not_shown)}", limit, "  ", "  ")
    return found


def _models(hosts: list[dict], limit: int) -> list[str]:
    return models.lines(hosts, _named, limit)


def _worth(proof: dict) -> tuple[str | None, str | None]:
    return (proof.get("shows"), proof.get("not_shown")) if proof.get("not_shown") else (None, None)
