# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Spreads ranges of addresses over hosts and their chips, so that no other host ever moves an address.

A range is a row of places, each as large as the addresses one host takes of it; a chip's address is the range's first
one, plus the host's place times that size, plus the chip's turn. Who gets which place, the first rule that applies:

1. the host's own number (ascend_device_network_index);
2. the place whose addresses the host has already, in hccn.conf or on its chips;
3. the number its name ends with, where that place exists;
4. a place drawn from the host's name, and where that one is taken the next one drawn.

Hosts of an earlier rule go first, and those of one rule in an order drawn from their names, never in the order of the
inventory. So hosts come and go without moving others, and a run that is limited to one host finds the same addresses.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

IPv4 = ipaddress.IPv4Address
_NUMBER = re.compile(r"([0-9]{1,6})\Z")


@dataclass(frozen=True)
class Range:
    """Addresses for some chips of every host.

    first, last: both may be used. size: addresses one host takes. unusable: addresses that no chip may get.
    """

    first: int
    last: int
    size: int
    netmask: str
    unusable: frozenset[int] = frozenset()

    @property
    def places(self) -> int:
        """How many hosts there is room for, places with an unusable address included."""
        return max(0, (self.last - self.first + 1) // self.size)

    @cached_property
    def _mask(self) -> int:
        return int(IPv4(self.netmask))

    def addresses(self, place: int) -> range:
        """The addresses of a place, as numbers."""
        begin = self.first + place * self.size
        return range(begin, begin + self.size)

    def usable(self, place: int) -> bool:
        """Whether a host can have the place: it exists, and none of its addresses is one of a net, or spoken for."""
        if not 0 <= place < self.places:
            return False
        rest = self._mask ^ 0xFFFFFFFF
        return not any(
            number in self.unusable or (rest > 1 and number & rest in (0, rest)) for number in self.addresses(place)
        )


@dataclass(frozen=True)
class Claim:
    """One host that wants a place of a range. index: its own number. has: {chip's number in the place: address}."""

    host: str
    index: int | None = None
    has: Mapping[int, int] = field(default_factory=dict)


def spread(pool: Range, claims: Iterable[Claim]) -> tuple[dict[str, int], dict[str, str]]:
    """Give every host a place.

    Returns:
        ({host: place}, {host: why it has none}).
    """
    places: dict[str, int] = {}
    refused: dict[str, str] = {}
    taken: dict[int, str] = {}
    waiting = sorted(claims, key=lambda claim: (_draw(claim.host, 0), claim.host))
    twice = Counter(claim.index for claim in waiting if claim.index is not None)
    for claim in [one for one in waiting if one.index is not None]:
        index = claim.index or 0
        if twice[index] > 1:
            same = sorted(one.host for one in waiting if one.index == index and one.host != claim.host)
            refused[claim.host] = f"ascend_device_network_index {index} is also that of {', '.join(same[:3])}"
        elif not pool.usable(index):
            refused[claim.host] = (
                f"ascend_device_network_index {index} is no place of the range: it has {pool.places}, counted from 0, "
                "and one with the address of a net, a gateway or a detection target is none"
            )
        else:
            places[claim.host] = index
            taken[index] = claim.host
    for rule in (held, named):
        for claim in waiting:
            place = rule(pool, claim) if claim.host not in places and claim.host not in refused else None
            if place is not None and place not in taken and pool.usable(place):
                places[claim.host] = place
                taken[place] = claim.host
    for claim in waiting:
        if claim.host in places or claim.host in refused:
            continue
        place = _drawn(pool, claim.host, taken)
        if place is None:
            refused[claim.host] = f"the range has room for {len(taken)} hosts, and there are more"
        else:
            places[claim.host] = place
            taken[place] = claim.host
    return places, refused


def held(pool: Range, claim: Claim) -> int | None:
    """The place that most of a host's addresses are of."""
    votes = Counter(
        (number - pool.first) // pool.size
        for chip, number in claim.has.items()
        if pool.first <= number <= pool.last and (number - pool.first) % pool.size == chip
    )
    return min(votes, key=lambda place: (-votes[place], place)) if votes else None


def named(pool: Range, claim: Claim) -> int | None:
    """The place of the number that a host's name ends with."""
    found = _NUMBER.search(claim.host)
    return int(found.group(1)) if found else None


def _draw(host: str, turn: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{host}\0{turn}".encode()).digest()[:8], "big")


def _drawn(pool: Range, host: str, taken: Mapping[int, str]) -> int | None:
    for turn in range(min(64, pool.places)):
        place = _draw(host, turn) % pool.places
        if place not in taken and pool.usable(place):
            return place
    begin = _draw(host, 0) % pool.places if pool.places else 0
    around: Sequence[int] = [*range(begin, pool.places), *range(begin)]
    return next((place for place in around if place not in taken and pool.usable(place)), None)
