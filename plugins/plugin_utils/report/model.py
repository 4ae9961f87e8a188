# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's model: what report.json holds (schema in docs/report.schema.json), from one record per host."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from ansible_collections.ascend.fleet.plugins.module_utils.versions import matches as same
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Component
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import SEVERITIES

from . import proof
from .collect import COMPONENTS

SCHEMA = 1
STATUSES = ("converged", "changed", "pending", "refused", "failed", "unreachable", "not_started")
LEVELS = ("ok", "warning", "bad", "unknown")


def build(
    records: Iterable[dict],
    title: str,
    generated: str,
    controller: str,
    second_run: dict | None = None,
    network: dict | None = None,
    bandwidth: dict | None = None,
) -> dict:
    """Return the whole report as plain data.

    Args:
        records: the hosts, as `collect.collect` gives them; they are completed in place with drift from peers.
        title: the page's title.
        generated: ISO 8601 time in UTC.
        controller: name of the control node.
        second_run: counts of a second run of the same playbook, or None when there was none.
        network: the verdict on the network between the NPUs, or None where it was not verified in this run.
        bandwidth: the verdict on the measured bandwidth, or None where this run did not measure it.
    """
    hosts = list(records)
    _drift_from_peers(hosts)
    return {
        "schema": SCHEMA,
        "title": title,
        "generated": generated,
        "controller": controller,
        "summary": _summary(hosts),
        "columns": [
            {"component": one.name, "title": one.heading, "headline": one.headline and _somewhere(one, hosts)}
            for one in components.ALL
            if one.has_version
        ],
        "components": {component: _spread(hosts, component) for component in COMPONENTS},
        "hosts": hosts,
        "second_run": second_run or None,
        "network": network or None,
        "bandwidth": bandwidth or None,
    }


def _somewhere(component: Component, hosts: list[dict]) -> bool:
    """Whether a column of it tells anything: of the frameworks, those that no host has or is to have do not."""
    name = component.name
    return not component.home or any(host["versions"][name] or host["desired"][name] for host in hosts)


def failures(report: dict) -> dict[str, str]:
    """Return, by host, one message for each that the run should fail on: refused, failed, unreachable, not started.

    A pending host is no failure: that is what a plan, or check mode, leaves behind.
    """
    found = {}
    for host in report["hosts"]:
        error = host["error"]
        if error:
            more = [f"{word.capitalize()}: {error[word].rstrip('.')}." for word in ("cause", "fix") if error[word]]
            found[host["name"]] = " ".join([f"{host['status']}:", error["message"], *more])
        elif host["status"] == "not_started":
            found[host["name"]] = "not started: " + (host["reason"] or "the run ended before this host's turn.")
    for name, message in _network_failures(report).items():
        found.setdefault(name, message)
    return found


def _network_failures(report: dict) -> dict[str, str]:
    """By host, the first alarm about its ports."""
    found: dict[str, str] = {}
    for row in (report.get("network") or {}).get("troubles", ()):
        if row["level"] == "alarm":
            for port in row["ports"]:
                found.setdefault(port["host"], f"network: {row['where']}: {row['problem']} Fix: {row['fix']}")
    names = {host["name"] for host in report["hosts"]}
    for row in (report.get("bandwidth") or {}).get("troubles", ()):
        if row["level"] == "alarm" and row["where"] in names:
            found.setdefault(row["where"], f"bandwidth: {row['problem']} {row['evidence']}. Fix: {row['fix']}")
    return found


def _peers(host: dict) -> tuple:
    """Return what makes hosts comparable: a training server and an inference card rightly differ."""
    return (host["chip"], host["host_kind"], host["arch"])


def _drift_from_peers(hosts: list[dict]) -> None:
    """Where the plan desires nothing, compare with the majority of alike hosts (three or more, over half agreeing)."""
    groups: dict = defaultdict(list)
    for host in hosts:
        if any(host["versions"].values()):
            groups[_peers(host)].append(host)
    for members in groups.values():
        for component in COMPONENTS:
            free = [host for host in members if not host["desired"][component]]
            counts = Counter(host["versions"][component] for host in free if host["versions"][component])
            if not counts:
                continue
            version, count = counts.most_common(1)[0]
            if len(free) < 3 or count * 2 <= len(free):
                continue
            for host in free:
                if not same(host["versions"][component], version):
                    host["drift"].append(
                        {
                            "component": component,
                            "installed": host["versions"][component],
                            "expected": version,
                            "against": "majority",
                        }
                    )


def _spread(hosts: list[dict], component: str) -> list[dict]:
    """Return the versions of one component, most frequent first: {version, hosts, drifting}; version None = absent."""
    known = [host for host in hosts if any(host["versions"].values()) or host["desired"][component]]
    relevant = [host for host in known if host["versions"][component] or host["desired"][component]]
    counts = Counter(host["versions"][component] for host in relevant)
    drifting = Counter(
        host["versions"][component]
        for host in relevant
        if any(item["component"] == component for item in host["drift"])
    )
    ordered = sorted(counts, key=lambda version: (-counts[version], str(version)))
    return [{"version": item, "hosts": counts[item], "drifting": drifting[item]} for item in ordered]


def _summary(hosts: list[dict]) -> dict:
    status = Counter(host["status"] for host in hosts)
    levels = Counter(chip["level"] for host in hosts for chip in host["chips"])
    findings = Counter(
        "accepted" if item["accepted"] else item["severity"] for host in hosts for item in host["findings"]
    )
    inference = Counter(proof.status(host["inference"]) or "missing" for host in hosts)
    missing = sum(host["chips_missing"] for host in hosts)
    return {
        "hosts": len(hosts),
        **{word: status[word] for word in STATUSES},
        "changed_hosts": sum(host["changed"] for host in hosts),
        "drifting": sum(bool(host["drift"]) for host in hosts),
        "reboot_required": sum(host["reboot_required"] for host in hosts),
        "chips": {"total": levels.total() + missing, **{word: levels[word] for word in LEVELS}, "missing": missing},
        "findings": {word: findings[word] for word in (*SEVERITIES, "accepted")},
        "inference": {word: inference[word] for word in ("passed", "failed", "skipped", "missing")},
    }
