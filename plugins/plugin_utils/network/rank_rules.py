# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HCCL asks of a rank table, so that it is known before a job starts and fails with EI0004 or EI0014.

Rules: github:hicann/hccl docs/zh/user_guide/cluster_info_config; rings of 910: mindspore-ai/models utils/hccl_tools;
2.0: github:Ascend/mind-cluster docs/zh/scheduling/06_api/14_hccl.json_file_description.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

_ID_AT_MOST = 64  # characters of a server_id
_RINGS = (range(4), range(4, 8))  # of a server with eight 910: each is connected by HCCS, the two only over PCIe
_COUNTS_910 = (1, 2, 4, 8)
# Families that need a device_ip even on a single host.
_ALWAYS_ADDRESSED = ("910", "310p")
# Of a table 2.0.
_LAYERS, _LOCAL_AT_MOST, _ADDRESSES_AT_MOST, _PORTS_AT_MOST = range(8), 64, 24, 16
_NET_TYPES, _ADDRESS_TYPES = ("TOPO_FILE_DESC", "CLOS"), ("EID", "IPV4", "IPV6")


def problems(table: Any, family: str | None = None) -> list[str]:
    """What HCCL would refuse, as sentences with the fix; none for a table that is right.

    Args:
        table: the parsed file.
        family: chip family of the hosts, where known.
    """
    if not isinstance(table, Mapping):
        return ["A rank table is a JSON object."]
    if "server_group_list" in table:
        return ["This is MindIE's global rank table (server_group_list), not HCCL's; HCCL wants server_list."]
    if "group_list" in table or "group_count" in table:
        return [
            "This is the old template with group_list, which newer CANN does not take; make a table of version 1.0."
        ]
    if table.get("status") not in ("completed", "initializing"):
        return ["status must be completed."]
    if table["status"] == "initializing":
        return ["status is initializing: who writes this file has not finished; HCCL waits for completed."]
    version = table.get("version")
    if version in ("1.0", "1.2"):
        if family == "950":
            return [f"A 950 takes a table of version 2.0, not {version} (EI0014); make it again."]
        return list(_one(table, version, family))
    if version == "2.0":
        return list(_two(table))
    return [f"version is {version!r}; HCCL knows 1.0, 1.2 and 2.0."]


def _one(table: Mapping[str, Any], version: str, family: str | None) -> Iterator[str]:
    servers = table.get("server_list")
    if not isinstance(servers, list) or not servers or not all(isinstance(row, Mapping) for row in servers):
        yield "server_list must hold at least one server."
        return
    if table.get("server_count") != str(len(servers)):
        yield f'server_count is {table.get("server_count")!r}; it must be the text "{len(servers)}".'
    names = [row.get("server_id") for row in servers]
    for name in names:
        if not isinstance(name, str) or not 0 < len(name) <= _ID_AT_MOST:
            yield f"server_id {name!r} must be a text of 1 to {_ID_AT_MOST} characters."
    if len(set(map(str, names))) != len(names):
        yield "server_id must be another one for each server."
    devices = [(row.get("server_id"), one) for row in servers for one in row.get("device") or ()]
    if not all(isinstance(one, Mapping) for _name, one in devices):
        yield "device must be a list of objects."
        return
    yield from _ranks(devices)
    for row in servers:
        yield from _server(row, family)
    yield from _addresses(servers, devices, family)
    if version == "1.2":
        yield from _pods(table, servers, devices)


def _ranks(devices: list[tuple[Any, Mapping[str, Any]]]) -> Iterator[str]:
    ranks = [one.get("rank_id") for _name, one in devices]
    if ranks != [str(number) for number in range(len(ranks))]:
        yield f'rank_id must count from "0" to "{len(ranks) - 1}" in the order of the table, as texts; found {ranks}.'


def _server(row: Mapping[str, Any], family: str | None) -> Iterator[str]:
    name, ids = row.get("server_id"), [one.get("device_id") for one in row.get("device") or ()]
    if not ids:
        yield f"{name} has no device."
    if not all(isinstance(one, str) and one.isdigit() for one in ids):
        yield f"{name}: device_id must be the number of the chip as a text; found {ids}."
        return
    if len(set(ids)) != len(ids):
        yield f"{name} names a device_id twice."
    chips = sorted(map(int, ids))
    if family == "910" and len(chips) not in _COUNTS_910:
        yield f"{name}: on 910, {' or '.join(map(str, _COUNTS_910))} chips of a host take part, not {len(chips)}."
    elif family == "910" and len(chips) < 8 and not any(set(chips) <= set(ring) for ring in _RINGS):
        yield (
            f"{name}: chips {', '.join(map(str, chips))} lie in both of the 910's rings (0-3 and 4-7), between which "
            "HCCL builds none. Take chips of one ring, or all eight."
        )


