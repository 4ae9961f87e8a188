# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ascend_device_network of all hosts to the lines of hccn.conf of each, judged together. Pure."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils.network import conf
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import lines
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.spread import Claim, Range, spread

VARIABLE = "ascend_device_network"
_CHIPS_PER_HOST = 8


@dataclass(frozen=True)
class Server:
    """One host of the inventory.

    wish: ascend_device_network, judged by its specification. index: ascend_device_network_index.
    ports: the row `network` of its chip family in the catalog; None for a family without ports, {} where the family is
    not known. chips: their physical numbers; None where nobody has looked. has: {chip: address} of hccn.conf and chips.
    """

    name: str
    wish: Mapping[str, Any]
    index: int | None = None
    family: str | None = None
    ports: Mapping[str, Any] | None = None
    chips: tuple[int, ...] | None = None
    has: Mapping[int, str] = field(default_factory=dict)
    in_super_pod: bool = False
    container: bool = False


@dataclass
class Answer:
    """What one host gets: {chip: {key of hccn.conf: value}}, and what is wrong with what it asks for."""

    chips: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


_Key = tuple[int, int, int, str]  # first and last address, size of a place, netmask
_Pools = dict[_Key, dict[str, tuple[Server, dict[str, Any]]]]


class _Wrong(Exception):
    """A value that cannot be used, in words."""


def judge(servers: Iterable[Server]) -> dict[str, Answer]:
    """What every host gets, by name. The time grows with the number of chips, not with its square."""
    servers = list(servers)
    answers = {server.name: Answer() for server in servers}
    given: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    pools: _Pools = defaultdict(dict)
    for server in servers:
        answers[server.name].errors.extend(_family(server))
        try:
            _explicit(server, given[server.name])
        except _Wrong as error:
            answers[server.name].errors.append(str(error))
        for row in server.wish.get("ranges") or ():
            try:
                pools[_pool(server, row)][server.name] = (server, row)
            except _Wrong as error:
                answers[server.name].errors.append(str(error))
    for said, names in _crossing(pools):
        for name in names:
            answers[name].errors.append(said)
    for key, users in pools.items():
        pool = Range(*key, _spoken_for(users.values()))
        claims = [Claim(name, server.index, _has(server, row)) for name, (server, row) in users.items()]
        places, refused = spread(pool, claims)
        for name, why in refused.items():
            answers[name].errors.append(f"{users[name][1]['addresses']}: {why}.")
        for name, place in places.items():
            server, row = users[name]
            for number, address in zip(_chips_of(row), pool.addresses(place), strict=True):
                if server.chips is not None and number not in server.chips and not row.get("chips"):
                    continue  # a host with fewer chips than places
                values = {**_common(server.wish, row), "address": str(ipaddress.IPv4Address(address))}
                given[name].setdefault(number, values)
    for server in servers:
        answer = answers[server.name]
        answer.errors.extend(_counted(server, given[server.name]))
        for number, values in sorted(given[server.name].items()):
            try:
                _net(server, number, values)
                answer.chips[str(number)] = lines.of_chip(number, values, server.wish, server.ports or {})
            except (_Wrong, lines.WrongSetting) as error:
                if str(error) not in answer.errors:
                    answer.errors.append(str(error))
        answer.errors.extend(_mixed(answer))
    _duplicates(servers, answers)
    return answers


def _family(server: Server) -> Iterator[str]:
    named = f"chips of family {server.family}"
    if server.container:
        yield "a container uses the network that its host has set: set ascend_device_network for the host only."
    elif server.ports is None:
        yield f"{named} have no RoCE port. Leave ascend_device_network out for such hosts."
    elif server.ports.get("port", "roce") != "roce":
        yield (
            f"the ports of {named} are no RoCE ports and have no addresses in hccn.conf. Leave ascend_device_network "
            "out for such hosts."
        )


def _explicit(server: Server, given: dict[int, dict[str, Any]]) -> None:
    chips = server.wish.get("chips") or {}
    for name, row in chips.items():
        if not str(name).isdigit() or not isinstance(row, Mapping) or not row.get("address"):
            raise _Wrong(
                f"chips takes {{number of the chip: {{address: ..., netmask: ...}}}}, and says {name!r}: {row!r}."
            )
        unknown = sorted(set(row) - {"address", "netmask", "gateway", "netdetect"})
        if unknown:
            raise _Wrong(f"chips of chip {name} takes address, netmask, gateway and netdetect, and names {unknown[0]}.")
        given[int(name)] = {**_common(server.wish, row), "address": str(row["address"])}


