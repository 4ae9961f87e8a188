# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cables that are where others belong, and settings that only a comparison shows."""

import pytest
from small_fabric import Fabric


@pytest.fixture
def fabric():
    return Fabric(hosts=8)


def test_two_cables_that_were_exchanged(fabric):
    fabric.change(3, 2, switch="leaf-5", switch_port="200GE1/0/3")
    fabric.change(3, 5, switch="leaf-2", switch_port="200GE1/0/3")
    assert fabric.told() == [
        ("cables-swapped", "npu-03 chip 2 (at leaf-5 200GE1/0/3) and npu-03 chip 5 (at leaf-2 200GE1/0/3)")
    ]


def test_a_cable_that_leads_elsewhere(fabric):
    fabric.change(3, 2, switch="leaf-9", switch_port="200GE1/0/30")
    [row] = fabric.verdict()["troubles"]
    assert (row["rule"], row["level"]) == ("cable-elsewhere", "warn") and "leaf-2" in row["fix"]


def test_hosts_at_one_switch_each_are_a_wiring_too():
    fabric = Fabric(hosts=8, rails=False)
    fabric.change(1, 2, switch="leaf-1", switch_port="200GE1/0/2")
    assert [rule for rule, _where in fabric.told()] == ["cable-elsewhere"]


def test_no_wiring_is_no_cable(fabric):
    for number, key in enumerate(list(fabric.ports)):
        fabric.change(int(key.host[-2:]), key.chip, switch=f"leaf-{number * 7 % 5}")
    assert fabric.told() == []


def test_one_switch_for_all_is_no_wiring(fabric):
    for key in list(fabric.ports):
        fabric.change(int(key.host[-2:]), key.chip, switch="leaf-1")
    assert fabric.told() == []


def test_flow_control_of_one_host(fabric):
    for key in list(fabric.ports):
        fabric.change(int(key.host[-2:]), key.chip, priorities="0,0,0,0,1,0,0,0")
    fabric.change(4, 1, priorities="0,0,0,1,0,0,0,0")
    assert fabric.told() == [("pfc-differs", "npu-04 chip 1")]


def test_a_wrong_detection_target_is_told_once_and_by_its_name(fabric):
    for key in list(fabric.ports):
        fabric.change(int(key.host[-2:]), key.chip, netdetect="10.0.255.254")
    fabric.change(4, 1, netdetect="10.0.255.9", health="Receive timeout")
    [row] = fabric.verdict()["troubles"]
    assert (row["rule"], row["level"]) == ("netdetect-differs", "alarm")
    assert "10.0.255.9 here, 10.0.255.254 on the others" in row["evidence"]
    fabric.change(4, 1, health="Success")
    assert fabric.verdict()["troubles"][0]["level"] == "warn"
