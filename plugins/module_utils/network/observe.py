# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a host's NPUs as it is: what each chip answers, and what hccn.conf says. Changes nothing.

The tool and the host come in from outside, so a whole host can be a dictionary in a test.
"""

from ansible_collections.ascend.fleet.plugins.module_utils.network import conf, parse, root_info, tables

# How the catalog calls the ports of a family: RoCE ones with addresses, and those of a 950 (unified bus).
ROCE, UB = "roce", "ub"
# Query -> (its words, reader, keys of the answer that become the chip's; None: the answer as a whole under its name).
QUERIES = (
    ("ip", ("-ip", "-g"), parse.parse_ip, ("address", "netmask", "addresses")),
    ("gateway", ("-gateway", "-g"), parse.parse_gateway, ("gateway", "interface")),
    ("netdetect", ("-netdetect", "-g"), parse.parse_netdetect, ("netdetect",)),
    ("link", ("-link", "-g"), parse.parse_link, ("link",)),
    ("net_health", ("-net_health", "-g"), parse.parse_net_health, ("net_health",)),
    ("speed", ("-speed", "-g"), parse.parse_speed, ("speed_mbps", "duplex")),
    ("mac", ("-mac", "-g"), parse.parse_mac, ("mac",)),
    ("tls", ("-tls", "-g"), parse.parse_tls, None),
    ("optics", ("-optical", "-g"), tables.parse_optical, None),
    ("counters", ("-stat", "-g"), tables.parse_stat, ("counters",)),
    ("link_history", ("-link_stat", "-g"), tables.parse_link_stat, None),
    ("lldp", ("-lldp", "-g"), tables.parse_lldp, None),
)
# The same of IPv6: asked where hccn.conf has an IPv6 address for the chip.
QUERIES_6 = (
    ("ipv6", ("-ip", "-inet6", "-g"), parse.parse_ip, {"address": "address", "prefix_length": "netmask"}),
    ("netdetect_ipv6", ("-netdetect", "-inet6", "-g"), parse.parse_netdetect, {"netdetect": "netdetect"}),
)
# What the plan compares; the rest is for the eyes and the verification between hosts.
SETTINGS = ("ip", "gateway", "netdetect", "tls")
_KEYS = tuple(key for name, _words, _reader, keys in QUERIES for key in (keys or (name,))) + (
    "super_pod",
    "vnic",
    "ports",
    "ipv6",
)
NOT_ASKED = {
    "asked": False,
    "available": False,
    "reason": None,
    "tool": None,
    "port": None,
    "conf": {"path": conf.PATH, "present": False, "chips": {}},
    "chips": [],
    "root_info": None,
}


def observe(view, port, npu_chips, path, tool, ask_super_pod=None):
    """What facts["device_network"] says of a host where it was asked for.

    Args:
        view: host_view.HostView, or its like.
        port: the catalog's word for the chips' ports: "roce", "ub", or None for chips without one.
        npu_chips: facts["npu"]["chips"].
        path: where hccn_tool is to be.
        tool: makes a tool.Tool of a path.
        ask_super_pod: called with (npu_id, chip_id), returns what npu-smi prints of the super pod; None: not asked.

    Returns:
        dict: with the keys of NOT_ASKED.
    """
    text = view.read(conf.PATH)
    result = dict(
        NOT_ASKED,
        asked=True,
        port=port,
        chips=[],
        conf={"path": conf.PATH, "present": text is not None, "chips": conf.parse(text)},
    )
    if port == UB:
        return _unified(view, result, npu_chips, path, tool)
    if port != ROCE:
        result["reason"] = "chips of this family have no RoCE port"
    elif not npu_chips:
        result["reason"] = "npu-smi shows no chip"
    elif not view.isfile(path):
        result["reason"] = "%s is not there" % path
    else:
        result.update(available=True, tool=path)
        asked = tool(path)
        for row, number in zip(npu_chips, chip_ids(npu_chips)):
            said = chip(asked, number, result["conf"]["chips"].get(str(number), {}))
            said.update(npu_id=row.get("npu_id"), chip_id=row.get("chip_id"))
            if ask_super_pod:
                _add(said, "super_pod", lambda row=row: parse.parse_spod(ask_super_pod(row["npu_id"], row["chip_id"])))
                _add(said, "vnic", lambda number=number: parse.parse_vnic(asked.ask(number, "-vnic", "-g")))
            result["chips"].append(said)
            if said["problems"].get("ip", {}).get("kind") in ("not_found", "missing_library", "driver_not_loaded"):
                result.update(available=False, reason=said["problems"]["ip"]["message"], chips=[])
                break
    return result


def _unified(view, result, npu_chips, path, tool):
    """What a 950 says: the ports of each chip, and how it is reached by network layer. hccn.conf has nothing of it."""
    text = view.read(root_info.PATH)
    ranks, problem = [], None
    if text is None:
        problem = root_info.PATH + " is not there"
    else:
        try:
            ranks = root_info.parse(text)
        except parse.HccnError as error:
            problem = error.message
    result["root_info"] = {"path": root_info.PATH, "ranks": ranks, "problem": problem}
    if not npu_chips:
        result["reason"] = "npu-smi shows no chip"
    elif not view.isfile(path):
        result["reason"] = "%s is not there" % path
    else:
        result.update(available=True, tool=path)
        asked = tool(path)
        for row, number in zip(npu_chips, chip_ids(npu_chips)):
            said = dict.fromkeys(_KEYS)
            said.update(chip=number, problems={}, addresses=[], npu_id=row.get("npu_id"), chip_id=row.get("chip_id"))
            _add(said, "ports", lambda number=number: _ports(asked, number))
            result["chips"].append(said)
            if said["problems"].get("ports", {}).get("kind") in ("timeout", "not_found", "missing_library"):
                break  # the next one would wait as long, and find as little
    return result


def _ports(asked, number):
    return parse.parse_device_info(asked.run(["-g", "-dev_info", "-i", str(number)])[1])["ports"]


def chip_ids(npu_chips):
    """The physical ids of the chips, which hccn.conf and hccn_tool count by: what npu-smi says, else its NPU ids, else
    their order (several chips under one NPU id)."""
    for key in ("phy_id", "npu_id"):
        found = [row.get(key) for row in npu_chips]
        if None not in found and len(set(found)) == len(found):
            return found
    return list(range(len(npu_chips)))


def chip(tool, number, in_file, queries=None):
    """What one chip answers: every key is there, None for what it does not say.

    Args:
        tool: a tool.Tool.
        number: the chip.
        in_file: what hccn.conf says of it. The query of the TLS switch writes tls_enable_N into the file where that is
            missing (the driver's own source), so then it is not asked and is not known.
        queries: names of QUERIES; None for all.
    """
    said = dict.fromkeys(_KEYS)
    said.update(chip=number, problems={}, npu_id=None, chip_id=None)
    said["addresses"] = []
    for name, words, reader, keys in QUERIES:
        if (queries is not None and name not in queries) or (name == "tls" and "tls_enable" not in in_file):
            continue
        _add(said, name, lambda words=words, reader=reader: reader(tool.ask(number, *words)), keys)
        if said["problems"].get(name, {}).get("kind") in ("timeout", "not_found", "missing_library"):
            return said  # the next one would wait as long, and find as little
    if in_file.get("IPv6address"):
        said["ipv6"] = {"address": None, "prefix_length": None, "netdetect": None}
        for name, words, reader, keys in QUERIES_6:
            found = _read(said, name, lambda words=words, reader=reader: reader(tool.ask(number, *words)))
            said["ipv6"].update((key, found[theirs]) for key, theirs in keys.items() if found)
    return said


def _read(said, name, read):
    """What was read, or None with the problem noted."""
    try:
        return read()
    except parse.HccnError as error:
        said["problems"][name] = {"kind": error.kind, "message": error.message}
        return None


def _add(said, name, read, keys=None):
    found = _read(said, name, read)
    if found is None:
        return
    if keys is None:
        said[name] = found
    else:
        said.update((key, found[key]) for key in keys)
