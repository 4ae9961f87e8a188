# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the fleet shows: addresses given twice, settings in which a few differ from the others.

That TLS must be the same on every rank, and what comes of it (EI0016), says github:hicann/hccl, fault diagnosis,
cluster_info_verify_fail.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import (
    Host,
    Key,
    Level,
    Network,
    Port,
    Trouble,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.screen.text import fold

_HCCL = "github:hicann/hccl docs, fault diagnosis, cluster_info_verify_fail"
_TOOL = "github:Ascend/mind-cluster component/ascend-common/devmanager/hccn"


def of_fleet(hosts: Sequence[Host]) -> list[Trouble]:
    """What the ports show when they are held against each other."""
    ports = [port for host in hosts for port in host["ports"] if port.used]
    return [trouble for check in CHECKS for trouble in check(ports)]


def _duplicates(ports: Sequence[Port]) -> Iterator[Trouble]:
    for what, rule, problem in (
        ("address", "address-twice", "Two chips have one address: which of them answers is chance."),
        ("mac", "mac-twice", "Two chips have one MAC address."),
    ):
        owners: dict[str, list[Port]] = defaultdict(list)
        for port in ports:
            value = getattr(port, what)
            if value:
                owners[str(value).casefold()].append(port)
        for value, found in owners.items():
            if len(found) > 1:
                keys = tuple(port.key for port in found)
                yield Trouble(
                    rule,
                    "alarm",
                    " and ".join(port.place for port in found),
                    problem,
                    f"{what} {value}",
                    "Give each chip its own: correct ascend_device_network (or hccn.conf) of one of the hosts.",
                    _TOOL,
                    keys,
                    keys,
                )


def _tls(ports: Sequence[Port]) -> Iterator[Trouble]:
    odd = _odd(ports, lambda port: port.tls)
    if odd:
        value, found, common = odd
        others = _known(ports, lambda port: port.tls) - len(found)
        words = {True: "on", False: "off"}
        yield Trouble(
            "tls-mixed",
            "alarm",
            _places(found, ports),
            "TLS is not the same on every chip; HCCL refuses to connect them (EI0016).",
            f"{words[value]} here, {words[common]} on the other {others} chips",
            "Set tls in ascend_device_network for the whole fleet, or: "
            + "; ".join(f"hccn_tool -i {port.key.chip} -tls -s enable {int(common)}" for port in found[:2])
            + " on the host.",
            _HCCL,
            tuple(port.key for port in found),
        )


def _speeds(ports: Sequence[Port]) -> Iterator[Trouble]:
    up = [port for port in ports if (port.link or "UP").upper() == "UP"]
    for family in sorted({port.family or "" for port in up}):
        alike = [port for port in up if (port.family or "") == family]
        odd = _odd(alike, lambda port: port.speed)
        if odd:
            value, found, common = odd
            yield Trouble(
                "speed-differs",
                "alarm",
                _places(found, ports),
                "The port runs at another speed than the others.",
                f"{value} Mb/s, others {common} Mb/s",
                "Look at the speed of the switch port, the optical module's type and a forced speed: "
                f"hccn_tool -i {found[0].key.chip} -generic -s auto_adapt lets both ends agree again.",
                _TOOL,
                tuple(port.key for port in found),
            )


def _mtus(ports: Sequence[Port]) -> Iterator[Trouble]:
    odd = _odd(ports, lambda port: port.mtu)
    if odd:
        value, found, common = odd
        yield Trouble(
            "mtu-differs",
            "warn",
            _places(found, ports),
            "The port has another MTU than the others: small packets pass and large ones are lost.",
            f"MTU {value}, others {common}",
            "Set mtu in /etc/hccn.conf to what the switches carry, the same everywhere.",
            _TOOL,
            tuple(port.key for port in found),
        )


def _priorities(ports: Sequence[Port]) -> Iterator[Trouble]:
    odd = _odd(ports, lambda port: port.priorities)
    if odd:
        value, found, common = odd
        yield Trouble(
            "pfc-differs",
            "warn",
            _places(found, ports),
            "Flow control (PFC) is on for other priorities than on the others: packets are dropped under load.",
            f"bitmap {value}, others {common}",
            "Set pfc in ascend_device_network the same everywhere, and as the switches have it.",
            _TOOL,
            tuple(port.key for port in found),
        )


def _masks(ports: Sequence[Port]) -> Iterator[Trouble]:
    """A mask that differs from those of most ports whose networks overlap with its own."""
    addressed = [(port, network) for port in ports if (network := port.network) is not None]
    counts = Counter(network for _port, network in addressed)
    lengths = {(network.version, network.prefixlen) for network in counts}
    # By network, how many ports around it have which prefix length: a network meets only those that hold it.
    around: dict[Network, Counter[int]] = defaultdict(Counter)
    for network in counts:
        for version, length in lengths:
            if version == network.version and length < network.prefixlen:
                wider = network.supernet(new_prefix=length)
                if wider in counts:
                    around[network][length] += counts[wider]
                    around[wider][network.prefixlen] += counts[network]
    for port, network in addressed:
        length, count = (around[network].most_common(1) or [(0, 0)])[0]
        if count > counts[network]:
            yield _single(
                port,
                "netmask-wrong",
                "The chip's netmask is another than that of its neighbours.",
                f"/{network.prefixlen} ({network}) here, /{length} on {count} chips around it",
                "Correct netmask in ascend_device_network and run ascend.fleet.site.",
            )


def _targets(ports: Sequence[Port]) -> Iterator[Trouble]:
    """A detection target other than that of most ports of the same network."""
    networks: dict[Network, list[Port]] = defaultdict(list)
    for port in ports:
        if port.address and port.network is not None and _target(port):
            networks[port.network].append(port)
    for network, members in networks.items():
        odd = _odd(members, _target)
        if not odd:
            continue
        for port in odd[1]:
            failing = (port.health or "Success").casefold() not in ("success", "init")
            yield _single(
                port,
                "netdetect-differs",
                "The chip probes another detection target than its neighbours.",
                f"{port.netdetect} here, {odd[2]} on the others of {network}; net health status: {port.health}",
                "Correct netdetect in ascend_device_network and run ascend.fleet.site.",
                level="alarm" if failing else "warn",
                explains=False,
            )


def _target(port: Port) -> str | None:
    return port.netdetect if port.netdetect not in (None, "0.0.0.0") else None


def _cables(ports: Sequence[Port]) -> Iterator[Trouble]:
    """Ports at another switch than the wiring of the others lets expect, by LLDP: cables that were exchanged."""
    plugged = [port for port in ports if port.switch]
    usual = _wiring(plugged)
    odd = {port.key: port for port in plugged if usual.get(port.key, port.switch) != port.switch}
    while odd:
        key = min(odd)
        port = odd[key]
        partner = next(
            (one for one in odd.values() if one.switch == usual[key] and usual[one.key] == port.switch), None
        )
        found = [port, partner] if partner else [port]
        odd = {other: one for other, one in odd.items() if one not in found}
        places_ = " and ".join(one.place for one in found)
        yield Trouble(
            "cables-swapped" if partner else "cable-elsewhere",
            "warn",
            places_,
            "The cables of these two chips are exchanged." if partner else "The cable leads to another switch.",
            "; ".join(f"{one.key} is at {one.switch}, its like are at {usual[one.key]}" for one in found),
            "Plug each cable in where the wiring of the other hosts has it."
            if partner
            else f"Plug the cable into {usual[key]}, as on the other hosts.",
            _TOOL,
            tuple(one.key for one in found),
        )


def _wiring(plugged: Sequence[Port]) -> dict[Key, str]:
    """By port, the switch that the others' wiring lets expect; empty where no wiring shows.

    Two are known: one switch for each chip number (rails), and one for all chips of a host. What nine of ten ports keep
    to is the wiring.
    """
    ways: tuple[Callable[[Port], Any], ...] = (lambda port: port.key.chip, lambda port: port.key.host)
    for group in ways:
        switches: dict[Any, Counter[str]] = defaultdict(Counter)
        for port in plugged:
            switches[group(port)][str(port.switch)] += 1
        first = {name: count.most_common(1)[0] for name, count in switches.items()}
        kept = sum(count for _switch, count in first.values())
        alike = all(count.total() >= 3 for count in switches.values())
        if alike and len({name for name, _count in first.values()}) > 1 and kept * 10 >= len(plugged) * 9:
            return {port.key: first[group(port)][0] for port in plugged}
    return {}


def _gateways(ports: Sequence[Port]) -> Iterator[Trouble]:
    """A gateway that is missing, or another one, where the ports of the same network have one."""
    networks: dict[Network, list[Port]] = defaultdict(list)
    for port in ports:
        if port.address and port.network is not None:
            networks[port.network].append(port)
    several = len(networks) > 1
    for network, members in networks.items():
        counts = Counter(port.gateway for port in members if port.gateway)
        without = [port for port in members if not port.gateway]
        if counts and without:
            common = counts.most_common(1)[0][0]
            for port in without:
                yield _single(
                    port,
                    "gateway-missing",
                    "The chip has no gateway, unlike its neighbours.",
                    f"{sum(counts.values())} chips of {network} use {common}",
                    "Set gateway in ascend_device_network, or: "
                    f"hccn_tool -i {port.key.chip} -gateway -s gateway {common}",
                    level="alarm" if several else "warn",
                    explains=several,
                )
        odd = _odd(members, lambda port: port.gateway)
        if odd:
            value, found, common = odd
            yield Trouble(
                "gateway-differs",
                "warn",
                _places(found, ports),
                "The chip uses another gateway than its neighbours.",
                f"{value} here, {common} on the others of {network}",
                "Correct gateway in ascend_device_network, unless both lead everywhere.",
                _TOOL,
                tuple(port.key for port in found),
            )


def _single(
    port: Port, rule: str, problem: str, evidence: str, fix: str, level: Level = "alarm", explains: bool = True
) -> Trouble:
    keys: tuple[Key, ...] = (port.key,)
    return Trouble(rule, level, port.place, problem, evidence, fix, _TOOL, keys, keys if explains else ())


def _odd(ports: Sequence[Port], value: Callable[[Port], Any]) -> tuple[Any, list[Port], Any] | None:
    """(value, ports that have another value than most, what most have); None where all that is known is the same.

    The first of the others' values stands for them. Where no value has more than another, the smaller group in the
    order of hosts is the one that is named.
    """
    counts = Counter(found for port in ports if (found := value(port)) is not None)
    if len(counts) < 2:
        return None
    common = counts.most_common(1)[0][0]
    odd = [port for port in ports if value(port) is not None and value(port) != common]
    return value(odd[0]), odd, common


def _known(ports: Sequence[Port], value: Callable[[Port], Any]) -> int:
    return sum(value(port) is not None for port in ports)


def _places(found: Sequence[Port], ports: Sequence[Port]) -> str:
    """The smallest words for ports: hosts of which all are meant, else chips."""
    return places([port.key for port in found], [port.key for port in ports])


def places(found: Iterable[Key], every: Iterable[Key]) -> str:
    """The smallest words for some of the ports: `npu-2` where all of a host's are meant, else `npu-2 chips 0, 3`."""
    chips: dict[str, list[int]] = defaultdict(list)
    for key in sorted(set(found)):
        chips[key.host].append(key.chip)
    totals = Counter(key.host for key in set(every))
    whole = [host for host, mine in chips.items() if len(mine) == totals[host]]
    parts = [fold(whole)] if whole else []
    for host, mine in chips.items():
        if host not in whole:
            parts.append(f"{host} chip{'s' if len(mine) > 1 else ''} {', '.join(map(str, mine))}")
    return "; ".join(parts)


CHECKS: tuple[Callable[[Sequence[Port]], Iterator[Trouble]], ...] = (
    _duplicates,
    _tls,
    _speeds,
    _mtus,
    _priorities,
    _masks,
    _targets,
    _cables,
    _gateways,
)
