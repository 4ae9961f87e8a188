# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets its files from whom: hosts that want the same files as trees, the control node at their roots. No IO."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

AUTO = "auto"
# What the playbooks register the result of ascend.fleet.relay_tree as.
VARIABLE = "ascend_fleet_relays"
# A host asks its relay first, then so many others, then the URL, then the connection.
SOURCES_AT_MOST = 4
# The hosts of one of these networks count as one rack where nobody says which they are in.
_PREFIX = {4: 24, 6: 64}


@dataclass(frozen=True)
class Member:
    """A host that is going to get files.

    Args:
        name: in the inventory.
        address: where its neighbours reach it; empty where that is not known.
        rack: what it is in together with its neighbours.
        files: what tells hosts with other files apart.
    """

    name: str
    address: str
    rack: str
    files: Any = ()


@dataclass
class Tree:
    """The relays, and whom each host asks, the nearest first. A host without sources is given its files."""

    relays: list[str] = field(default_factory=list)
    sources: dict[str, list[str]] = field(default_factory=dict)


def rack_of(said: str | None, address: str) -> str:
    """The rack of a host: what the user said, else its network (/24, or /64 of IPv6), else one for all."""
    if said:
        return f"rack {said}"
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network(f"{address}/{_PREFIX[parsed.version]}", strict=False))


def grow(members: Iterable[Member], wanted: Sequence[str], fan: int) -> Tree:
    """Choose relays and whom each host asks.

    Hosts with different files have trees of their own. The first relay of a rack gets its files from another rack's,
    the others from relays of their own rack, at most `fan` from each; so a link into a rack carries a file once, and
    the control node sends it once. Where a relay falls out, those that it served spread over others that still have a
    place free, and the tree goes on nearly as fast. No host waits for one that waits for it.

    Args:
        members: in the order of the play.
        wanted: names of relays, or AUTO: as many hosts of each rack, from the first one on, as `fan` takes.
        fan: how many hosts a relay serves at the same time.
    """
    tree = Tree()
    groups: dict[Any, list[Member]] = {}
    for member in members:
        groups.setdefault(member.files, []).append(member)
    for group in groups.values():
        _grow(tree, group, wanted, max(1, fan))
    return tree


def _grow(tree: Tree, group: list[Member], wanted: Sequence[str], fan: int) -> None:
    if len(group) < 2:
        return
    racks: dict[str, list[Member]] = {}
    for member in group:
        racks.setdefault(member.rack, []).append(member)
    chosen = {rack: _relays(some, wanted, fan) for rack, some in racks.items()}
    with_relays = [some for some in chosen.values() if some]
    if not with_relays:
        return
    heads = [some[0] for some in with_relays]
    order = heads + [name for names in with_relays for name in names[1:]]
    parents: dict[str, str | None] = {name: heads[(at - 1) // fan] if at else None for at, name in enumerate(heads)}
    for names in with_relays:
        parents.update({name: names[(at - 1) // fan] for at, name in enumerate(names) if at})
    place = {name: at for at, name in enumerate(order)}
    served = dict.fromkeys(order, 0)
    for parent in parents.values():
        if parent is not None:
            served[parent] += 1
    for rack, some in racks.items():
        near = chosen[rack] or order
        for member in some:
            if member.name not in parents:
                parents[member.name] = min(near, key=lambda name: (served[name], -place[name]))
                served[parents[member.name] or ""] += 1
    tree.relays += order
    stand_ins = _stand_ins(parents, served, {member.name: chosen[member.rack] for member in group}, heads, order)
    for rack, some in racks.items():
        for member in some:
            earlier = order[: place.get(member.name, len(order))]
            tree.sources[member.name] = _sources(
                member.name, parents, stand_ins.get(member.name), earlier, set(chosen[rack])
            )


def _relays(some: list[Member], wanted: Sequence[str], fan: int) -> list[str]:
    """The relays of a rack, in the order of the play."""
    able = [member.name for member in some if member.address]
    if AUTO not in wanted:
        return [name for name in able if name in wanted]
    # In a tree in which each serves `fan`, so many serve, and one more for one that falls out. A rack of one host is in
    # the tree of the racks.
    return able[: max(1, min(len(some) - 1, -(-(len(some) - 1) // fan) + 1))]


def _stand_ins(
    parents: Mapping[str, str | None],
    served: Mapping[str, int],
    near: Mapping[str, list[str]],
    heads: list[str],
    order: list[str],
) -> dict[str, str]:
    """Whom a host asks when its relay falls out: who serves fewest then, and does not get its files from that relay.

    Args:
        parents: the relay of each host.
        served: how many hosts each relay serves.
        near: the relays of the rack of each host.
        heads: the first relay of each rack.
        order: all relays.
    """
    children: dict[str, list[str]] = {}
    for name, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(name)
    above = {name: set(_above(name, parents)) for name in order}
    first = set(heads)
    found = {}
    for relay, orphans in children.items():
        lent: Counter[str] = Counter()
        for orphan in orphans:
            near_it = heads if orphan in first else near[orphan] or order
            able = [name for name in near_it if name != relay and relay not in above[name]]
            if able:
                # Of several the first, which gets its files before the others.
                found[orphan] = min(able, key=lambda name: served[name] + lent[name])
                lent[found[orphan]] += 1
    return found


def _above(name: str, parents: Mapping[str, str | None]) -> list[str]:
    """The relay of a host, that one's relay, and so on."""
    found = []
    above = parents[name]
    while above is not None:
        found.append(above)
        above = parents[above]
    return found


def _sources(
    name: str, parents: Mapping[str, str | None], stand_in: str | None, earlier: list[str], near: set[str]
) -> list[str]:
    """Its relay, who stands in for that, the one above, then others, the near ones first."""
    above = _above(name, parents)
    others = earlier[::-1]
    others.sort(key=lambda other: other not in near)
    ways = [*above[:1], *([stand_in] if stand_in else []), *above[1:2], *others, *above[2:]]
    return list(dict.fromkeys(ways))[:SOURCES_AT_MOST]


def of_host(task_vars: Mapping[str, Any]) -> list[str] | None:
    """The URLs that a host asks, as the playbooks have registered them; None where this run has no relays for it."""
    result = task_vars.get(VARIABLE)
    sources = result.get("sources") if isinstance(result, Mapping) else None
    mine = sources.get(task_vars.get("inventory_hostname")) if isinstance(sources, Mapping) else None
    return [str(url) for url in mine] if mine is not None else None
