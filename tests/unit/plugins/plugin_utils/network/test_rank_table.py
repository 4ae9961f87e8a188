# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rank tables as HCCL takes them, and why it would not."""

import copy
import json
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import root_info
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import ports, rank_rules
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.rank_table import (
    Device,
    RankTableError,
    Server,
    build,
    text,
)

LEVELS = (
    {
        "net_layer": 0,
        "net_instance_id": "pod-0",
        "net_type": "TOPO_FILE_DESC",
        "net_attr": "",
        "rank_addr_list": [{"addr_type": "EID", "addr": "0" * 32, "ports": ["0/4", "1/4"], "plane_id": "plane0"}],
    },
)


def server(number, family="910b", chips=range(8), addressed=True, pod=None, levels=()):
    return Server(
        f"npu-{number}",
        f"198.51.100.{number}",
        [
            Device(
                chip,
                f"203.0.113.{number * 8 + chip}" if addressed else None,
                (number << 22) + chip if pod is not None else None,
                levels,
            )
            for chip in chips
        ],
        family,
        pod,
    )


def test_version_one_of_two_hosts():
    table = build([server(2, chips=(1, 0)), server(1, chips=(0, 1))])
    assert table == {
        "status": "completed",
        "version": "1.0",
        "server_count": "2",
        "server_list": [
            {
                "server_id": "198.51.100.1",
                "device": [
                    {"device_id": "0", "device_ip": "203.0.113.8", "rank_id": "0"},
                    {"device_id": "1", "device_ip": "203.0.113.9", "rank_id": "1"},
                ],
            },
            {
                "server_id": "198.51.100.2",
                "device": [
                    {"device_id": "0", "device_ip": "203.0.113.16", "rank_id": "2"},
                    {"device_id": "1", "device_ip": "203.0.113.17", "rank_id": "3"},
                ],
            },
        ],
    }
    assert json.loads(text(table)) == table and text(table).endswith("}\n")


def test_the_order_of_the_inventory_is_no_matter():
    hosts = [server(number) for number in (10, 2, 1)]
    assert text(build(hosts)) == text(build(hosts[::-1]))
    assert [row["server_id"] for row in build(hosts)["server_list"]] == sorted(one.server_id for one in hosts)


def test_a_super_pod_has_its_hosts_together():
    table = build([server(1, "a3", pod=7), server(2, "a3", pod=3), server(3, "a3", pod=7)])
    assert table["version"] == "1.2"
    assert [row["server_id"][-1] for row in table["server_list"]] == ["2", "1", "3"]
    assert table["super_pod_list"] == [
        {"super_pod_id": "3", "server_list": [{"server_id": "198.51.100.2"}]},
        {"super_pod_id": "7", "server_list": [{"server_id": "198.51.100.1"}, {"server_id": "198.51.100.3"}]},
    ]
    assert table["server_list"][0]["device"][1]["super_device_id"] == str((2 << 22) + 1)


def test_an_a3_without_a_super_pod_is_a_server():
    assert build([server(1, "a3"), server(2, "a3")])["version"] == "1.0"


def test_version_two():
    table = build([server(1, "950", range(2), levels=LEVELS), server(2, "950", range(2), levels=LEVELS)])
    assert (table["version"], table["rank_count"]) == ("2.0", 4)
    assert [(row["rank_id"], row["local_id"]) for row in table["rank_list"]] == [(0, 0), (1, 1), (2, 0), (3, 1)]


@pytest.mark.parametrize(
    ("servers", "version", "words"),
    [
        ([], "auto", "at least one host"),
        ([server(1)], "3.0", "no rank table of version 3.0"),
        ([server(1), server(2, "910")], "auto", "several families"),
        ([server(1, chips=())], "auto", "ascend_rank_table_chips"),
        ([server(1, addressed=False), server(2)], "auto", "several hosts need"),
        ([server(1, "910", addressed=False)], "auto", "910 needs even on one host"),
        ([server(1, "910", (3, 4))], "auto", "rings"),
        ([server(1, "910", (0, 1, 2))], "auto", "1 or 2 or 4 or 8"),
        ([server(1, "a3")], "1.2", "super pod"),
        ([server(1, "950")], "auto", "level_list"),
        ([server(1, "950")], "1.0", "2.0"),
        ([Server("a", "x" * 65, [Device(0, "192.0.2.1")])], "auto", "64 characters"),
        ([Server("a", "a", [Device(0, "192.0.2.1"), Device(1, "192.0.2.1")])], "auto", "one device_ip"),
        ([Server("a", "a", [Device(0, "192.0.2.1"), Device(1, "2001:db8::1")])], "auto", "EI0001"),
    ],
)
def test_what_hccl_refuses_is_said_before(servers, version, words):
    with pytest.raises(RankTableError, match=words):
        build(servers, version)


@pytest.mark.parametrize("chips", [(0,), (4, 5), (0, 1, 2, 3), (4, 5, 6, 7), range(8)])
def test_slices_of_a_910(chips):
    assert build([server(1, "910", chips)])["server_list"][0]["device"]


