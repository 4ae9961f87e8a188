# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which chip pings which, so that every pair of hosts is connected and no host has more to do than a limit.

Three shapes, the most telling first; the first that fits the limit is taken:

    mesh   every chip to every chip of every other host
    rails  every chip to the chip of the same number of every other host
    rings  every chip to the chip of the same number of the hosts 1, 2, 4, 8 ... places further in a ring

With each of them goes a ring through the chips of a host, which joins the rails and tells a chip from its host. A pair
of ports is probed from one side: an echo needs both ways. The work is spread evenly, by the places of the hosts in the
order of their names, whatever the order of the inventory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Host, Key, Port, Probe, inside

Shape = Literal["mesh", "rails", "rings"]
SHAPES: tuple[Shape, ...] = ("mesh", "rails", "rings")
AT_MOST = 256  # probes of a host; one takes about a second, and several run side by side


class Course(NamedTuple):
    """The probes of a fleet."""

    shape: Shape
    probes: dict[str, list[Probe]]  # by host, in the order in which they run


def plan(hosts: Iterable[Host], at_most: int = AT_MOST) -> Course:
    """The probes of every host that has addresses.

    Args:
        hosts: the fleet; ports without an address, and hosts without ports, take no part.
        at_most: probes of one host. The last shape is taken whatever it needs: that is chips x log2(hosts).
    """
    groups = [
        ports
        for host in sorted(hosts, key=lambda host: host["name"])
        if (ports := sorted((port for port in host["ports"] if port.address), key=lambda port: port.key.chip))
    ]
    for shape in SHAPES[:-1]:
        course = _laid_out(groups, shape, at_most)
        if course is not None:
            return Course(shape, course)
    return Course(SHAPES[-1], _laid_out(groups, SHAPES[-1], None) or {})


def _laid_out(groups: Sequence[Sequence[Port]], shape: Shape, at_most: int | None) -> dict[str, list[Probe]] | None:
    """The probes of one shape; None as soon as a host has more than its limit, long before all of them are there."""
    course = {ports[0].key.host: _around(ports) for ports in groups}
    for source, target in _pairs(groups, shape):
        if _meant_to_meet(source, target):
            mine = course[source.key.host]
            mine.append(_probe(source, target))
            if at_most is not None and len(mine) > at_most:
                return None
    if at_most is not None and any(len(mine) > at_most for mine in course.values()):
        return None
    return course


def with_super_pods(course: Course, hosts: Iterable[Host]) -> Course:
    """The same probes, and those over the links inside each A3 super pod, in rings of chips and of hosts.

    Args:
        course: of the RoCE ports.
        hosts: the fleet; chips without an address on these links take no part.
    """
    pods: dict[int, list[Host]] = {}
    for host in hosts:
        inner = [replace(port, address=port.vnic, netmask=None) for port in host["ports"] if port.vnic]
        for pod in {port.pod for port in inner if port.pod is not None}:
            mine: Host = {**host, "ports": [port for port in inner if port.pod == pod]}
            pods.setdefault(pod, []).append(mine)
    found = {name: list(probes) for name, probes in course.probes.items()}
    for members in pods.values():
        for name, probes in plan(members, 0).probes.items():
            found.setdefault(name, []).extend(replace(one, via="hccs") for one in probes)
    return Course(course.shape, found)


def _around(ports: Sequence[Port]) -> list[Probe]:
    """The ring through the chips of a host; two chips need one probe."""
    if len(ports) < 2:
        return []
    following = [*ports[1:], ports[0]] if len(ports) > 2 else ports[1:]
    return [_probe(*pair) for pair in zip(ports, following, strict=False) if _meant_to_meet(*pair)]


def _pairs(groups: Sequence[Sequence[Port]], shape: Shape) -> Iterable[tuple[Port, Port]]:
    """Each pair of ports of different hosts once, its source first."""
    count = len(groups)
    for step in _steps(count, shape):
        for place, ports in enumerate(groups):
            other = (place + step) % count
            # Half way round two hosts are each other's: each takes every second pair.
            turn = int(place > other) if step * 2 == count else None
            for source in ports:
                for target in groups[other]:
                    if shape != "mesh" and source.key.chip != target.key.chip:
                        continue
                    side = (source.key.chip + (target.key.chip if shape == "mesh" else 0)) % 2
                    if turn is None or side == turn:
                        yield source, target


def _steps(count: int, shape: Shape) -> Iterable[int]:
    if shape != "rings":
        return range(1, count // 2 + 1)
    return [1 << bit for bit in range(count.bit_length()) if 1 << bit <= count // 2]


def _meant_to_meet(source: Port, target: Port) -> bool:
    """Whether there is a way by design: rails that are networks of their own, without a gateway, have none."""
    if source.gateway or target.gateway or source.network is None or target.network is None:
        return True
    return inside(target.address, source.network) or inside(source.address, target.network)


def _probe(source: Port, target: Port) -> Probe:
    return Probe(source.key, target.key, str(target.address), back=source.address)


def reaches_all(course: Course) -> bool:
    """Whether the probes connect every host that takes part with every other."""
    near: dict[str, set[str]] = {host: set() for host in course.probes}
    for found in course.probes.values():
        for probe in found:
            near[probe.source.host].add(probe.target.host)
            near[probe.target.host].add(probe.source.host)
    if not near:
        return True
    seen: set[str] = set()
    waiting = [next(iter(near))]
    while waiting:
        host = waiting.pop()
        if host not in seen:
            seen.add(host)
            waiting += near[host] - seen
    return len(seen) == len(near)


def keys(course: Course) -> set[Key]:
    """Every port that takes part."""
    return {key for found in course.probes.values() for probe in found for key in (probe.source, probe.target)}
