# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on the network of a fleet: what is wrong, as the smallest thing that explains it, and a matrix."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.network import blame, checks, compare
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import (
    LEVELS,
    Host,
    Key,
    Port,
    Result,
    State,
    Trouble,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.probes import Shape
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.thresholds import Threshold

MATRIX_AT_MOST = 64  # hosts of which every pair is shown; of a larger fleet only those with a failure
_STATES: tuple[State, ...] = ("ok", "loss", "fail", "unknown")
_DARK = ("link-down", "no-light")  # a link that is down for a reason beyond the chip


def verdict(
    hosts: Sequence[Host],
    shape: Shape,
    results: Sequence[Result],
    limits: dict[str, Threshold],
) -> dict[str, Any]:
    """What the report keeps under `network`.

    Args:
        hosts: the fleet, as observed.
        shape: how it was probed.
        results: how the probes ended.
        limits: thresholds by measure.

    Returns:
        dict: C(hosts), C(ports), C(shape), C(probes) (counts by state, and how many an earlier run did), C(levels)
        (counts of troubles), C(troubles) (the worst first), C(matrix).
    """
    ports = {port.key: port for host in hosts for port in host["ports"]}
    lone = [*checks.of_hosts(hosts, limits), *compare.of_fleet(hosts)]
    found = merged(absorbed(lone), list(ports.values()))
    found += blame.blame(ports, [one for one in results if one.probe.via == "roce"], found)
    # A chip that nobody reaches does not reach its detection target either.
    told = {key for trouble in found for key in trouble.explains}
    found = [trouble for trouble in found if trouble.rule != "detection-fails" or not told.issuperset(trouble.ports)]
    found += _inside_pods(ports, [one for one in results if one.probe.via == "hccs"])
    found += _silent(results)
    found.sort(key=lambda trouble: LEVELS.index(trouble.level))
    states = Counter(one.state for one in results)
    levels = Counter(trouble.level for trouble in found)
    return {
        "hosts": sum(bool(host["ports"]) or host["missing"] for host in hosts),
        "ports": sum(port.used for port in ports.values()),
        "shape": shape,
        "probes": {
            "total": len(results),
            **{state: states[state] for state in _STATES},
            "earlier": sum(one.earlier for one in results),
        },
        "levels": {level: levels[level] for level in LEVELS},
        "troubles": [trouble.as_row() for trouble in found],
        "matrix": matrix(hosts, results),
    }


# Rule -> {what is told of the same port by it -> the settings that may differ there; None: whatever it says}.
_ABSORBS: dict[str, dict[str, str | None]] = {
    "netmask-wrong": {"gateway-outside": None, "file-differs": "netmask"},
    "netdetect-differs": {"detection-fails": None},
    "gateway-missing": {"file-differs": "gateway"},
    "gateway-outside": {"file-differs": "gateway"},
}


def absorbed(found: Sequence[Trouble]) -> list[Trouble]:
    """Each cause once: a wrong netmask differs from the file as well, and leaves the gateway outside."""
    by_port = {(trouble.rule, key): trouble for trouble in found for key in trouble.ports}
    gone: list[Trouble] = []
    told = []
    for trouble in found:
        evidence = [trouble.evidence]
        for rule, setting in _ABSORBS.get(trouble.rule, {}).items():
            other = by_port.get((rule, trouble.ports[0]))
            parts = other.evidence.split("; ") if other else []
            if other and (setting is None or all(one.startswith(f"{setting}: ") for one in parts)):
                gone.append(other)
                evidence += [other.evidence] if setting else []
        told.append(replace(trouble, evidence="; ".join(evidence)))
    return [one for one, before in zip(told, found, strict=True) if not any(before is other for other in gone)]


def merged(found: Sequence[Trouble], ports: Sequence[Port]) -> list[Trouble]:
    """The same troubles, with links that are down together told as what they share: a switch, a host, a rail.

    A switch that is off takes the light from every port at it; nobody wants to read of each cable.
    """
    dark = {key: trouble for trouble in found if trouble.rule in _DARK for key in trouble.ports}
    used = [port for port in ports if port.used]
    several = len({port.key.host for port in used}) > 1
    left, told = set(dark), []
    for rule, name_of, words, fix in _SHARED:
        groups: dict[str, list[Key]] = defaultdict(list)
        for port in used:
            name = name_of(port)
            if name:
                groups[name].append(port.key)
        for name, members in groups.items():
            if len(members) < 2 or not left.issuperset(members) or (rule == "host-dark" and not several):
                continue
            places = compare.places(members, [port.key for port in used])
            told.append(
                Trouble(
                    rule,
                    "alarm",
                    name,
                    words,
                    f"{len(members)} links are down: {places}",
                    fix,
                    dark[members[0]].source,
                    tuple(members),
                    tuple(members),
                )
            )
            left -= set(members)
    return [trouble for trouble in found if trouble.rule not in _DARK or left.intersection(trouble.ports)] + told


_SHARED: tuple[tuple[str, Callable[[Port], str | None], str, str], ...] = (
    (
        "switch-dark",
        lambda port: f"switch {port.switch}" if port.switch else None,
        "Every link to this switch is down.",
        "Look at the switch: power, line card, whether its ports are shut.",
    ),
    (
        "rail-dark",
        lambda port: f"chip {port.key.chip} of every host",
        "The links of the chips of this number are down on every host.",
        "They share a switch: look at its power, its line card, whether its ports are shut.",
    ),
    (
        "host-dark",
        lambda port: f"host {port.key.host}",
        "Every link of this host is down.",
        "Look at its leaf switch and at the cables as a bundle; then at the host: hccn_tool -a -cfg recovery.",
    ),
)


def _inside_pods(ports: Mapping[Key, Port], results: Sequence[Result]) -> list[Trouble]:
    """What explains failures on the links inside super pods, which know no switch and no network of the RoCE ports."""
    inner = {key: replace(port, netmask=None, switch=None, switch_port=None) for key, port in ports.items()}
    return [
        replace(
            trouble,
            rule="hccs-" + trouble.rule.replace("switch-port", "chip"),
            problem=f"On the links inside the super pod: {trouble.problem}",
            fix="Look at npu-smi info -t health of these chips and at the super pod's interconnect; hccn_tool -vnic -g "
            "shows the addresses.",
        )
        for trouble in blame.blame(inner, results, ())
    ]


def _silent(results: Iterable[Result]) -> list[Trouble]:
    """Hosts whose probes could not be run: nothing is claimed of what they did not show."""
    messages: dict[str, list[str]] = defaultdict(list)
    for one in results:
        if one.state == "unknown":
            messages[one.probe.source.host].append(one.message or "no answer")
    return [
        Trouble(
            "probes-not-run",
            "warn",
            f"host {host}",
            "Probes could not be run; nothing is known of these paths.",
            f"{len(said)} probes: {Counter(said).most_common(1)[0][0]}",
            "Look at hccn_tool on this host and run again; ascend_network_seconds gives the probes more time.",
            "ascend.fleet",
        )
        for host, said in messages.items()
    ]


def matrix(hosts: Sequence[Host], results: Sequence[Result]) -> dict[str, Any]:
    """How hosts reach each other: {hosts, whole, cells}.

    Args:
        hosts: the fleet.
        results: how the probes ended.

    Returns:
        dict: C(hosts) are names in order, C(whole) whether they are all of the fleet, and C(cells) are rows
        [place, place, passed, lost, failed, unknown] of the pairs that were probed, each once, smaller place first.
    """
    names = sorted(host["name"] for host in hosts if host["ports"])
    whole = len(names) <= MATRIX_AT_MOST
    if not whole:
        failing = Counter(
            name
            for one in results
            if one.state != "ok"
            for name in sorted({one.probe.source.host, one.probe.target.host})
        )
        names = sorted(name for name, _count in failing.most_common(MATRIX_AT_MOST))
    places = {name: place for place, name in enumerate(names)}
    counts: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for one in results:
        pair = sorted(places.get(name, -1) for name in (one.probe.source.host, one.probe.target.host))
        if pair[0] >= 0:
            counts[pair[0], pair[1]][one.state] += 1
    cells = [[*pair, *(count[state] for state in _STATES)] for pair, count in sorted(counts.items())]
    return {"hosts": names, "whole": whole, "cells": cells}
