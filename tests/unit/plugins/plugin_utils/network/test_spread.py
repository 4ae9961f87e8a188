"""Addresses for hosts and chips: no other host moves them, no two are the same, whatever hosts are called."""

from __future__ import annotations

import ipaddress
import random

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import wanted
from ansible_collections.ascend.fleet.plugins.plugin_utils.network.spread import Claim, Range, spread
from hypothesis import given, settings
from hypothesis import strategies as st

ROCE = {"port": "roce", "ip_versions": [4], "rules": True, "reserved": ["192.168.1.0/24"]}


def number(text: str) -> int:
    return int(ipaddress.IPv4Address(text))


def pool(first="10.20.0.0", last="10.20.63.255", size=8, netmask="255.255.0.0", unusable=()):
    return Range(number(first), number(last), size, netmask, frozenset(map(number, unusable)))


def wish(addresses="10.20.0.0/16", **more):
    return {"ranges": [{"addresses": addresses, "netmask": "255.255.0.0"}], **more}


def server(name, chips=8, **more):
    more = {"wish": wish(), "family": "910", "ports": ROCE, **more}
    return wanted.Server(name, chips=tuple(range(chips)), **more)


def addresses(answers):
    return {name: [row["address"] for row in answer.chips.values()] for name, answer in answers.items()}


def test_a_thousand_hosts_get_eight_thousand_addresses_and_none_twice():
    answers = wanted.judge([server(f"node-{index:04d}") for index in range(1, 1001)])
    given = [address for row in addresses(answers).values() for address in row]
    assert len(set(given)) == len(given) == 8000
    assert not any(answer.errors for answer in answers.values())
    net = ipaddress.IPv4Network("10.20.0.0/16")
    assert all(ipaddress.IPv4Address(address) in net for address in given)


def test_the_work_grows_with_the_hosts_and_not_with_their_square():
    """Counted by the looks at places: a fleet ten times as large takes about ten times as many."""

    class Counting(Range):
        looks = 0

        def usable(self, place):
            Counting.looks += 1
            return super().usable(place)

    counts = []
    for hosts in (100, 1000):
        Counting.looks = 0
        big = Counting(number("10.0.0.0"), number("10.0.255.255"), 8, "255.0.0.0")
        places, refused = spread(big, [Claim(f"host-{letter}-x") for letter in range(hosts)])
        assert len(set(places.values())) == hosts and not refused
        counts.append(Counting.looks)
    assert counts[1] <= 15 * counts[0]


def test_the_number_at_the_end_of_a_name_is_its_place():
    answers = wanted.judge([server("node-07"), server("node-11")])
    assert addresses(answers)["node-07"] == [f"10.20.0.{7 * 8 + chip}" for chip in range(8)]
    assert addresses(answers)["node-11"][0] == "10.20.0.88"


def test_an_own_number_counts_before_the_name():
    found = addresses(wanted.judge([server("node-07", index=3), server("node-3")]))
    assert found["node-07"][0] == "10.20.0.24"
    assert found["node-3"][0] != "10.20.0.24"


names = st.lists(
    st.from_regex(r"[a-z]{1,6}(-[0-9]{1,3})?", fullmatch=True) | st.text("ab1", min_size=1, max_size=3),
    min_size=2,
    max_size=40,
    unique=True,
)


