# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HCCL's rank table (hccl.json), made from a group of observed hosts. rank_rules.py holds a table against the rules.

Formats: github:hicann/hccl docs/zh/user_guide/cluster_info_config (1.0, 1.2) and github:Ascend/mind-cluster
docs/zh/scheduling/06_api (2.0). In 1.0 and 1.2 every scalar is a text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.network import rank_rules

VERSIONS = ("1.0", "1.2", "2.0")


class RankTableError(Exception):
    """No table that HCCL accepts can be made; the message names the host and the fix."""


@dataclass(frozen=True)
class Device:
    """One chip of a table."""

    device_id: int
    address: str | None = None  # of its RoCE port
    super_device_id: int | None = None  # SDID of npu-smi info -t spod-info, A3
    levels: Sequence[Mapping[str, Any]] = field(default_factory=tuple)  # level_list of a 950
    local_id: int | None = None  # of a 950: its number in the host's topology file; None: its place


@dataclass(frozen=True)
class Server:
    """One host of a table."""

    name: str
    server_id: str
    devices: Sequence[Device]
    family: str | None = None
    super_pod_id: int | None = None
    host_ip: str | None = None
    reason: str | None = None  # why a 950 tells no levels


def version_for(servers: Sequence[Server]) -> str:
    """The version that the chips take: 2.0 for 950, 1.2 for A3 hosts of a super pod, 1.0 for all others."""
    if any(server.family == "950" for server in servers):
        return "2.0"
    if servers and all(server.family == "a3" and server.super_pod_id is not None for server in servers):
        return "1.2"
    return "1.0"


def build(servers: Sequence[Server], version: str = "auto") -> dict[str, Any]:
    """The table of a group of hosts.

    Ranks are numbered in the order of server_id (MindSpore wants rank order to be its lexical order), the hosts of a
    super pod one after the other, and in the order of the chips within a host.

    Args:
        servers: the hosts, each with the devices that take part.
        version: 1.0, 1.2, 2.0, or auto for what the chips take.

    Raises:
        RankTableError: HCCL would refuse it.
    """
    wanted = version_for(servers) if version == "auto" else version
    if wanted not in VERSIONS:
        raise RankTableError(f"There is no rank table of version {wanted}; known: {', '.join(VERSIONS)}, auto.")
    if not servers:
        raise RankTableError("A rank table needs at least one host; choose hosts with --limit or ascend_hosts.")
    families = {server.family for server in servers}
    if len(families) > 1:
        raise RankTableError(
            f"The hosts have chips of several families ({', '.join(sorted(map(str, families)))}), which HCCL does not "
            "connect. Choose hosts of one family with --limit."
        )
    _refuse_unfit(servers, wanted)
    ordered = sorted(servers, key=lambda server: (_pod(server) if wanted == "1.2" else "", server.server_id))
    table = _two(ordered) if wanted == "2.0" else _one(ordered, wanted)
    problems = rank_rules.problems(table, servers[0].family)
    if problems:
        raise RankTableError(" ".join(problems))
    return table


def text(table: Mapping[str, Any]) -> str:
    """The file: JSON without comments, which HCCL does not take, always in the same order."""
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def _pod(server: Server) -> str:
    return f"{server.super_pod_id or 0:010}"


def _refuse_unfit(servers: Sequence[Server], version: str) -> None:
    for server in servers:
        if not server.devices:
            raise RankTableError(f"{server.name} has no chip that takes part: correct ascend_rank_table_chips.")
        if version == "1.2" and server.super_pod_id is None:
            raise RankTableError(
                f"{server.name} is in no super pod as far as npu-smi info -t spod-info tells; use version 1.0."
            )
        if version == "1.2" and any(device.super_device_id is None for device in server.devices):
            raise RankTableError(
                f"{server.name}: npu-smi info -t spod-info tells no SDID of a chip; see that it answers."
            )
        if version == "2.0" and not all(device.levels for device in server.devices):
            why = f" ({server.reason})" if server.reason else ""
            raise RankTableError(
                f"{server.name}: a table 2.0 needs the addresses of each chip by network layer (level_list), which "
                f"this host does not tell{why}. Chips before 950 take version "
                "1.0; on a 950 see that its tools have written /etc/hccl_rootinfo.json for all chips."
            )


def _one(servers: Sequence[Server], version: str) -> dict[str, Any]:
    rank = 0
    rows = []
    for server in servers:
        devices = []
        for device in sorted(server.devices, key=lambda one: one.device_id):
            row = {"device_id": str(device.device_id)}
            if device.address:
                row["device_ip"] = device.address
            if version == "1.2":
                row["super_device_id"] = str(device.super_device_id)
            devices.append({**row, "rank_id": str(rank)})
            rank += 1
        host = {"host_ip": server.host_ip} if server.host_ip else {}
        rows.append({"server_id": server.server_id, **host, "device": devices})
    table: dict[str, Any] = {
        "status": "completed",
        "version": version,
        "server_count": str(len(rows)),
        "server_list": rows,
    }
    if version == "1.2":
        pods: dict[str, list[dict[str, str]]] = {}
        for server in servers:
            pods.setdefault(str(server.super_pod_id), []).append({"server_id": server.server_id})
        table["super_pod_list"] = [{"super_pod_id": pod, "server_list": members} for pod, members in pods.items()]
    return table


def _two(servers: Sequence[Server]) -> dict[str, Any]:
    devices = [
        (place, device)
        for server in servers
        for place, device in enumerate(sorted(server.devices, key=lambda one: one.device_id))
    ]
    ranks = [
        {
            "rank_id": rank,
            "local_id": place if device.local_id is None else device.local_id,
            "device_id": device.device_id,
            "level_list": [dict(level) for level in device.levels],
        }
        for rank, (place, device) in enumerate(devices)
    ]
    return {"status": "completed", "version": "2.0", "rank_count": len(ranks), "rank_list": ranks}