def test_one_host_of_910b_needs_no_address():
    assert "device_ip" not in build([server(1, addressed=False)])["server_list"][0]["device"][0]


ROOT_INFO = Path(__file__).parents[2] / "module_utils" / "fixtures" / "hccn" / "rootinfo_950.json"


def observed_950(problem=None, **more):
    ranks = [] if problem else root_info.parse(ROOT_INFO.read_text(encoding="utf-8"))
    network = {"chips": [], "root_info": {"ranks": ranks, "problem": problem}, **more}
    return {"ansible_facts": {"ascend": {"accelerators": {"family": "950", "count": 2}, "device_network": network}}}


def test_version_two_of_observed_hosts():
    servers = [ports.server(f"npu-{n}", f"192.0.2.{n}", observed_950()) for n in (2, 1)]
    table = build(servers)
    assert (table["version"], table["rank_count"], table["status"]) == ("2.0", 4, "completed")
    assert [(row["rank_id"], row["local_id"], row["device_id"]) for row in table["rank_list"]] == [
        (0, 0, 0),
        (1, 1, 1),
        (2, 0, 0),
        (3, 1, 1),
    ]
    level = table["rank_list"][1]["level_list"][0]
    assert set(level) == {"net_layer", "net_instance_id", "net_type", "net_attr", "rank_addr_list"}
    assert (
        level["rank_addr_list"][0]["addr"].startswith("00000000000000600010000") and len(level["rank_addr_list"]) == 7
    )
    assert rank_rules.problems(json.loads(text(table)), "950") == []
    assert [row["device_id"] for row in build([ports.server("a", "a", observed_950(), [1])])["rank_list"]] == [1]


def test_a_950_that_tells_no_levels_says_why():
    chips = [{"chip": 0}, {"chip": 1}]
    server_ = ports.server("npu-1", "a", observed_950("/etc/hccl_rootinfo.json is not there", chips=chips))
    with pytest.raises(RankTableError, match=r"hccl_rootinfo.json is not there"):
        build([server_])


def test_the_examples_of_the_vendor_are_right():
    """MindCluster's hccl.json of A5, and HCCL's of two servers with IPv4 addresses, fields beside ours included."""
    levels = [
        {
            "net_layer": layer,
            "net_instance_id": name,
            "net_type": kind,
            "net_attr": "",
            "rank_addr_list": [{"addr_type": "IPV4", "addr": f"172.16.0.{10 + layer}", "ports": ["1/0"]}],
        }
        for layer, name, kind in ((0, "az0-rack0-pod0", "TOPO_FILE_DESC"), (1, "az0", "CLOS"))
    ]
    ranks = [
        {
            "rank_id": n,
            "local_id": n % 2,
            "device_id": n % 2,
            "device_port": 16666,
            "host_port": 60001,
            "level_list": levels,
        }
        for n in range(4)
    ]
    table = {"status": "completed", "version": "2.0", "detour": "true", "rank_count": 4, "rank_list": ranks}
    assert rank_rules.problems(table, "950") == []
    assert any("EI0014" in said for said in rank_rules.problems({**table, "version": "1.0"}, "950"))


def _change(path, value):
    def changed(table):
        table = copy.deepcopy(table)
        place = table
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
        return table

    return changed


ONE = build([server(1, "a3", pod=1), server(2, "a3", pod=1)])
TWO = build([server(1, "950", range(2), levels=LEVELS)])


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        (ONE, _change(["server_count"], 2), "server_count"),
        (ONE, _change(["status"], "initializing"), "has not finished"),
        (ONE, _change(["version"], "1.1"), "knows 1.0"),
        (ONE, _change(["server_list", 0, "device", 0, "rank_id"], 0), "rank_id"),
        (ONE, _change(["server_list", 0, "device", 0, "device_ip"], "-.-.-.-"), "no address"),
        (ONE, _change(["server_list", 0, "device", 0, "super_device_id"], 5), "super_device_id"),
        (ONE, _change(["server_list", 1, "server_id"], "198.51.100.1"), "another one"),
        (ONE, _change(["super_pod_list"], []), "super_pod_list"),
        (ONE, _change(["server_group_list"], []), "global rank table"),
        (ONE, _change(["group_list"], []), "old template"),
        (TWO, _change(["rank_count"], "2"), "rank_count"),
        (TWO, _change(["rank_list", 1, "rank_id"], 5), "rank_id"),
        (TWO, _change(["rank_list", 0, "device_id"], 65), "device_id"),
        (TWO, _change(["rank_list", 0, "level_list", 0, "net_type"], "RING"), "net_type"),
        (TWO, _change(["rank_list", 0, "level_list", 0, "net_layer"], 8), "net_layer"),
        (TWO, _change(["rank_list", 0, "level_list", 0, "rank_addr_list"], []), "addresses"),
    ],
)
def test_a_table_that_is_not_right(table, change, words):
    assert rank_rules.problems(table) == []
    assert any(words in problem for problem in rank_rules.problems(change(table)))
