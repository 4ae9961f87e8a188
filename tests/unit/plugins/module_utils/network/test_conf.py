"""hccn.conf: read, and changed without touching what is not asked for."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.ascend.fleet.plugins.module_utils.network import conf

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hccn"
OLD, RICH = (FIXTURES / name for name in ("hccn_old.conf", "hccn_rich.conf"))


def test_every_key_is_read_known_or_not():
    chips = conf.parse(RICH.read_text())
    assert chips["0"]["address"] == "198.51.100.10" and chips["0"]["roce_port"] == "4791"
    assert chips["0"]["dscp_tc"] == "26:3," and chips["0"]["mtu"] == "4200"
    assert len(chips["0"]["ip_route"]) == 2 and chips["0"]["arp"] == ["-i eth0 -s 198.51.100.11 00:00:5e:00:53:11"]
    assert chips["12"] == {"lldp_something": "on"}


def test_no_file_is_a_file_without_a_line():
    assert conf.parse(None) == {} == conf.parse("")
    assert conf.render(None, {0: {"address": "198.51.100.10"}}) == "address_0=198.51.100.10\n"
    assert conf.render(None, {}) == ""


def test_what_is_right_already_leaves_the_text_as_it_is():
    text = RICH.read_text().rstrip("\n")
    assert conf.render(text, {"0": {"address": "198.51.100.10", "roce_port": "4791", "nothing": None}}) == text


def test_a_value_changes_in_its_place_and_everything_else_stays():
    wanted = {"0": {"address": "198.51.100.20", "gateway": "198.51.100.1"}}
    assert conf.render(OLD.read_text(), wanted).split("\n") == [
        "# set by hand, 2023",
        "address_0=198.51.100.20",
        "netmask_0=255.255.255.0",
        "gateway_0=198.51.100.1",
        "address_1=198.51.100.11",
        "netmask_1=255.255.255.0",
        "",
    ]


def test_a_key_with_several_lines_becomes_the_lines_wanted():
    result = conf.render(RICH.read_text(), {"0": {"ip_route": ["one"], "arp": None}})
    assert conf.parse(result)["0"]["ip_route"] == ["one"] and "arp_0" not in result
    assert "; somebody's note" in result and "lldp_something_12=on" in result


def test_a_line_that_stands_twice_is_there_once_afterwards():
    text = "address_0=198.51.100.1\naddress_0=198.51.100.2\n"
    assert conf.parse(text)["0"]["address"] == "198.51.100.2"
    assert conf.render(text, {"0": {"address": "198.51.100.2"}}) == "address_0=198.51.100.2\n"
