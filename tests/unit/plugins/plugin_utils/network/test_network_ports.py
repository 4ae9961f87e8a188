# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From facts to ports, whatever a host answers; thresholds; the words; and that the page names every rule."""

import itertools
import json
import random
import re
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import (
    blame,
    judge,
    ports,
    probes,
    rank_table,
    thresholds,
    words,
)
from small_fabric import LIMITS, Fabric

ROOT = Path(__file__).resolve().parents[5]
CHIP = {
    "chip": 3,
    "address": "198.51.100.3",
    "netmask": "255.255.255.0",
    "gateway": "198.51.100.1",
    "link": "UP",
    "net_health": "Success",
    "speed_mbps": 200000,
    "mac": "06:0c:b4:96:bc:85",
    "tls": None,
    "optics": {"present": True, "power_unit": "mW", "tx_power": [1.4, None], "rx_power": [0.1, 1.0], "tx_los": 0},
    "counters": {"roce_rx_err_pkt_num": 1},
    "link_history": {"down_count": 2},
    "lldp": {"system": "leaf-3", "port": "200GE1/0/1"},
    "super_pod": {"super_device_id": 4194307, "super_pod_id": 9},
    "problems": {},
}


def observed(*chips, conf=None, **facts):
    network = {"tool": "/hccn_tool", "port": "roce", "conf": {"chips": conf or {}}, "chips": list(chips)}
    ascend = {"accelerators": {"family": "910b", "count": 8}, "device_network": network, **facts}
    return {"ansible_facts": {"ascend": ascend}}


def test_a_port_of_ipv6():
    six = {"address": "2001:db8::3", "prefix_length": "64", "netdetect": "2001:db8::1"}
    chip = {**CHIP, "address": None, "netmask": None, "gateway": None, "ipv6": six}
    conf = {"3": {"IPv6address": "2001:db8::3", "IPv6netmask": "64"}}
    port = ports.of_host("a", observed(chip, conf=conf))["ports"][0]
    assert (port.address, port.netmask, port.gateway, port.netdetect) == ("2001:db8::3", "64", None, "2001:db8::1")
    assert str(port.network) == "2001:db8::/64" and port.file == {"address": "2001:db8::3", "netmask": "64"}
    lost = ports.of_host("a", observed({**chip, "ipv6": {"address": None}}, conf=conf))["ports"][0]
    assert lost.address is None and lost.used, "an address in the file that is not on the chip"
    table = rank_table.build([ports.server("a", "a", observed(chip, conf=conf))])
    assert table["server_list"][0]["device"][0]["device_ip"] == "2001:db8::3"


def test_a_port():
    conf = {"3": {"address": "198.51.100.3", "tls_enable": "1", "mtu": "4096", "ip_rule": ["x"]}}
    seen = {"later": {"3": {"counters": {"roce_rx_err_pkt_num": 9}, "down_count": 2}}}
    host = ports.of_host("a", observed(CHIP, conf=conf), seen)
    port = host["ports"][0]
    assert (host["tool"], host["missing"]) == ("/hccn_tool", False)
    assert (str(port.key), port.tls, port.mtu, port.flaps, port.flaps_later) == ("a chip 3", True, 4096, 2, 2)
    assert port.optics["rx_power_mw"] == {0: 0.1, 1: 1.0} and port.optics["tx_power_mw"] == {0: 1.4}
    assert port.place == "a chip 3 (at leaf-3 200GE1/0/1)" and port.later == {"roce_rx_err_pkt_num": 9}
    assert port.file == {"address": "198.51.100.3"}


@pytest.mark.parametrize(
    ("kind", "optics"), [("no_optics", {"present": False}), ("link_unreachable", {"unreachable": True}), ("failed", {})]
)
def test_an_optic_that_gave_no_answer(kind, optics):
    chip = {**CHIP, "optics": None, "problems": {"optics": {"kind": kind, "message": "no"}}}
    assert ports.of_host("a", observed(chip))["ports"][0].optics == optics


def test_a_host_that_was_not_observed_is_missing():
    assert ports.of_host("a", {"unreachable": True, "msg": "timed out"}) == {
        "name": "a",
        "ports": [],
        "tool": None,
        "reason": "timed out",
        "missing": True,
    }
    assert ports.of_host("a", observed())["missing"] is True
    card = observed()
    card["ansible_facts"]["ascend"]["device_network"] = {"asked": True, "port": None, "chips": [], "reason": "no port"}
    assert ports.of_host("a", card)["missing"] is False


