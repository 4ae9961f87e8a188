"""What host_facts says of the network of the chips: one bounded pass that changes nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import observe, parse, tool
from ansible_collections.ascend.fleet.plugins.module_utils.secure import bounded
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hccn"
PATH = "/usr/local/Ascend/driver/tools/hccn_tool"
NPUS = [{"npu_id": 0, "chip_id": 0, "phy_id": None}, {"npu_id": 1, "chip_id": 0, "phy_id": None}]
ANSWERS = {
    "-ip": "ipaddr:198.51.100.80\nnetmask:255.255.255.0\n",
    "-gateway": "Get gateway failed, because no gateway was preset there!\n",
    "-netdetect": "netdetect address: 198.51.100.1\n",
    "-link": "link status: UP\n",
    "-net_health": "net health status: Success\n",
    "-speed": "Speed: 200000 Mb/s\n",
    "-vnic": "vnic link status: UP\nvnic ipaddr: 172.16.0.5\nvnic netmask: 255.255.0.0\n",
    "-mac": "mac addr: 06:0c:b4:96:bc:85\n",
    "-tls": (FIXTURES / "tls.txt").read_text(),
    "-optical": (FIXTURES / "optical_mw.txt").read_text(),
    "-stat": (FIXTURES / "stat.txt").read_text(),
    "-link_stat": (FIXTURES / "link_stat_new.txt").read_text(),
    "-lldp": (FIXTURES / "lldp.txt").read_text(),
}


class Tool:
    def __init__(self, _path=PATH, **answers):
        self.answers, self.asked = {**ANSWERS, **{"-" + key: value for key, value in answers.items()}}, []

    def __call__(self, path):
        return self

    def ask(self, chip, *words):
        self.asked.append((chip, words[0]))
        answer = self.answers[words[0]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, args):
        self.asked.append(args)
        return 0, self.answers["-dev_info"]


def look(asked, port="roce", conf="tls_enable_0=0\ntls_enable_1=0\n", chips=NPUS, there=True, pod=None):
    tree = {"/etc/hccn.conf": conf} if conf is not None else {}
    return observe.observe(DictView({**tree, **({PATH: ""} if there else {})}), port, chips, PATH, asked, pod)


def test_every_chip_says_all_of_it():
    asked = Tool()
    found = look(asked)
    assert found["available"] and [row["chip"] for row in found["chips"]] == [0, 1]
    row = found["chips"][0]
    assert (row["address"], row["netdetect"], row["link"], row["speed_mbps"]) == (
        "198.51.100.80",
        "198.51.100.1",
        "UP",
        200000,
    )
    assert row["tls"]["enabled"] is False and row["optics"]["present"] and row["lldp"]["system"] == "leaf-07"
    assert row["counters"]["nic_tx_all_pkg_num"] == 122404 and row["link_history"]["up_count"] == 1
    assert row["problems"] == {"gateway": {"kind": "no_gateway", "message": ANSWERS["-gateway"].strip()}}
    assert len(asked.asked) == 2 * len(observe.QUERIES), "one pass"
    json.dumps(found)


def test_the_query_that_would_write_the_file_is_not_made():
    asked = Tool()
    found = look(asked, conf="tls_enable_1=1\n")
    assert (0, "-tls") not in asked.asked and (1, "-tls") in asked.asked
    assert found["chips"][0]["tls"] is None and found["chips"][1]["tls"] is not None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"port": None}, "no RoCE port"),
        ({"chips": []}, "shows no chip"),
        ({"there": False}, "hccn_tool is not there"),
    ],
)
def test_where_nothing_can_be_asked_nothing_is(more, said):
    asked = Tool()
    found = look(asked, **more)
    assert not found["available"] and said in found["reason"] and asked.asked == [] and found["chips"] == []
    assert found["conf"]["chips"]["0"] == {"tls_enable": "0"}


def test_a_host_without_the_file_says_so():
    assert look(Tool(), conf=None)["conf"] == {"path": "/etc/hccn.conf", "present": False, "chips": {}}


def test_a_tool_that_hangs_is_asked_once_a_chip():
    asked = Tool(ip=parse.HccnError("timeout", "hccn_tool gave no answer within 10 s and was killed"))
    found = look(asked)
    assert len(asked.asked) == 2 and found["chips"][0]["problems"]["ip"]["kind"] == "timeout"


def test_a_driver_that_is_not_loaded_is_told_once():
    asked = Tool(ip="Device is not ready, please check the driver.\n")
    found = look(asked)
    assert not found["available"] and "not ready" in found["reason"] and found["chips"] == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, 0, 0), (0, 1, 1), (1, 0, 2)], [0, 1, 2]),
        ([(4, 0, None), (5, 0, None)], [4, 5]),
        ([(0, 0, None), (0, 1, None)], [0, 1]),
    ],
    ids=["a3", "910", "two chips a card"],
)
def test_chips_are_counted_as_hccn_conf_counts_them(rows, expected):
    assert observe.chip_ids([dict(zip(("npu_id", "chip_id", "phy_id"), row, strict=True)) for row in rows]) == expected


def test_the_place_in_a_super_pod_is_read():
    text = (FIXTURES / "spod.txt").read_text()
    found = look(Tool(), pod=lambda npu, chip: text)
    assert found["chips"][1]["super_pod"]["super_pod_id"] == 7


def test_ipv6_is_asked_for_where_the_file_has_it():
    class Six(Tool):
        def ask(self, chip, *words):
            if words[1] != "-inet6":
                return super().ask(chip, *words)
            self.asked.append((chip, *words))
            if words[0] == "-netdetect":
                return "netdetect addr: 2001:db8::1\n"
            return "ipv6_address:2001:DB8::8\nprefix_length:64\n"

    asked = Six(ip="Get ipconf failed, because no ip was preset there!\n")
    found = look(asked, conf="IPv6address_0=2001:db8::8\naddress_1=198.51.100.81\n")
    assert found["chips"][0]["ipv6"] == {"address": "2001:DB8::8", "prefix_length": "64", "netdetect": "2001:db8::1"}
    assert found["chips"][1]["ipv6"] is None and not [row for row in asked.asked if row[0] == 1 and "-inet6" in row]


def test_the_address_inside_a_super_pod_is_read():
    found = look(Tool(), pod=lambda npu, chip: (FIXTURES / "spod.txt").read_text())
    assert found["chips"][0]["vnic"] == {"link": "UP", "address": "172.16.0.5", "netmask": "255.255.0.0"}
    assert look(Tool())["chips"][0]["vnic"] is None, "asked only where there are super pods"


ROOT_INFO = (FIXTURES / "rootinfo_950.json").read_text()


def look_at_950(root_info=ROOT_INFO, asked=None, there=True):
    asked = asked or Tool(dev_info=(FIXTURES / "dev_info_950.txt").read_text())
    tree = {observe.root_info.PATH: root_info} if root_info is not None else {}
    view = DictView({**tree, **({PATH: ""} if there else {})})
    return observe.observe(view, "ub", NPUS, PATH, asked)


def test_a_950_says_its_ports_and_how_its_chips_are_reached():
    asked = Tool(dev_info=(FIXTURES / "dev_info_950.txt").read_text())
    found = look_at_950(asked=asked)
    assert found["available"] and asked.asked == [["-g", "-dev_info", "-i", "0"], ["-g", "-dev_info", "-i", "1"]]
    assert found["chips"][1]["ports"][1] == {
        "udie": 0, "port": 5, "speed_mbps": 400000, "type": "UB", "link": "DOWN", "media": "Electrical",
    }  # fmt: skip
    assert found["chips"][0]["address"] is None and found["root_info"]["problem"] is None
    ranks = found["root_info"]["ranks"]
    assert [row["device_id"] for row in ranks] == [0, 1]
    assert [level["net_type"] for level in ranks[0]["level_list"]] == ["TOPO_FILE_DESC", "CLOS"]
    assert ranks[0]["level_list"][1]["rank_addr_list"][1]["ports"] == ["0/4", "0/5", "0/6", "0/7"]
    json.dumps(found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "is not there"),
        ("{", "is not JSON"),
        ('{"version": "1.0", "server_list": []}', r"no rank_list \(version 1.0\)"),
        ('{"rank_list": [7]}', "something else than objects"),
        ('{"rank_list": [{"device_id": 0, "local_id": true, "level_list": []}]}', "local_id is no number"),
        ('{"rank_list": [{"device_id": 0, "local_id": 0, "level_list": {}}]}', "level_list is no list"),
        (json.dumps({"rank_list": [{}] * 66}), "names 66 chips"),
    ],
)
def test_a_root_info_that_is_none_is_told_and_the_rest_is_seen(text, words):
    found = look_at_950(text)
    assert found["root_info"]["ranks"] == [] and re.search(words, found["root_info"]["problem"])
    assert found["available"] and len(found["chips"]) == 2


def test_a_950_without_its_driver_still_says_what_its_file_says():
    found = look_at_950(there=False)
    assert not found["available"] and len(found["root_info"]["ranks"]) == 2


def test_the_calls_have_limits():
    calls = []

    def start(argv, timeout, limit, env):
        calls.append((argv, timeout, limit, env["LC_ALL"]))
        return bounded.Outcome(0, b"link status: UP\n", b"", None)

    asked = tool.Tool(PATH, timeout=3, total=100, start=start)
    assert parse.parse_link(asked.ask(5, "-link", "-g")) == {"link": "UP"}
    assert calls[0][0] == [PATH, "-i", "5", "-link", "-g"] and calls[0][1:] == (3, tool.OUTPUT_LIMIT, "C")
    with pytest.raises(parse.HccnError) as caught:
        tool.Tool(PATH, total=-1, start=start).ask(0, "-link", "-g")
    assert caught.value.kind == "timeout" and len(calls) == 1


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (bounded.Outcome(None, b"", b"", bounded.TIMEOUT), "timeout"),
        (bounded.Outcome(None, b"", b"", bounded.FLOODED), "unrecognised"),
    ],
)
def test_a_call_that_does_not_end_is_an_error(outcome, kind):
    with pytest.raises(parse.HccnError) as caught:
        tool.Tool(PATH, start=lambda *_args, **_more: outcome).ask(0, "-link", "-g")
    assert caught.value.kind == kind


def test_a_change_that_the_tool_refuses_says_why():
    refused = bounded.Outcome(1, b"", b"The ip address configured is conflicted!\n", None)
    with pytest.raises(parse.HccnError) as caught:
        tool.Tool(PATH, start=lambda *_args, **_more: refused).change(0, "-ip", "-s")
    assert caught.value.kind == "conflict" and "ended with 1" in caught.value.message
