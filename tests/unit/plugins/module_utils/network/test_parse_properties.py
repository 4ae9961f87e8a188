"""Damaged and hostile input: a value or HccnError, in linear time."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import conf, parse, ping, tables
from hypothesis import given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[1] / "fixtures" / "hccn"
TEXTS = [path.read_text() for path in sorted(FIXTURES.glob("*.*"))]
READERS = [
    getattr(room, name) for room in (parse, ping, tables) for name in sorted(vars(room)) if name.startswith("parse_")
]
PIECES = [
    ":", "|", "+--+\n", "\n", "\t", " ", "\0", "\x1b[31m", "NA", "0", "9" * 30, "-1", "0x", "mW", "dBm", "TLV\n",
    "ipaddr:", "link status:", "Speed:", "tls switch[1]", "[device 0]", "recv seq=0,time=", "1e9", "\u0663", "\ud800",
    "packets transmitted, ", "address_0=", "ip_route_0=", "no ip was preset", "...", "present : present\n",
]  # fmt: skip
edits = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 200), st.sampled_from(PIECES) | st.text(max_size=6)), max_size=6
)


def value_or_error(read, text):
    try:
        found = read(text)
    except parse.HccnError as error:
        assert error.kind and len(error.message) <= parse.MESSAGE_LIMIT + 40
        return
    json.dumps(found)


@settings(max_examples=100, deadline=None)
@given(text=st.sampled_from(TEXTS), changes=edits)
def test_damaged_output_gives_a_value_or_the_error(text, changes):
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    for read in READERS:
        value_or_error(read, text)
    conf.render(text, {"0": {"address": "198.51.100.9", "ip_route": ["a", "b"]}})


@settings(max_examples=60, deadline=None)
@given(given=st.text() | st.binary() | st.none() | st.integers())
def test_any_input_gives_a_value_or_the_error(given):
    for read in READERS:
        value_or_error(read, given)


@settings(max_examples=60, deadline=None)
@given(text=st.sampled_from([text for text in TEXTS if "address_0" in text]) | st.text(), changes=edits)
def test_a_file_that_was_rendered_says_what_was_wanted_and_keeps_the_rest(text, changes):
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    wanted = {"0": {"address": "198.51.100.9", "gateway": None, "ip_route": ["a", "b"]}, "17": {"netmask": "255.0.0.0"}}
    result = conf.render(text, wanted)
    now, before = conf.parse(result), conf.parse(text)
    assert now["0"]["address"] == "198.51.100.9" and now["0"]["ip_route"] == ["a", "b"]
    assert "gateway" not in now["0"] and now["17"]["netmask"] == "255.0.0.0"
    for chip, keys in before.items():
        for key, value in keys.items():
            if key not in wanted.get(chip, {}):
                assert now[chip][key] == value
    assert conf.render(result, wanted) == result
    foreign = [line for line in text.split("\n") if line.strip() and not conf._LINE.match(line)]
    assert [line for line in result.split("\n") if line.strip() and not conf._LINE.match(line)] == foreign


HEAVY = [
    lambda n: "ipaddr:1.1.1.1\n" * n,
    lambda n: "| a | b |\n" * n,
    lambda n: "+--+\n| a |\n" * n,
    lambda n: "recv seq=0,time=" * n,
    lambda n: "dev_id:0, [crl] info:\n tls expiration status[0]\n" * n,
    lambda n: "x" * 12 * n,
    lambda n: " " * 12 * n + "\n",
    lambda n: "Tx Power0 : 1.0 mW\n" * n,
    lambda n: "System Name TLV\n" * n,
    lambda n: ("fail " * 3 + "\n") * n,
    lambda n: "a TLV (" * n,
]


def _fastest(read, text):
    times = []
    for _ in range(3):
        gc.disable()
        begun = time.process_time()
        value_or_error(read, text)
        times.append(time.process_time() - begun)
        gc.enable()
    return min(times)


@pytest.mark.parametrize("make", HEAVY)
def test_time_grows_linearly(make):
    for read in READERS:
        short, long = _fastest(read, make(2000)), _fastest(read, make(8000))
        assert long < 12 * short + 0.05, read.__name__
