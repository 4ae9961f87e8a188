# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet descriptions: JSON in, checked hosts with addresses out. Touches nothing but the file itself."""

from __future__ import annotations

import ipaddress
import json
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path

from . import fabric
from .base import SIMULATOR, SimulatorError

# What systemd-detect-virt answers for each host kind.
KINDS = {"physical": "none", "vm": "kvm", "container": "docker"}
# Which image a host starts from: apt's world, or a Debian root with dnf and rpms of an openEuler name.
SYSTEMS = ("debian", "dnf")
ARCHITECTURES = ("x86_64", "aarch64")
MACHINE = platform.machine()
_HOST_KEYS = {
    "name",
    "chip",
    "cards",
    "kind",
    "address",
    "os_release",
    "settings",
    "processes",
    "health",
    "count",
    "groups",
    "image",
    "system",
    "arch",
}


@dataclass
class Host:
    """One simulated server."""

    name: str
    chip: str | None
    cards: int
    kind: str
    address: str
    os_release: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    processes: list[dict] = field(default_factory=list)
    health: list[dict] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    image: str | None = None
    system: str = SYSTEMS[0]
    arch: str = MACHINE


@dataclass
class Fleet:
    """Hosts that live and die together: one prefix, one network."""

    prefix: str
    subnet: ipaddress.IPv4Network
    hosts: list[Host]
    fabric: dict = field(default_factory=dict)  # see fabric.py
    packages: tuple[str, ...] = ()  # of Debian, which its hosts have from the start


def chips() -> dict[str, dict]:
    """The chip models by name; family, npu-smi layout, PCI ids and memory of each."""
    return json.loads((SIMULATOR / "chips.json").read_text())


def load(path: Path, prefix: str | None = None, subnet: str | None = None) -> Fleet:
    """Read a fleet file; ``prefix`` and ``subnet`` replace what it says. Raises SimulatorError."""
    try:
        data = json.loads(path.read_text())
    except OSError as error:
        raise SimulatorError(f"fleet file {path}: {error.strerror}") from None
    except ValueError as error:
        raise SimulatorError(f"fleet file {path} is not JSON: {error}") from None
    return parse(data, str(path), prefix, subnet)


def parse(data: dict, where: str, prefix: str | None = None, subnet: str | None = None) -> Fleet:
    """The fleet that ``data`` describes; ``where`` names it in messages."""
    prefix = prefix or data.get("prefix", "ascend")
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", prefix):
        raise SimulatorError(f"{where}: prefix {prefix!r} must be lower-case letters, digits and dashes")
    try:
        network = ipaddress.IPv4Network(subnet or data.get("subnet", "10.213.77.0/24"))
    except ValueError as error:
        raise SimulatorError(f"{where}: subnet: {error}") from None
    addresses = network.hosts()
    taken = {next(addresses) for _ in range(10)}  # the gateway, and room below the first host
    hosts: list[Host] = []
    for row in data.get("hosts", []):
        unknown = set(row) - _HOST_KEYS
        if unknown:
            raise SimulatorError(f"{where}: host {row.get('name')}: unknown keys {', '.join(sorted(unknown))}")
        count = int(row.get("count", 1))
        for number in range(1, count + 1):
            name = row["name"] if count == 1 else f"{row['name']}-{number:02d}"
            address = row.get("address") or str(next(a for a in addresses if a not in taken))
            hosts.append(_host(row, name, address, network, where))
    if not hosts:
        raise SimulatorError(f"{where}: no hosts")
    for what in ("name", "address"):
        seen = [getattr(host, what) for host in hosts]
        twice = {value for value in seen if seen.count(value) > 1}
        if twice:
            raise SimulatorError(f"{where}: {what} {', '.join(sorted(twice))} is there twice")
    found = data.get("fabric", {})
    fabric.check(found, hosts, where)
    packages = tuple(data.get("packages", ()))
    wrong = [word for word in packages if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]*", str(word))]
    if wrong:
        raise SimulatorError(f"{where}: {wrong[0]!r} is no name of a package")
    return Fleet(prefix, network, hosts, found, packages)


def _host(row: dict, name: str, address: str, network: ipaddress.IPv4Network, where: str) -> Host:
    chip = row.get("chip")
    if chip is not None and chip not in chips():
        raise SimulatorError(f"{where}: host {name}: unknown chip {chip}; known: {', '.join(chips())}")
    kind = row.get("kind", "physical")
    if kind not in KINDS:
        raise SimulatorError(f"{where}: host {name}: kind {kind} is none of {', '.join(KINDS)}")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,60}", name):
        raise SimulatorError(f"{where}: {name!r} is no host name")
    if ipaddress.IPv4Address(address) not in network:
        raise SimulatorError(f"{where}: host {name}: {address} is not in {network}")
    system, arch = row.get("system", SYSTEMS[0]), row.get("arch", MACHINE)
    if system not in SYSTEMS:
        raise SimulatorError(f"{where}: host {name}: system {system} is none of {', '.join(SYSTEMS)}")
    if arch != MACHINE and arch not in ARCHITECTURES:
        raise SimulatorError(f"{where}: host {name}: arch {arch} is none of {', '.join(ARCHITECTURES)}")
    settings = {str(key).upper(): str(value) for key, value in row.get("settings", {}).items()}
    return Host(
        name,
        chip,
        int(row.get("cards", 1)) if chip else 0,
        kind,
        address,
        row.get("os_release", {}),
        settings,
        row.get("processes", []),
        row.get("health", []),
        row.get("groups", []),
        row.get("image"),
        system,
        arch,
    )
