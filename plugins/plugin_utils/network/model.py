# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RoCE ports of a fleet as rules, probes and rank tables see them. Pure data; ports.py makes it from facts."""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypedDict

# warn: look at it soon. alarm: training across hosts suffers or fails now. info: a remark.
Level = Literal["alarm", "warn", "info"]
LEVELS: tuple[Level, ...] = ("alarm", "warn", "info")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# What a probe can end as. unknown: the tool gave no answer, so nothing is claimed.
State = Literal["ok", "loss", "fail", "unknown"]


class Key(NamedTuple):
    """Which port: the host and the physical number of the chip."""

    host: str
    chip: int

    def __str__(self) -> str:
        return f"{self.host} chip {self.chip}"


@dataclass(frozen=True)
class Port:
    """One chip's RoCE port. None: not known."""

    key: Key
    family: str | None = None  # chip family, such as 910b
    address: str | None = None
    netmask: str | None = None
    gateway: str | None = None
    netdetect: str | None = None
    link: str | None = None  # UP or DOWN
    health: str | None = None  # net_health as printed
    speed: int | None = None  # Mb/s
    mtu: int | None = None
    priorities: str | None = None  # bitmap of hccn.conf: which of the eight have flow control (PFC)
    tls: bool | None = None
    mac: str | None = None
    optics: Mapping[str, Any] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)  # of the first look
    later: Mapping[str, int] = field(default_factory=dict)  # the same of a later one
    flaps: int | None = None  # times the link went down since the driver started
    flaps_later: int | None = None
    file: Mapping[str, str] = field(default_factory=dict)  # address, netmask, gateway of /etc/hccn.conf
    switch: str | None = None  # by LLDP
    switch_port: str | None = None
    vnic: str | None = None  # address on the links inside a super pod, A3
    pod: int | None = None  # which super pod

    @property
    def network(self) -> Network | None:
        """The network that the port believes to be in; None without a usable address and mask."""
        return network_of(self.address, self.netmask)

    @property
    def used(self) -> bool:
        """Whether somebody wants this port to work: it has an address, or its file says one."""
        return bool(self.address or self.file.get("address"))

    @property
    def place(self) -> str:
        """The port in words, with what it is plugged into where LLDP tells."""
        if not self.switch and not self.switch_port:
            return str(self.key)
        where = " ".join(filter(None, (self.switch, self.switch_port)))
        return f"{self.key} (at {where})"


class Host(TypedDict):
    """A host of the fleet: its ports, or why it has none to show."""

    name: str
    ports: list[Port]
    tool: str | None  # where hccn_tool is
    reason: str | None  # why there are no ports, in words
    missing: bool  # it should have ports and could not be looked at


@dataclass(frozen=True)
class Probe:
    """One ping of a chip to another's address."""

    source: Key
    target: Key
    address: str
    via: str = "roce"  # or hccs, inside an A3 super pod
    back: str | None = None  # address of the source: an echo needs both ways, so either end can ask

    def reversed(self) -> Probe:
        """The same pair, asked from the other end."""
        return Probe(self.target, self.source, self.back or "", self.via, self.address)


@dataclass(frozen=True)
class Result:
    """How a probe ended."""

    probe: Probe
    state: State
    loss: float | None = None  # percent
    milliseconds: float | None = None  # mean
    message: str | None = None
    earlier: bool = False  # in another run, with both ports as they are now


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong, named as what it is."""

    rule: str
    level: Level
    where: str  # the smallest thing to look at: a chip, an optic, a switch port, a switch, a host
    problem: str
    evidence: str
    fix: str
    source: str
    ports: tuple[Key, ...] = ()
    # The probes of these ports fail because of it, and are told by it.
    explains: tuple[Key, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """The trouble as the report keeps it."""
        return {
            "rule": self.rule,
            "level": self.level,
            "where": self.where,
            "problem": self.problem,
            "evidence": self.evidence,
            "fix": self.fix,
            "source": self.source,
            "ports": [{"host": key.host, "chip": key.chip} for key in self.ports],
        }


@functools.lru_cache(maxsize=65536)
def network_of(address: str | None, netmask: str | None) -> Network | None:
    """The network of an address and its mask (or prefix length); None where they are none."""
    if not address or not netmask:
        return None
    try:
        return ipaddress.ip_network(f"{address}/{netmask}", strict=False)
    except ValueError:
        return None


def inside(address: str | None, network: Network | None) -> bool:
    """Whether an address is one of a network; False where either is none."""
    if not address or network is None:
        return False
    found = network_of(address, "32" if "." in address else "128")
    return found is not None and found.version == network.version and found[0] in network