def test_whatever_a_host_answers_the_verdict_stands():
    """Values of every kind in every place: nothing raises, and what has no sound value counts as not known."""
    chance = random.Random(22)
    odd = [None, True, "x", -1, 1.5, [], {}, [1, "x", None], {"present": 3}, "198.51.100.9", 10**30]
    for _ in range(400):
        chip = {key: chance.choice([value, *odd]) for key, value in CHIP.items()}
        observation = observed(chip, {**CHIP, "chip": 4}, chance.choice(odd))
        seen = {
            "later": chance.choice([*odd, {"3": chance.choice(odd)}]),
            "probed": chance.choice([*odd, [{"chip": 1}]]),
        }
        host = ports.of_host("a", observation, seen)
        course = probes.plan([host])
        results = [one for found in course.probes.values() for one in ports.results(found, seen)]
        verdict = judge.verdict([host], course.shape, results, LIMITS)
        assert words.lines(verdict) and json.dumps(verdict)


def test_a_probe_of_which_nothing_is_told_is_unknown():
    course = probes.plan(Fabric(hosts=2).hosts())
    asked = course.probes["npu-01"]
    told = [
        {
            "chip": asked[0].source.chip,
            "address": asked[0].address,
            "via": "roce",
            "state": "ok",
            "loss": 0.0,
            "ms": 0.1,
        }
    ]
    found = ports.results(asked, {"probed": told})
    assert found[0].state == "ok" and {one.state for one in found[1:]} == {"unknown"}
    assert {one.message for one in ports.results(asked, {"msg": "sudo: a password is required"})} == {
        "sudo: a password is required"
    }


def test_a_host_of_a_rank_table():
    server = ports.server("a", "192.0.2.7", observed(CHIP, {**CHIP, "chip": 1, "address": "198.51.100.4"}))
    assert [(one.device_id, one.address) for one in server.devices] == [(1, "198.51.100.4"), (3, "198.51.100.3")]
    assert (server.super_pod_id, server.devices[1].super_device_id) == (9, 4194307)
    assert len(ports.server("a", "192.0.2.7", observed(CHIP, {**CHIP, "chip": 1}), [3]).devices) == 1
    with pytest.raises(rank_table.RankTableError, match="no chip 5"):
        ports.server("a", "192.0.2.7", observed(CHIP), [5])
    with pytest.raises(rank_table.RankTableError, match="timed out"):
        ports.server("a", "192.0.2.7", {"msg": "timed out"})


def test_thresholds_of_the_user():
    rows = catalog.load()[thresholds.TABLE]
    limits = thresholds.read(rows, {"snr_db": {"alarm_below": 16, "warn_below": None}})
    assert limits["snr_db"].judge(17) is None and limits["snr_db"].judge(15).level == "alarm"
    assert limits["snr_db"].source == "ascend_network_thresholds"
    assert LIMITS["snr_db"].judge(17).words == "17 dB is below 18 dB"
    for wrong in ([], {"snr": {}}, {"snr_db": 5}, {"snr_db": {"below": 1}}, {"snr_db": {"alarm_below": "x"}}):
        with pytest.raises(thresholds.ThresholdError, match="ascend_network_thresholds"):
            thresholds.read(rows, wrong)


def test_the_words_fit_a_screen():
    fabric = Fabric()
    fabric.walled.add("npu-03")
    fabric.vlans[fabric.key(6, 1)] = 7
    lines = words.lines(fabric.verdict())
    assert max(map(len, lines)) <= words.WIDTH
    row = next(line for line in lines if line.startswith("  3  npu-03"))
    assert row.split() == ["3", "npu-03", "x", "x", ".", "x", "x", "x", "x", "x"]
    assert any(line.startswith("ALARM: host npu-03: ") for line in lines)
    assert words.lines(Fabric().verdict())[0].endswith("Nothing is wrong.")
    assert not any("npu-03" in line for line in words.lines(Fabric().verdict()))


def test_of_a_large_fleet_the_matrix_has_those_with_a_failure():
    fabric = Fabric(hosts=70)
    fabric.vlans[fabric.key(3, 1)] = 7
    matrix = fabric.verdict()["matrix"]
    assert matrix["whole"] is False and "npu-03" in matrix["hosts"] and len(matrix["hosts"]) < 20


def test_the_page_names_every_rule():
    sources = [path.read_text() for path in (ROOT / "plugins/plugin_utils/network").glob("*.py")]
    rules = set(
        re.findall(
            r'"((?:[a-z]+-)+(?:absent|dead|light|down|weak|flags|dark|chip|differs|missing|twice|wrong|outside'
            r'|fails|swapped|elsewhere|low|fell|measured|mixed|grow|flaps|silent|run))"',
            "\n".join(sources),
        )
    )
    kinds = {"switch-port", *(kind.name for kind in (*blame._SINGLE, *blame._PAIRS) if kind.name != "port")}
    rules |= {f"{kind}-unreached" for kind in kinds}
    assert len(rules) > 35
    page = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    assert rules == set(
        itertools.chain(
            *[re.findall(r"`([a-z-]+)`", row.split("|")[1]) for row in page.splitlines() if row.startswith("| `")]
        )
    ) - {"-loses"}