def _common(wish: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Netmask, gateway and detection target: the row's own, else those of the whole."""
    values = {key: row.get(key) or wish.get(key) for key in ("netmask", "gateway", "netdetect")}
    return {key: str(value) for key, value in values.items() if value}


def _pool(server: Server, row: Mapping[str, Any]) -> _Key:
    """A range; those of several hosts that are the same one are told by it."""
    first, last = _ends(row["addresses"])
    common = _common(server.wish, row)
    if not common.get("netmask"):
        raise _Wrong(f"{row['addresses']} has no netmask: set netmask beside it, or for all ranges.")
    netmask = _mask(common["netmask"])
    return first, last, len(_chips_of(row)), netmask


def _spoken_for(users: Iterable[tuple[Server, Mapping[str, Any]]]) -> frozenset[int]:
    """The gateways and detection targets of all hosts that take of a range."""
    texts = {text for server, row in users for key, text in _common(server.wish, row).items() if key != "netmask"}
    return frozenset(int(ipaddress.IPv4Address(text)) for text in texts if _version(text) == 4)


def _chips_of(row: Mapping[str, Any]) -> list[int]:
    """The numbers of the chips that take their addresses from a range, in the order they take them."""
    return list(row.get("chips") or range(row.get("chips_per_host") or _CHIPS_PER_HOST))


def _has(server: Server, row: Mapping[str, Any]) -> dict[int, int]:
    """What a host has of a range already: {which of the place's addresses: address}."""
    return {
        position: int(ipaddress.IPv4Address(server.has[number]))
        for position, number in enumerate(_chips_of(row))
        if _version(server.has.get(number)) == 4
    }


def _ends(text: str) -> tuple[int, int]:
    begin, dash, end = str(text).partition("-")
    try:
        if dash:
            first, last = (int(ipaddress.IPv4Address(part.strip())) for part in (begin, end))
        else:
            net = ipaddress.IPv4Network(begin.strip())
            first, last = int(net.network_address), int(net.broadcast_address)
    except ValueError as error:
        if ":" in str(text):
            raise _Wrong(f"{text}: ranges are of IPv4. {_NO_IPV6}") from error
        raise _Wrong(
            f"{text!r} is no range of addresses: it takes 198.51.100.0/24, or 198.51.100.8-198.51.100.250."
        ) from error
    if last < first:
        raise _Wrong(f"{text!r} ends before it begins.")
    return first, last


_NO_IPV6 = "Give the chips IPv6 addresses one by one (chips), or IPv4 addresses."


def _mask(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(f"0.0.0.0/{text}").netmask)
    except ValueError as error:
        raise _Wrong(f"netmask {text!r} is none: it takes 255.255.255.0, or 24.") from error


def _version(text: Any) -> int | None:
    try:
        return ipaddress.ip_address(str(text)).version
    except ValueError:
        return None


def _crossing(pools: _Pools) -> Iterator[tuple[str, set[str]]]:
    """Ranges that are not the same and share addresses: whoever takes of one does not know of the other."""
    spans = sorted(((key[0], key[1]), key) for key in pools)
    furthest: tuple[tuple[int, int], _Key] | None = None
    for span, key in spans:
        if furthest and span[0] <= furthest[0][1]:
            names = {*pools[furthest[1]], *pools[key]}
            texts = sorted({str(row["addresses"]) for one in (furthest[1], key) for _s, row in pools[one].values()})
            yield (
                (
                    f"ranges overlap with different ends, netmasks or numbers of chips ({', '.join(texts)}): "
                    "make them the same everywhere, or let each have addresses of its own."
                ),
                names,
            )
        if furthest is None or span[1] > furthest[0][1]:
            furthest = (span, key)


def _counted(server: Server, given: Mapping[int, Any]) -> Iterator[str]:
    if server.chips is None or not server.wish:
        return
    absent = sorted(set(given) - set(server.chips))
    without = sorted(set(server.chips) - set(given))
    if absent:
        yield f"addresses are given for chip {', '.join(map(str, absent))}, and the host has {len(server.chips)} chips."
    if without and given:
        yield (
            f"chip {', '.join(map(str, without))} of {len(server.chips)} gets no address: set chips_per_host (8 unless "
            "set) of the range, or name the chips."
        )


def _net(server: Server, number: int, values: dict[str, Any]) -> None:
    """Judge the addresses of one chip and bring the netmask into its form. Raises _Wrong."""
    where = f"chip {number}: "
    versions = {key: _version(values[key]) for key in ("address", "gateway", "netdetect") if key in values}
    for key, version in versions.items():
        if version is None:
            raise _Wrong(f"{where}{key} {values[key]!r} is no IP address.")
        if version != versions["address"]:
            raise _Wrong(f"{where}{key} {values[key]} is of another IP version than address {values['address']}.")
    if "netmask" not in values:
        raise _Wrong(f"{where}address {values['address']} has no netmask: set netmask.")
    if versions["address"] == 6:
        _net_6(server, where, values)
        return
    values["netmask"] = _mask(values["netmask"])
    net = ipaddress.IPv4Network(f"{values['address']}/{values['netmask']}", strict=False)
    address = ipaddress.IPv4Address(values["address"])
    if net.prefixlen < 31 and address in (net.network_address, net.broadcast_address):
        raise _Wrong(f"{where}{address} is the address of the net {net} itself, or its broadcast address.")
    for key in ("gateway", "netdetect"):
        if key in values and ipaddress.IPv4Address(values[key]) not in net:
            raise _Wrong(f"{where}{key} {values[key]} is outside the net {net} of address {address}.")
    if values.get("gateway") == values["address"]:
        raise _Wrong(f"{where}address {address} is also its gateway.")
    ports = server.ports or {}
    reserved = list(ports.get("reserved") or ())
    if server.in_super_pod:
        reserved = list(ports.get("reserved_in_super_pod") or reserved)
    for text in reserved:
        if address in ipaddress.IPv4Network(text):
            raise _Wrong(f"{where}{address} is in {text}, which the driver of family {server.family} keeps for itself.")


def _net_6(server: Server, where: str, values: dict[str, Any]) -> None:
    """The same of IPv6, whose netmask is the length of the prefix. Raises _Wrong."""
    known = (server.ports or {}).get("ip_versions")
    if known and 6 not in known:
        raise _Wrong(
            f"{where}address {values['address']} is of IPv6, and chips of family {server.family} have no IPv6: give "
            "them IPv4 addresses."
        )
    if "gateway" in values:
        # hccn_tool takes the gateway away from one chip when another one gets it (the driver's own source).
        raise _Wrong(
            f"{where}gateway {values['gateway']}: hccn_tool keeps one IPv6 gateway for all chips together, so "
            "ascend.fleet sets none: leave it out."
        )
    if server.wish.get("policy_routes"):
        raise _Wrong(f"{where}policy_routes is set, which is of IPv4: leave it out.")
    try:
        net = ipaddress.IPv6Network(f"{values['address']}/{values['netmask']}", strict=False)
    except ValueError as error:
        raise _Wrong(f"{where}netmask {values['netmask']!r} is no prefix length of IPv6, such as 64.") from error
    address = ipaddress.IPv6Address(values["address"])
    if address.is_multicast or address.is_unspecified or address.is_loopback or address.is_link_local:
        raise _Wrong(f"{where}{address} is no address that other hosts could reach.")
    if "netdetect" in values:
        target = ipaddress.IPv6Address(values["netdetect"])
        if target not in net:
            raise _Wrong(f"{where}netdetect {target} is outside the net {net} of address {address}.")
        values["netdetect"] = str(target)
    values.update(address=str(address), netmask=str(net.prefixlen))


def _mixed(answer: Answer) -> Iterator[str]:
    if len({":" in str(conf.address(values)) for values in answer.chips.values()}) > 1:
        yield "some chips have IPv4 and some IPv6 addresses, which HCCL refuses (EI0001): give all the same kind."


def _duplicates(servers: Iterable[Server], answers: dict[str, Answer]) -> None:
    """Say of every address that stands twice in the fleet who has it."""
    users: dict[str, list[tuple[str, str]]] = defaultdict(list)
    gateways: set[str] = set()
    for server in servers:
        for number, values in answers[server.name].chips.items():
            users[str(conf.address(values))].append((server.name, number))
            gateways.update([values["gateway"]] if "gateway" in values else [])
    for address, places in users.items():
        if len(places) > 1:
            named = ", ".join(f"chip {number} of {name}" for name, number in places[:4])
            for name in dict.fromkeys(name for name, _number in places):
                answers[name].errors.append(f"{address} is wanted for {named}: an address belongs to one chip.")
        if address in gateways:
            for name in dict.fromkeys(name for name, _number in places):
                answers[name].errors.append(f"{address} is wanted for a chip and is also a gateway of the fleet.")
