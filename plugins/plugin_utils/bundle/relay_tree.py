# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets its files from whom: hosts that want the same files as trees, the control node at their roots. No IO."""

from __future__ import annotations

import ipaddress
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
    the control node sends it once. A host never waits for one that comes after it, whichever of them fall out.

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
    for rack, some in racks.items():
        for member in some:
            tree.sources[member.name] = _sources(
                member.name, parents, order[: place.get(member.name, len(order))], set(chosen[rack])
            )


def _relays(some: list[Member], wanted: Sequence[str], fan: int) -> list[str]:
    """The relays of a rack, in the order of the play."""
    able = [member.name for member in some if member.address]
    if AUTO not in wanted:
        return [name for name in able if name in wanted]
    # In a tree in which each serves `fan`, so many serve. A rack of one host is in the tree of the racks.
    return able[: max(1, -(-(len(some) - 1) // fan))]


def _sources(name: str, parents: Mapping[str, str | None], earlier: list[str], near: set[str]) -> list[str]:
    """Its relay, those above that, then others, the near ones first: only such that get their files without it."""
    found: list[str] = []
    above = parents[name]
    while above is not None:
        found.append(above)
        above = parents[above]
    others = [other for other in reversed(earlier) if other not in found]
    others.sort(key=lambda other: other not in near)
    return [*found[:2], *others, *found[2:]][:SOURCES_AT_MOST]


def of_host(task_vars: Mapping[str, Any]) -> list[str] | None:
    """The URLs that a host asks, as the playbooks have registered them; None where this run has no relays for it."""
    result = task_vars.get(VARIABLE)
    sources = result.get("sources") if isinstance(result, Mapping) else None
    mine = sources.get(task_vars.get("inventory_hostname")) if isinstance(sources, Mapping) else None
    return [str(url) for url in mine] if mine is not None else None
