# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the probes that fail to the smallest thing that explains them, not the pairs that suffer.

A thing (a chip's port, a host, a switch, a network ...) is guilty when every probe through it fails, as far as no known
trouble of a port explains it. Of the guilty things the one that explains the most failures is named; of those that
explain the same, the smallest. Where two of a kind explain the same failures (two hosts that reach everybody but each
other), neither is guilty and what is between them is. Then the failures that are left are looked at in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.ascend.fleet.plugins.plugin_utils.network.compare import places
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.model import Key, Level, Port, Result, Trouble

_METHOD = "the probes of this run"


class _Kind(NamedTuple):
    """A kind of thing that can be to blame."""

    name: str
    # What of this kind a probe passes through; () where it passes through none that is known.
    of: Callable[[Port, Port], tuple[str, ...]]
    problem: str
    fix: str


def _host(source: Port, target: Port) -> tuple[str, ...]:
    # A host whose chips reach each other and nobody else is no less to blame: the ring inside does not count.
    return (source.key.host, target.key.host) if source.key.host != target.key.host else ()


def _switch(source: Port, target: Port) -> tuple[str, ...]:
    return tuple(sorted({port.switch for port in (source, target) if port.switch}))


def _rail(source: Port, target: Port) -> tuple[str, ...]:
    return tuple(sorted({f"chip {port.key.chip}" for port in (source, target)}))


def _network(source: Port, target: Port) -> tuple[str, ...]:
    names = {str(port.network) for port in (source, target) if port.network is not None}
    return tuple(sorted(names)) if len(names) == 2 else ()


def _fabric(source: Port, target: Port) -> tuple[str, ...]:
    return ("the network between the hosts",) if source.key.host != target.key.host else ()


def _between(of: Callable[[Port, Port], tuple[str, ...]]) -> Callable[[Port, Port], tuple[str, ...]]:
    def pair(source: Port, target: Port) -> tuple[str, ...]:
        names = sorted(set(of(source, target)))
        return (" and ".join(names),) if len(names) == 2 else ()

    return pair


def _ports(source: Port, target: Port) -> tuple[str, ...]:
    return (str(source.key), str(target.key))


# From the smallest to the largest: the first of those that explain the same is named.
_SINGLE = (
    _Kind(
        "port",
        _ports,
        "Nobody reaches this chip, and nothing is wrong with it or its link.",
        "Look at the switch port it is plugged into: VLAN, access list, isolation.",
    ),
    _Kind(
        "host",
        _host,
        "No chip of another host reaches this host's chips.",
        "Look at what all its ports share: their VLAN, a firewall, routes, its leaf switch; and at its driver.",
    ),
    _Kind(
        "switch",
        _switch,
        "Nothing passes this switch.",
        "Look at the switch: power, its uplinks, the VLAN of its ports.",
    ),
    _Kind(
        "rail",
        _rail,
        "The chips of this number reach nobody, on any host.",
        "They share a switch or a network: look at that.",
    ),
    _Kind(
        "network",
        _network,
        "Nothing leaves or enters this network.",
        "Look at the gateway of the network: is it up, and does it route between the networks.",
    ),
    _Kind(
        "fabric",
        _fabric,
        "No host reaches another.",
        "Look at what joins the hosts: switches, VLANs, whether the ports are cabled to the same network.",
    ),
)
_PAIRS = (
    _Kind(
        "between-switches",
        _between(_switch),
        "Nothing passes between these two switches.",
        "Look at what joins them: the link, its VLANs, the spine.",
    ),
    _Kind(
        "between-networks",
        _between(_network),
        "Nothing passes between these two networks.",
        "Look at the routes between them, and at the gateways.",
    ),
    _Kind(
        "between-hosts",
        _between(_host),
        "These two hosts do not reach each other.",
        "Look at what joins just these two: access lists, addresses of one in a firewall of the other, static ARP.",
    ),
    _Kind(
        "path",
        _between(_ports),
        "These two chips do not reach each other, and both reach others.",
        "Look at access lists, static ARP entries and the link of a trunk that this pair is hashed to.",
    ),
)


def blame(ports: Mapping[Key, Port], results: Sequence[Result], known: Iterable[Trouble]) -> list[Trouble]:
    """What explains the probes that failed, and those that lost packets.

    Args:
        ports: every port of the fleet.
        results: how the probes ended.
        known: troubles found without probes; what they explain is not blamed on anybody else.
    """
    explained = {key for trouble in known for key in trouble.explains}
    judged = [
        one
        for one in results
        if one.state != "unknown" and not {one.probe.source, one.probe.target} & explained and _both(ports, one)
    ]
    failed = _explain(ports, judged, ("fail",), "alarm", "")
    guilty = {key for trouble in failed for key in trouble.explains}
    rest = [one for one in judged if one.state != "fail" and not {one.probe.source, one.probe.target} & guilty]
    return failed + _explain(ports, rest, ("loss",), "alarm", "Packets are lost. ")


def _both(ports: Mapping[Key, Port], result: Result) -> bool:
    return result.probe.source in ports and result.probe.target in ports


def _explain(
    ports: Mapping[Key, Port], results: Sequence[Result], states: tuple[str, ...], level: Level, prefix: str
) -> list[Trouble]:
    left = {number for number, one in enumerate(results) if one.state in states}
    if not left:
        return []
    bad = frozenset(left)
    few = len({key.host for one in results for key in (one.probe.source, one.probe.target)}) < 3
    kinds = [kind for kind in _SINGLE if not (few and kind.name == "fabric")]  # of two hosts: what is between them
    single = [(kind, *row) for kind in kinds for row in _guilty(kind, ports, results, bad).items()]
    pairs = [(kind, *row) for kind in _PAIRS for row in _guilty(kind, ports, results, bad).items()]
    found: list[Trouble] = []
    while left:
        best = _best(single, left) or _best(pairs, left)
        if best is None:  # every path is guilty of its own failure, so this is a path that was never probed
            break
        kind, name, numbers = best
        found.append(_named(kind, name, ports, [results[number] for number in sorted(numbers)], level, prefix))
        left -= numbers
    return found


def _guilty(
    kind: _Kind, ports: Mapping[Key, Port], results: Sequence[Result], bad: frozenset[int]
) -> dict[str, frozenset[int]]:
    """By name, the probes of the things of a kind through which nothing passes."""
    through: dict[str, set[int]] = defaultdict(set)
    for number, one in enumerate(results):
        for name in kind.of(ports[one.probe.source], ports[one.probe.target]):
            through[name].add(number)
    return {name: frozenset(numbers) for name, numbers in through.items() if numbers <= bad}


def _best(
    rows: Sequence[tuple[_Kind, str, frozenset[int]]], left: set[int]
) -> tuple[_Kind, str, frozenset[int]] | None:
    """The thing that explains most of what is left; None where there is none, or two of a kind are equally good."""
    candidates = [(len(numbers & left), row) for row in rows for numbers in [row[2]] if numbers & left]
    while candidates:
        most = max(count for count, _row in candidates)
        top = [row for count, row in candidates if count == most]
        kind = top[0][0]
        alike = [row for row in top if row[0] is kind]
        clear = [
            row for row in alike if not any(row[2] & left == other[2] & left for other in alike if other is not row)
        ]
        if clear:
            return clear[0]
        # Two of a kind explain the very same: what is between them is to blame, or something larger.
        candidates = [(count, row) for count, row in candidates if row not in alike]
    return None


def _named(
    kind: _Kind, name: str, ports: Mapping[Key, Port], results: Sequence[Result], level: Level, prefix: str
) -> Trouble:
    touched = {key for one in results for key in (one.probe.source, one.probe.target)}
    members = sorted(
        key for key in touched if kind in _PAIRS or kind.name == "fabric" or _belongs(kind, name, ports[key])
    )
    explains = tuple(members) if kind in _SINGLE else ()
    where = ports[members[0]].place if kind.name == "port" and members else name
    evidence = _evidence(results, "lose packets" if prefix else "fail")
    if kind.name in ("switch", "rail", "network"):
        evidence += f"; its ports: {places(members, ports)}"
    elif kind.name == "host":
        switches = sorted({switch for key in members if (switch := ports[key].switch)})
        evidence += f"; its ports are at {', '.join(switches)}" if switches else ""
    rule = {"port": "switch-port"}.get(kind.name, kind.name)
    return Trouble(
        f"{rule}-{'loses' if prefix else 'unreached'}",
        level,
        {"host": f"host {name}", "switch": f"switch {name}"}.get(kind.name, where),
        prefix + (kind.problem if not prefix else _LOSING[kind.name]),
        evidence,
        kind.fix
        if not prefix
        else "Look at errors on the switch ports along the way; clean or replace cables and optics.",
        _METHOD,
        tuple(members),
        explains,
    )


def _belongs(kind: _Kind, name: str, port: Port) -> bool:
    mine = {
        "port": str(port.key),
        "host": port.key.host,
        "switch": port.switch,
        "rail": f"chip {port.key.chip}",
        "network": str(port.network),
    }
    return mine[kind.name] == name


_LOSING = {
    "fabric": "Every path between hosts loses some.",
    "port": "Every path to this chip loses some.",
    "host": "Every path to this host loses some.",
    "switch": "Every path through this switch loses some.",
    "rail": "Every path between the chips of this number loses some.",
    "network": "Every path into or out of this network loses some.",
    "between-switches": "Every path between these two switches loses some.",
    "between-networks": "Every path between these two networks loses some.",
    "between-hosts": "Every path between these two hosts loses some.",
    "path": "The path between these two chips loses some.",
}


def _evidence(results: Sequence[Result], verb: str) -> str:
    first = results[0]
    said = f", {first.message}" if first.message else ""
    lost = "" if first.loss is None else f" ({first.loss:g}% lost{said})"
    count = len(results)
    probe = f"{first.probe.source} to {first.probe.target}{lost}"
    return f"{probe}" if count == 1 else f"all {count} probes through it {verb}, such as {probe}"