@settings(max_examples=60, deadline=None)
@given(hosts=names, seed=st.integers(0, 10**6))
def test_hosts_come_and_go_without_moving_those_that_have_addresses(hosts, seed):
    mix = random.Random(seed)
    small = pool(last="10.20.1.255")
    early = hosts[: len(hosts) // 2 + 1]
    first, refused = spread(small, [Claim(name) for name in early])
    assert not refused
    have = {name: dict(enumerate(small.addresses(place))) for name, place in first.items()}
    later = mix.sample(hosts, len(hosts))
    gone = mix.choice(early)
    second, refused = spread(small, [Claim(name, has=have.get(name, {})) for name in later if name != gone])
    assert not refused
    assert all(second[name] == place for name, place in first.items() if name != gone)
    assert len(set(second.values())) == len(second)


@settings(max_examples=60, deadline=None)
@given(hosts=names, seed=st.integers(0, 10**6))
def test_the_order_of_the_inventory_does_not_matter(hosts, seed):
    shuffled = random.Random(seed).sample(hosts, len(hosts))
    assert spread(pool(), map(Claim, hosts)) == spread(pool(), map(Claim, shuffled))


def test_a_new_host_does_not_move_those_with_numbers_in_their_names():
    before = addresses(wanted.judge([server(f"node-{index}") for index in range(1, 9)]))
    after = addresses(wanted.judge([server(f"node-{index}") for index in (12, 3, 9, 1, 2, 4, 5, 6, 7, 8)]))
    assert {name: after[name] for name in before} == before


def test_a_host_alone_gets_what_it_gets_with_all_others_that_the_inventory_names():
    fleet = [server("alpha"), server("beta"), server("gamma")]
    # Under --limit the others were not looked at, and count by their names.
    alone = [fleet[0], *(wanted.Server(one.name, one.wish) for one in fleet[1:])]
    assert addresses(wanted.judge(alone))["alpha"] == addresses(wanted.judge(fleet))["alpha"]


def test_a_place_with_the_gateway_or_the_address_of_a_net_is_given_to_nobody():
    small = pool(last="10.20.0.255", netmask="255.255.255.0", unusable=["10.20.0.17"])
    assert [place for place in range(32) if not small.usable(place)] == [0, 2, 31]
    assert small.usable(1) and not small.usable(32) and not small.usable(-1)


def test_who_finds_no_room_is_told():
    answers = wanted.judge([server(f"node-{index}", wish=wish("10.20.1.0-10.20.1.15")) for index in range(3)])
    said = [error for answer in answers.values() for error in answer.errors]
    assert len(said) == 1 and "room for 2 hosts" in said[0]


def test_two_hosts_with_one_number_are_both_refused():
    answers = wanted.judge([server("a", index=5), server("b", index=5)])
    assert "also that of b" in answers["a"].errors[0] and "also that of a" in answers["b"].errors[0]


def test_each_chip_can_have_a_range_of_its_own():
    rails = {
        "netmask": "24",
        "ranges": [
            {"addresses": f"10.9.{chip}.0/24", "chips": [chip], "gateway": f"10.9.{chip}.1"} for chip in range(8)
        ],
    }
    answers = wanted.judge([server("node-5", wish=rails), server("node-6", wish=rails)])
    assert addresses(answers)["node-5"] == [f"10.9.{chip}.5" for chip in range(8)]
    assert answers["node-6"].chips["3"] == {
        "address": "10.9.3.6", "netmask": "255.255.255.0", "gateway": "10.9.3.1",
    }  # fmt: skip
    assert not answers["node-5"].errors


SIX = {"family": "910b", "ports": {"port": "roce", "ip_versions": [4, 6], "rules": False}}


def six(address, **more):
    return {**SIX, "wish": {"chips": {"0": {"address": address, "netmask": "64", **more}}}}


def test_ipv6_is_written_as_the_vendor_spells_it():
    given = six("2001:DB8:0::8", netdetect="2001:db8::0001")
    (answer,) = wanted.judge([server("node-1", **{**given, "chips": 1})]).values()
    assert not answer.errors and answer.chips == {
        "0": {"IPv6address": "2001:db8::8", "IPv6netmask": "64", "IPv6netdetect": "2001:db8::1"}
    }
    twice = wanted.judge([server(name, **{**given, "chips": 1}) for name in ("a", "b")])
    assert any("2001:db8::8 is wanted for chip 0 of a, chip 0 of b" in error for error in twice["a"].errors)


WRONG = [
    ({"ports": None, "family": "310p"}, "family 310p have no RoCE port"),
    ({"ports": {"port": "ub"}, "family": "950"}, "no RoCE ports and have no addresses"),
    ({"container": True}, "a container uses the network that its host"),
    ({"wish": wish(gateway="10.21.0.1")}, "gateway 10.21.0.1 is outside the net 10.20.0.0/16"),
    ({"wish": wish(netdetect="10.21.0.1")}, "netdetect 10.21.0.1 is outside the net"),
    ({"wish": {"ranges": [{"addresses": "10.20.0.0/16"}]}}, "has no netmask"),
    ({"wish": wish("10.20.0.0/33")}, "is no range of addresses"),
    ({"wish": wish("10.20.9.0-10.20.1.0")}, "ends before it begins"),
    ({"wish": wish("2001:db8::/64")}, "ranges are of IPv4"),
    ({"wish": {"chips": {"0": {"address": "2001:db8::1", "netmask": "64"}}}}, "chips of family 910 have no IPv6"),
    (six("2001:db8::1", gateway="2001:db8::fe"), "keeps one IPv6 gateway for all chips"),
    (six("2001:db8::1", netdetect="2001:db9::1"), "netdetect 2001:db9::1 is outside the net 2001:db8::/64"),
    (six("2001:db8::1", netdetect="10.1.1.1"), "is of another IP version"),
    (six("2001:db8::1", netmask="255.255.255.0"), "is no prefix length of IPv6"),
    (six("fe80::1"), "no address that other hosts could reach"),
    (
        {
            **SIX,
            "wish": {
                "chips": {
                    "0": {"address": "2001:db8::1", "netmask": "64"},
                    "1": {"address": "10.1.1.1", "netmask": "24"},
                }
            },
        },
        "some chips have IPv4 and some IPv6",
    ),
    ({"wish": wish("192.168.1.0/24")}, "the driver of family 910 keeps for itself"),
    ({"chips": 16}, "chip 8, 9, 10, 11, 12, 13, 14, 15 of 16 gets no address"),
    ({"wish": {"chips": {"9": {"address": "10.1.1.9", "netmask": "24"}}}}, "the host has 8 chips"),
    ({"wish": {"chips": {"0": {"address": "10.1.1.0", "netmask": "24"}}}}, "the address of the net"),
    ({"wish": {"chips": {"0": {"address": "10.1.1.1", "netmask": "24", "gateway": "10.1.1.1"}}}}, "also its gateway"),
    ({"wish": {"chips": {"0": {"address": "ten", "netmask": "24"}}}}, "no IP address"),
    ({"wish": {"chips": {"0": {"adress": "10.1.1.1"}}}}, "chips takes"),
    ({"wish": {"chips": {"0": {"address": "10.1.1.1", "mask": 1}}}}, "names mask"),
    ({"wish": wish(pfc="1,2")}, "pfc '1,2' is none"),
    ({"wish": wish(dscp_tc="64:1")}, "dscp_tc '64:1' is none"),
    ({"wish": wish(roce_port=70000)}, "roce_port 70000 is no port"),
    ({"wish": wish(policy_routes=True)}, "there is no gateway"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_what_cannot_be_is_refused_with_words(given, said):
    (answer,) = wanted.judge([server("node-1", **given)]).values()
    assert any(said in error for error in answer.errors), answer.errors


def test_an_address_that_stands_twice_in_the_fleet_names_both():
    one = {"chips": {"0": {"address": "10.1.1.1", "netmask": "24"}}}
    answers = wanted.judge([server("a", wish=one), server("b", wish=one), server("c")])
    assert any("chip 0 of a, chip 0 of b" in error for error in answers["a"].errors)
    assert any("10.1.1.1" in error for error in answers["b"].errors) and not answers["c"].errors


def test_ranges_that_overlap_without_being_the_same_are_refused():
    answers = wanted.judge(
        [server("a"), server("b", wish=wish("10.20.128.0/17")), server("c", wish=wish("10.30.0.0/16"))]
    )
    assert "ranges overlap" in answers["a"].errors[0] and "ranges overlap" in answers["b"].errors[0]
    assert not answers["c"].errors


def test_the_lines_of_a_chip_are_spelt_as_the_vendor_spells_them():
    full = wish(
        "10.20.0.0/16", gateway="10.20.255.1", netdetect="10.20.255.1", tls=False, pfc="0,0,0,0,1,0,0,0",
        dscp_tc="26:3", roce_port=4791, policy_routes=True,
    )  # fmt: skip
    (answer,) = wanted.judge([server("node-1", wish=full)]).values()
    assert not answer.errors
    assert answer.chips["2"] == {
        "address": "10.20.0.10",
        "netmask": "255.255.0.0",
        "gateway": "10.20.255.1",
        "netdetect": "10.20.255.1",
        "tls_enable": "0",
        "bitmap": "0,0,0,0,1,0,0,0",
        "dscp_tc": "26:3,",
        "roce_port": "4791",
        "ip_rule": ["add from 10.20.0.10 table 102"],
        "ip_route": [
            "add 0.0.0.0/0 via 10.20.255.1 dev eth2 table 102",
            "add 10.20.0.0/16 via 10.20.0.10 dev eth2 table 102",
        ],
    }