def _addresses(servers: list[Any], devices: list[tuple[Any, Mapping[str, Any]]], family: str | None) -> Iterator[str]:
    needed = len(servers) > 1 or family in _ALWAYS_ADDRESSED
    seen: dict[str, str] = {}
    families = set()
    for name, one in devices:
        where, address = f"{name} device {one.get('device_id')}", one.get("device_ip")
        if not address:
            if needed:
                yield f"{where} has no device_ip, which {_why(servers, family)}: set ascend_device_network."
            continue
        try:
            families.add(ipaddress.ip_address(str(address)).version)
        except ValueError:
            yield f"{where}: device_ip {address!r} is no address; a generator that found none writes such a thing."
            continue
        if address in seen:
            yield f"{where} and {seen[address]} have one device_ip, {address}; each chip needs its own."
        seen[str(address)] = where
    if len(families) > 1:
        yield "device_ip mixes IPv4 and IPv6, which HCCL refuses (EI0001); give all chips the same kind."


def _why(servers: list[Any], family: str | None) -> str:
    return "several hosts need" if len(servers) > 1 else f"{family} needs even on one host"


def _pods(table: Mapping[str, Any], servers: list[Any], devices: list[tuple[Any, Mapping[str, Any]]]) -> Iterator[str]:
    for name, one in devices:
        if not str(one.get("super_device_id") or "").isdigit() or not isinstance(one.get("super_device_id"), str):
            yield f"{name} device {one.get('device_id')} has no super_device_id (SDID of npu-smi info -t spod-info)."
    pods = table.get("super_pod_list")
    if not isinstance(pods, list) or not pods:
        yield "super_pod_list is missing; version 1.2 needs it."
        return
    order = [
        str(member.get("server_id"))
        for pod in pods
        if isinstance(pod, Mapping)
        for member in pod.get("server_list") or ()
        if isinstance(member, Mapping)
    ]
    names = [str(row.get("server_id")) for row in servers]
    if sorted(order) != sorted(names):
        yield "super_pod_list must name each server of server_list once."
    elif order != names:
        yield "The servers of a super pod must stand together in server_list, in the order of super_pod_list."


def _two(table: Mapping[str, Any]) -> Iterator[str]:
    ranks = table.get("rank_list")
    if not isinstance(ranks, list) or not ranks or not all(isinstance(row, Mapping) for row in ranks):
        yield "rank_list must hold at least one rank."
        return
    if table.get("rank_count") != len(ranks):
        yield f"rank_count is {table.get('rank_count')!r}; it must be the number {len(ranks)}."
    if [row.get("rank_id") for row in ranks] != list(range(len(ranks))):
        yield f"rank_id must count from 0 to {len(ranks) - 1} in the order of the table, as numbers."
    for row in ranks:
        where = f"rank {row.get('rank_id')}"
        for key in ("local_id", "device_id"):
            value = row.get(key)
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LOCAL_AT_MOST:
                yield f"{where}: {key} must be a number from 0 to {_LOCAL_AT_MOST}."
        yield from _levels(where, row.get("level_list"))


def _levels(where: str, levels: Any) -> Iterator[str]:
    if not isinstance(levels, list) or not levels or not all(isinstance(row, Mapping) for row in levels):
        yield f"{where} has no level_list."
        return
    layers = [row.get("net_layer") for row in levels]
    if not all(layer in _LAYERS for layer in layers) or layers != sorted(set(layers)):
        yield f"{where}: net_layer must rise from level to level, within {_LAYERS.start} and {_LAYERS.stop - 1}."
    for row in levels:
        if not row.get("net_instance_id"):
            yield f"{where}: a level has no net_instance_id."
        if row.get("net_type") not in _NET_TYPES:
            yield f"{where}: net_type must be {' or '.join(_NET_TYPES)}, found {row.get('net_type')!r}."
        addresses = row.get("rank_addr_list") or []
        if not addresses or len(addresses) > _ADDRESSES_AT_MOST:
            yield f"{where}: a level has 1 to {_ADDRESSES_AT_MOST} addresses, found {len(addresses)}."
        for one in addresses:
            if one.get("addr_type") not in _ADDRESS_TYPES or not one.get("addr"):
                yield f"{where}: an address needs addr and an addr_type of {', '.join(_ADDRESS_TYPES)}."
            if len(one.get("ports") or ()) > _PORTS_AT_MOST:
                yield f"{where}: an address has at most {_PORTS_AT_MOST} ports."
