# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are slow: against the site's limit, alike hosts and their own past."""

import json

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.network import bandwidth
from small_fabric import LIMITS

LIMIT = LIMITS[bandwidth.MEASURE]


def runs(*speeds, family="910b"):
    return [
        bandwidth.measured(f"npu-{n}", family, 8, {"available": True, "gb_s": speed, "bytes": 1 << 30})
        for n, speed in enumerate(speeds, 1)
    ]


def told(found):
    return [(row["rule"], row["level"], row["where"]) for row in found["troubles"]]


def test_the_slowest_host_stands_out():
    found = bandwidth.verdict(runs(160.0, 158.0, 150.0, 90.0, 161.0), LIMIT, {}, {})
    assert told(found) == [("bandwidth-low", "alarm", "npu-4"), ("bandwidth-low", "warn", "npu-3")]
    assert "57% of the median of alike hosts (158 GB/s)" in found["troubles"][0]["evidence"]
    assert [row["percent"] for row in found["runs"]][3] == 57.0


def test_two_hosts_are_no_fleet():
    assert told(bandwidth.verdict(runs(160.0, 90.0), LIMIT, {}, {})) == []


def test_other_chips_are_not_compared():
    assert told(bandwidth.verdict(runs(160.0, 160.0, 160.0) + runs(20.0, family="910"), LIMIT, {}, {})) == []


def test_the_limit_of_the_site_goes_before_the_median():
    floors = bandwidth.floors({"910b  x 8": 100})
    assert told(bandwidth.verdict(runs(160.0, 160.0, 110.0), LIMIT, floors, {})) == []
    assert told(bandwidth.verdict(runs(160.0, 90.0), LIMIT, floors, {})) == [("bandwidth-low", "alarm", "npu-2")]


def test_a_host_that_was_faster_before():
    kept = {("npu-1", "910b x 8"): [160.0, 161.0, 159.0]}
    found = bandwidth.verdict(runs(120.0), LIMIT, {}, kept)
    assert told(found) == [("bandwidth-fell", "alarm", "npu-1")] and found["runs"][0]["history"] == [
        160.0,
        161.0,
        159.0,
    ]


def test_where_it_was_not_measured_the_reason_stands():
    missing = bandwidth.measured(
        "npu-9", "910b", 8, {"available": False, "reason": "No toolkit.", "fix": "Install it."}
    )
    idle = bandwidth.measured("npu-8", "910b", 8, {})
    found = bandwidth.verdict([missing, idle], LIMIT, {}, {})
    assert {row["rule"] for row in found["troubles"]} == {"bandwidth-not-measured"}
    lines = bandwidth.lines(found)
    assert "not measured: npu-9: No toolkit." in lines and "not measured: npu-8: It was not run." in lines


def test_the_history_is_read_back():
    done = runs(160.0, 90.0)
    lines = bandwidth.history_lines([*done, bandwidth.measured("x", None, 1, {})], "2026-11-26T22:00:00Z", {})
    assert len(lines) == 2 and json.loads(lines[0])["bytes"] == 1 << 30
    assert bandwidth.read_history([*lines, "{cut off", "[]", lines[0]]).speeds == {
        ("npu-1", "910b x 8"): [160.0, 160.0],
        ("npu-2", "910b x 8"): [90.0],
    }


def test_what_was_measured_stands_until_the_host_changes():
    lacking = {"available": False, "reason": "No toolkit.", "fix": "Install it.", "missing": True}
    failed = {"available": False, "reason": "It hung.", "fix": "Look."}
    done = [
        *runs(160.0, 90.0),
        *(bandwidth.measured(name, "910b", 8, row) for name, row in (("l", lacking), ("f", failed))),
    ]
    marks = {"npu-1": "m1", "npu-2": "m2", "l": "ml", "f": "mf"}
    past = bandwidth.read_history(bandwidth.history_lines(done, "2026-11-26T22:00:00Z", marks, ["npu-2"]))
    before = bandwidth.as_before("npu-1", "m1", past)
    assert before and (before.gb_s, before.topology, before.earlier) == (160.0, "910b x 8", True)
    assert bandwidth.as_before("npu-1", "other", past) is None
    assert bandwidth.as_before("npu-2", "m2", past) is None, "an alarm is measured again"
    assert bandwidth.as_before("f", "mf", past) is None, "so is what failed"
    without = bandwidth.as_before("l", "ml", past)
    assert without and (without.reason, without.fix) == ("No toolkit.", "Install it.")
    assert bandwidth.history_lines([before, without], "later", marks) == [], "it is kept already"
    found = bandwidth.verdict([before], LIMIT, {}, past.speeds)
    assert found["runs"][0]["history"] == [] and "in an earlier run" in " ".join(bandwidth.lines(found))


def test_a_mark_changes_with_what_counts():
    cann = [{"product": "toolkit", "version": "8.3.RC1", "path": "/usr/local/Ascend", "latest": True}]
    one = bandwidth.mark("ports", {"cann": cann}, ["", []])
    assert one == bandwidth.mark("ports", {"cann": cann, "busy": [1]}, ["", []])
    others = [("other", {"cann": cann}, ["", []]), ("ports", {}, ["", []]), ("ports", {"cann": cann}, ["/opt/mpi", []])]
    assert one not in [bandwidth.mark(*row) for row in others]


def test_what_pytorch_measured_is_compared_with_its_like_only():
    seen = {"available": True, "gb_s": 20.0, "bytes": 1 << 30, "engine": "torch"}
    mixed = [*runs(160.0, 160.0, 160.0), bandwidth.measured("npu-9", "910b", 8, seen)]
    found = bandwidth.verdict(mixed, LIMIT, {}, {})
    assert told(found) == [] and found["runs"][-1]["topology"] == "910b x 8 by torch"


def test_across_is_a_topology_of_its_own():
    run = bandwidth.measured(bandwidth.ACROSS, "910b", 8, {"available": True, "gb_s": 24.0, "bytes": 1 << 30}, 4)
    assert run.topology == "910b x 8 x 4 hosts"
    found = bandwidth.verdict([*runs(160.0, 160.0, 160.0), run], LIMIT, {}, {})
    assert told(found) == [] and any(
        line.startswith("Bandwidth of all_reduce, 910b x 8 x 4") for line in bandwidth.lines(found)
    )


@pytest.mark.parametrize("given", [[1], {"910b x 8": "fast"}, {"910b x 8": True}])
def test_limits_that_are_none(given):
    with pytest.raises(ValueError, match="ascend_bandwidth_thresholds"):
        bandwidth.floors(given)


@pytest.mark.parametrize(
    "seen", [{}, {"available": True}, {"available": True, "gb_s": "x"}, {"msg": "sudo", "failed": True}]
)
def test_no_answer_is_no_bandwidth(seen):
    assert bandwidth.measured("a", None, 0, seen).gb_s is None
