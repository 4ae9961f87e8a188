# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes of a host: each told as it ended, within its time, one at a time for each chip."""

import threading
import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.network import probe
from ansible_collections.ascend.fleet.plugins.module_utils.network.parse import HccnError

GOOD = """\
device 0 PING 198.51.100.2
recv seq=0,time=0.114000ms
recv seq=1,time=0.066000ms
recv seq=2,time=0.060000ms
3 packets transmitted, 3 received, 0.00% packet loss
"""
SOME = GOOD.replace("recv seq=2,time=0.060000ms", "recv time out seq=2").replace(
    "3 received, 0.00", "2 received, 33.33"
)
NONE = """\
device 0 PING 198.51.100.2
recv time out seq=0
recv time out seq=1
recv time out seq=2
3 packets transmitted, 0 received, 100.00% packet loss
"""
STAT = "packet statistics:\nroce_rx_err_pkt_num:7\n"
LINKS = "[devid 0]current time        : Wed Jun  7 10:08:28 2023\n[devid 0]link down count     : 2\n"
HCCS = """\
This pkt ping success!
recv seq 0, time = 12.345us, L1 plane check result = 0x1
1 packets transmitted, 1 received, 0.00% packets loss
"""


def test_ipv6_is_asked_for_in_words_of_its_own():
    asked = []

    def ask(chip, *words):
        asked.append(words)
        return GOOD.replace("PING 198.51.100.2", "PING6 2001:db8::2")

    rows, _later = probe.run([{"chip": 0, "address": "2001:db8::2", "via": "roce"}], [], ask, 60, 1)
    assert asked == [("-ping", "-inet6", "-g", "ipv6_address", "2001:db8::2")] and rows[0]["state"] == "ok"


def ask_with(ping):
    def ask(chip, *words):
        if words[0] == "-stat":
            return STAT
        if words[0] == "-link_stat":
            return LINKS
        if isinstance(ping, Exception):
            raise ping
        return ping

    return ask


def one(ping, via="roce"):
    return probe.run([{"chip": 0, "address": "198.51.100.2", "via": via}], [0], ask_with(ping), 60, 8)


@pytest.mark.parametrize(
    ("said", "state", "loss"),
    [
        (GOOD, "ok", 0.0),
        (SOME, "loss", 33.33),
        (NONE, "fail", 100.0),
        (HccnError("no_address", "Get ipconf failed, because no ip was preset there!"), "fail", 100.0),
        (HccnError("timeout", "hccn_tool gave no answer within 15 s and was killed"), "unknown", None),
        (HccnError("not_found", "hccn_tool cannot be started"), "unknown", None),
    ],
)
def test_how_a_probe_ends(said, state, loss):
    rows, later = one(said)
    assert (rows[0]["state"], rows[0]["loss"]) == (state, loss)
    assert (rows[0]["ms"] == 0.08) is (state == "ok") and bool(rows[0]["message"]) is (state != "ok")
    assert later == {"0": {"counters": {"roce_rx_err_pkt_num": 7}, "down_count": 2, "link": None, "net_health": None}}


def test_a_link_that_comes_up_gets_its_time_and_one_that_stays_down_only_that():
    said, now = {0: ["DOWN", "DOWN", "UP", "UP"], 1: ["DOWN"]}, [0.0]

    def ask(chip, *words):
        if words[0] == "-link":
            return "link status: " + (said[chip].pop(0) if len(said[chip]) > 1 else said[chip][0])
        return "net health status: Success" if words[0] == "-net_health" else GOOD

    def sleep(seconds):
        now[0] += seconds

    probes = [{"chip": chip, "address": "198.51.100.2", "via": "roce"} for chip in (0, 1)]
    rows, later = probe.run(probes, [0, 1], ask, 60, 1, 10, clock=lambda: now[0], sleep=sleep)
    assert [row["state"] for row in rows] == ["ok", "ok"] and now[0] == 10
    assert [later[chip]["link"] for chip in "01"] == ["UP", "DOWN"] and later["0"]["net_health"] == "Success"


def test_a_plane_that_is_broken_is_no_success():
    rows, _later = one(HCCS, "hccs")
    assert rows[0]["state"] == "loss" and "L1 plane check result 0x1" in rows[0]["message"]


def test_what_the_tool_is_asked():
    asked = []

    def ask(chip, *words):
        asked.append((chip, *words))
        return GOOD

    probe.run([{"chip": 3, "address": "198.51.100.2", "via": "roce"}], [], ask, 60, 8)
    assert asked == [(3, "-ping", "-g", "address", "198.51.100.2")]


def test_chips_work_side_by_side_each_one_thing_at_a_time():
    busy, worst, lock = {}, [0], threading.Lock()

    def ask(chip, *words):
        with lock:
            busy[chip] = busy.get(chip, 0) + 1
            worst[0] = max(worst[0], sum(busy.values()))
            alone = busy[chip] == 1
        time.sleep(0.005)
        with lock:
            busy[chip] -= 1
        return GOOD if alone else NONE

    probes = [{"chip": chip, "address": f"198.51.100.{n}", "via": "roce"} for n in range(4) for chip in range(6)]
    rows, _later = probe.run(probes, [], ask, 60, 3)
    assert [row["address"] for row in rows] == [one["address"] for one in probes]
    assert {row["state"] for row in rows} == {"ok"} and 1 < worst[0] <= 3


def test_what_is_not_begun_in_time_is_unknown():
    times = iter(range(100))
    rows, later = probe.run(
        [{"chip": 0, "address": f"198.51.100.{n}", "via": "roce"} for n in range(9)],
        [0],
        ask_with(GOOD),
        5,
        1,
        clock=lambda: next(times),
    )
    assert [row["state"] for row in rows] == ["ok"] * 4 + ["unknown"] * 5 and rows[-1]["message"] == probe.OVER
    assert later == {"0": {"counters": {}, "down_count": None, "link": None, "net_health": None}}
