# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a fleet in words: equal hosts on one line, reasons and findings once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.steps import describe
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import clean, fold, wrap
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import SEVERITIES, Finding, Plan, Step

WIDTH = 96
STEP_AT_MOST = 300  # characters of a step, whose versions a host has told
NAMED_AT_MOST = 30  # hosts of a plan; above, those of which there is nothing to say are counted, not named
ORDER = ("pending", "refused", "unreachable", "failed", "converged")
_QUIET = ("converged", (), ())
TITLES = {
    "converged": "unchanged",
    "pending": "to change",
    "refused": "refused",
    "unreachable": "unreachable",
    "failed": "not observed",
}


def lines(plans: Mapping[str, Plan], again: bool = False) -> list[str]:
    """The table as lines of text, at most WIDTH columns where words allow it.

    Args:
        plans: by host.
        again: it is another look at hosts that were shown; where there are several, those of which there is nothing to
            say are only counted. So they are in the plan of a large fleet.

    Returns:
        A summary, then equal plans together, with the names of their hosts.
    """
    named = len(plans) <= (1 if again else NAMED_AT_MOST)
    shared = _shared_findings(plans)
    groups: dict[tuple, list[str]] = {}
    for host, plan in plans.items():
        groups.setdefault(_signature(plan, shared), []).append(host)
    result = [f"Plan for {_count(len(plans))}: {_totals(plans)}"]
    for signature, hosts in sorted(groups.items(), key=lambda item: (ORDER.index(item[0][0]), -len(item[1]), item[1])):
        if signature == _QUIET and not named:
            continue  # counted in the summary
        result.append("")
        names = fold(clean(host) for host in hosts)
        result.extend(wrap(f"{_count(len(hosts))} {TITLES[signature[0]]}: {names}", WIDTH, "  ", "    "))
        result.extend(_body(plans[hosts[0]], shared))
    for finding in shared.values():
        result.extend(["", *_finding(finding, "  on all of them, ")])
    return result


def diff(host: str, plan: Plan) -> list[dict[str, str]]:
    """The plan of a host as Ansible's diff: what is there against what would be there. Empty without steps."""
    if not plan["steps"]:
        return []
    before, after = [], []
    for step in plan["steps"]:
        name = step.get("product") or step["component"]
        if step["from"] is None and step["to"] is None:
            after.append(_step(step))
        else:
            before.append(clean(f"{name}: {step['from'] or 'not installed'}", STEP_AT_MOST))
            after.append(clean(f"{name}: {step['to'] or 'not installed'}", STEP_AT_MOST))
    return [
        {
            "before_header": host,
            "after_header": host,
            "before": "\n".join(before) + "\n",
            "after": "\n".join(after) + "\n",
        }
    ]


def _shared_findings(plans: Mapping[str, Plan]) -> dict[tuple, Finding]:
    """What is said of every host is said once, at the end."""
    if len(plans) < 2:
        return {}
    first, *others = ({_key(f): f for f in plan["findings"]} for plan in plans.values())
    return {key: f for key, f in first.items() if all(key in other for other in others)}


def _key(finding: Finding) -> tuple:
    return (finding["rule"], finding["severity"], finding["accepted"], finding["message"])


def _weight(finding: Finding) -> int:
    """What stops the host comes first, what was accepted last."""
    return len(SEVERITIES) if finding["accepted"] else SEVERITIES.index(finding["severity"])


def _finding(finding: Finding, indent: str) -> list[str]:
    mark = "accepted" if finding["accepted"] else finding["severity"]
    text = f"{mark}: {clean(finding['message'])} [{clean(finding['rule'])}]"
    return wrap(text, WIDTH, indent, " " * 8)


def _step(step: Step) -> str:
    return clean(describe(step), STEP_AT_MOST)


def _reasoned(step: Step) -> str:
    return f"{_step(step)}  ({clean(step['why'], STEP_AT_MOST)})"


def _signature(plan: Plan, shared: dict[tuple, Any]) -> tuple:
    steps = tuple(_reasoned(step) for step in plan["steps"])
    return (plan["status"], steps, tuple(_key(f) for f in _visible(plan, shared)))


def _visible(plan: Plan, shared: dict[tuple, Any]) -> list[Finding]:
    """The findings to show with a host: what stops it first; of an unchanged host only what is still amiss."""
    findings = [f for f in plan["findings"] if _key(f) not in shared]
    if plan["status"] == "converged":
        findings = [f for f in findings if f["severity"] != "info" and not f["accepted"]]
    return sorted(findings, key=_weight)


def _body(plan: Plan, shared: dict[tuple, Any]) -> list[str]:
    result = []
    if plan["status"] in ("pending", "refused"):
        for number, step in enumerate(plan["steps"], 1):
            result.append(f"      {number}. {_reasoned(step)}")
        if plan["steps"]:
            result.append(f"      about {plan['minutes']} minutes a host")
    for finding in _visible(plan, shared):
        result.extend(_finding(finding, "      "))
    return result


def _totals(plans: Mapping[str, Plan]) -> str:
    counts = {status: sum(plan["status"] == status for plan in plans.values()) for status in ORDER}
    return ", ".join(f"{count} {TITLES[status]}" for status, count in counts.items() if count) or "no hosts"


def _count(number: int) -> str:
    return f"{number} host" if number == 1 else f"{number} hosts"
