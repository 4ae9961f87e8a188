# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network between the NPUs of a fleet: one folder that all of its hosts see, and hccn_tool in them lives by.

fabric.json holds what the fleet's file says under `fabric`: `wiring` ("rails": one switch for each chip number, or
"blocks": one for every four hosts), `speed` in Mbit/s, and `faults`, rows of `fault` with `host` and `chip` (none: all
of the host), or `switch`, and some with a `value`. It is read at every call, so editing it breaks a cable at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import SimulatorError, write_if_changed

if TYPE_CHECKING:
    from .description import Fleet, Host

# Fault of a chip -> what its value is; None: it takes none.
FAULTS: dict[str, str | None] = {
    "link-down": None,
    "optic-dead": None,
    "control-link": None,
    "low-power": None,
    "low-snr": None,
    "host-down": None,
    "flaps": "how often",
    "wrong-vlan": "the VLAN's number",
    "tls-on": None,
    "wrong-netmask": "the netmask it shows",
    "stale-address": "the address it shows",
    "no-address": None,
    "gateway-missing": None,
    "peer-unreachable": "{host, chip} of the other end",
    "errors-grow": None,
    "speed": "Mbit/s",
    "cabled-as": "the chip whose cable it has",
    "slow": "share of the usual bandwidth",
    "recovery-fails": None,
}
SWITCH_FAULTS = ("down",)
WIRINGS = ("rails", "blocks")
_KEYS = {"wiring", "speed", "faults"}


def check(fabric: dict[str, Any], hosts: Iterable[Host], where: str) -> None:
    """Raises SimulatorError where a fleet's file says something of the fabric that means nothing."""
    unknown = set(fabric) - _KEYS
    if unknown:
        raise SimulatorError(f"{where}: fabric: unknown keys {', '.join(sorted(unknown))}")
    if fabric.get("wiring", WIRINGS[0]) not in WIRINGS:
        raise SimulatorError(f"{where}: fabric: wiring is none of {', '.join(WIRINGS)}")
    names = {host.name for host in hosts}
    for row in fabric.get("faults", []):
        known = SWITCH_FAULTS if "switch" in row else tuple(FAULTS)
        if row.get("fault") not in known:
            raise SimulatorError(f"{where}: fabric: fault {row.get('fault')!r} is none of {', '.join(known)}")
        if "switch" in row:
            continue
        if row.get("host") not in names:
            raise SimulatorError(
                f"{where}: fabric: fault {row['fault']} of host {row.get('host')!r}, which is not there"
            )
        if FAULTS[row["fault"]] and "value" not in row:
            raise SimulatorError(f"{where}: fabric: fault {row['fault']} needs a value: {FAULTS[row['fault']]}")


def write(fleet: Fleet, folder: Path) -> None:
    """The folder of a fleet. What its chips are set to stays, for their hosts may be up."""
    (folder / "hosts").mkdir(parents=True, exist_ok=True)
    plan = {**fleet.fabric, "hosts": [host.name for host in fleet.hosts]}
    write_if_changed(folder / "fabric.json", json.dumps(plan, indent=1) + "\n")
