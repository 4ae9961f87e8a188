# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of hccn.conf of one chip, from its addresses and from what is wished for all chips. Pure.

Spelling and which families get policy routes: the vendor's deployer (PyPI ascend-deployer 26.0.0, process_hccn.py).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

_TABLE = 100  # the chip's number is added
_PFC = re.compile(r"[01](,[01]){7}\Z")
_DSCP = re.compile(r"(?:[0-9]|[1-5][0-9]|6[0-3]):[0-3](?:,(?:[0-9]|[1-5][0-9]|6[0-3]):[0-3])*\Z")


class WrongSetting(Exception):
    """A setting that cannot be used, in words."""


def of_chip(
    number: int, values: Mapping[str, str], wish: Mapping[str, Any], ports: Mapping[str, Any]
) -> dict[str, Any]:
    """{key of hccn.conf without its number: value, or values}.

    Args:
        number: of the chip.
        values: address, netmask and, where wished for, gateway and netdetect.
        wish: ascend_device_network: tls, pfc, dscp_tc, roce_port, policy_routes and common_network count here.
        ports: the family's row in the catalog.

    Raises:
        WrongSetting: one of them cannot be used.
    """
    prefix = "IPv6" if ":" in values["address"] else ""
    found: dict[str, Any] = {
        prefix + key: values[key] for key in ("address", "netmask", "gateway", "netdetect") if values.get(key)
    }
    if wish.get("tls") is not None:
        found["tls_enable"] = str(int(bool(wish["tls"])))
    pfc, dscp, port = wish.get("pfc"), wish.get("dscp_tc"), wish.get("roce_port")
    if pfc:
        text = ",".join(str(pfc).replace(" ", "").strip(",").split(","))
        if not _PFC.match(text):
            raise WrongSetting(
                f"pfc {pfc!r} is none: it takes eight switches, one a priority, such as 0,0,0,0,1,0,0,0."
            )
        found["bitmap"] = text
    if dscp:
        text = str(dscp).replace(" ", "").strip(",")
        if not _DSCP.match(text):
            raise WrongSetting(f"dscp_tc {dscp!r} is none: it takes <dscp 0-63>:<traffic class 0-3>, such as 26:3.")
        found["dscp_tc"] = text + ","  # the comma belongs to it
    if port:
        if not 1 <= int(port) <= 65535:
            raise WrongSetting(f"roce_port {port} is no port: it takes 1 to 65535, and 4791 is the standard's.")
        found["roce_port"] = str(port)
    if wish.get("policy_routes"):
        found.update(_routes(number, found, wish, ports))
    return found


def _routes(number: int, found: Mapping[str, Any], wish: Mapping[str, Any], ports: Mapping[str, Any]) -> dict[str, Any]:
    if not ports.get("rules", True):
        raise WrongSetting("policy_routes is set, and chips of this family have none: leave it out.")
    if "gateway" not in found:
        raise WrongSetting(f"chip {number}: policy_routes is set and there is no gateway: set gateway.")
    everywhere = wish.get("common_network") or "0.0.0.0/0"
    try:
        ipaddress.IPv4Network(everywhere)
    except ValueError as error:
        raise WrongSetting(f"common_network {everywhere!r} is no IPv4 network.") from error
    net = ipaddress.IPv4Network(f"{found['address']}/{found['netmask']}", strict=False)
    table = _TABLE + number
    return {
        "ip_rule": [f"add from {found['address']} table {table}"],
        "ip_route": [
            f"add {everywhere} via {found['gateway']} dev eth{number} table {table}",
            f"add {net} via {found['address']} dev eth{number} table {table}",
        ],
    }
