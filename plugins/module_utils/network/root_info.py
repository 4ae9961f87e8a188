# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads /etc/hccl_rootinfo.json, in which a 950 says how each of its chips is reached by network layer.

Rank tables of version 2.0 are made of it. Sources: github:hicann/hcomm (rank_info_detect_client: which file, which
keys), github:Ascend/mind-cluster docs, hccl.json of Atlas A5 (the layers).
"""

import json

from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import HccnError

PATH = "/etc/hccl_rootinfo.json"
# What HCCL takes at most; a file with more is none of its own.
_RANKS, _LEVELS, _ADDRESSES, _PORTS, _TEXT = 65, 8, 24, 16, 128


def parse(text):
    """The chips of the file: list of {"device_id", "local_id", "level_list"} in the order of their numbers.

    Raises:
        HccnError: it is not such a file.
    """
    try:
        data = json.loads(text)
    except ValueError:
        raise HccnError("unrecognised", PATH + " is not JSON")
    ranks = data.get("rank_list") if isinstance(data, dict) else None
    if not isinstance(ranks, list) or not ranks:
        version = data.get("version") if isinstance(data, dict) else None
        raise HccnError("unrecognised", "%s has no rank_list (version %s)" % (PATH, str(version)[:16]))
    if len(ranks) > _RANKS:
        raise HccnError("unrecognised", "%s names %d chips" % (PATH, len(ranks)))
    found = [_rank(row) for row in ranks]
    return sorted(found, key=lambda row: row["device_id"])


def _rank(row):
    row = _object(row, "rank_list")
    levels = _list(row, "level_list", _LEVELS)
    return {
        "device_id": _number(row, "device_id"),
        "local_id": _number(row, "local_id"),
        "level_list": [_level(level) for level in levels],
    }


def _level(row):
    row = _object(row, "level_list")
    return {
        "net_layer": _number(row, "net_layer"),
        "net_instance_id": _text(row, "net_instance_id"),
        "net_type": _text(row, "net_type"),
        "net_attr": _text(row, "net_attr"),
        "rank_addr_list": [_address(one) for one in _list(row, "rank_addr_list", _ADDRESSES)],
    }


def _address(row):
    row = _object(row, "rank_addr_list")
    found = {
        "addr_type": _text(row, "addr_type"),
        "addr": _text(row, "addr"),
        "ports": [str(port)[:_TEXT] for port in _list(row, "ports", _PORTS)],
    }
    if row.get("plane_id") is not None:
        found["plane_id"] = _text(row, "plane_id")
    return found


def _object(row, name):
    if not isinstance(row, dict):
        raise HccnError("unrecognised", "%s: %s holds something else than objects" % (PATH, name))
    return row


def _list(row, name, at_most):
    found = row.get(name)
    if not isinstance(found, list) or len(found) > at_most:
        raise HccnError("unrecognised", "%s: %s is no list of at most %d" % (PATH, name, at_most))
    return found


def _number(row, name):
    """A number, which some generators write as a text."""
    found = row.get(name)
    if isinstance(found, str) and found.isdigit() and len(found) < 10:
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise HccnError("unrecognised", "%s: %s is no number" % (PATH, name))
    return found


def _text(row, name):
    return str(row.get(name) if row.get(name) is not None else "")[:_TEXT]
