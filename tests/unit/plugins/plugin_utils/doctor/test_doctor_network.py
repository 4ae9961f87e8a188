# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on the network of the NPUs: ports, TLS across hosts, errors of HCCL."""

import copy

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import hccl_errors
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import network, rules

GOOD = {
    "chip": 0,
    "address": "198.51.100.3",
    "netmask": "255.255.255.0",
    "link": "UP",
    "net_health": "Success",
    "tls": {"enabled": False},
    "optics": {"present": True, "media_snr_db": [23.0]},
    "link_history": {"down_count": 1},
    "problems": {},
}
PASTED = """\
[ERROR] HCCL(48,python3):2026-11-20-10:11:12.1 EI0006: Communication_Error_Get_Socket(EI0006): socket timeout
[ERROR] EI0006: again
[WARN] EI9999 is nobody's
[ERROR] EI0016: tls switch of rank 3 differs
"""


def with_chips(facts, *changes, conf=None):
    facts = copy.deepcopy(facts)
    chips = [{**GOOD, "chip": number, **change} for number, change in enumerate(changes)]
    facts["device_network"] = {"tool": "/t", "port": "roce", "conf": {"chips": conf or {}}, "chips": chips}
    return facts


@pytest.mark.parametrize(
    ("rule", "change", "conf"),
    [
        ("npu-address-not-on-chip", {"address": None, "netmask": None}, {"0": {"address": "198.51.100.3"}}),
        ("npu-address-differs", {}, {"0": {"address": "198.51.100.4"}}),
        ("npu-link-down", {"link": "DOWN"}, None),
        ("npu-link-down", {"link": "DOWN", "optics": {"present": False}}, None),
        ("npu-link-flaps", {"link_history": {"down_count": 40}}, None),
        ("npu-optic-weak", {"optics": {"present": True, "media_snr_db": [12.0]}}, None),
    ],
)
def test_a_port(healthy, rule, change, conf):
    found = [row for row in rules.diagnose(with_chips(healthy, change, conf=conf)) if row["id"].startswith("npu-")]
    assert [row["id"] for row in found] == [rule] and "chip 0" in found[0]["evidence"]


def test_a_sound_port_and_no_port_are_no_problem(healthy):
    ids = {rule["id"] for rule in (*network.RULES, *network.PROBE_RULES)}
    for facts in (healthy, with_chips(healthy, {})):
        assert not ids & {row["id"] for row in rules.diagnose(facts)}


def test_tls_across_hosts(healthy):
    def seen(enabled):
        return {"ansible_facts": {"ascend": with_chips(healthy, {"tls": {"enabled": enabled}, "address": None})}}

    on = {"tls": {"enabled": True}}
    fleet = {f"npu-{n}": {"ansible_facts": {"ascend": with_chips(healthy, on if n == 3 else {})}} for n in (1, 2, 3)}
    found = network.across(fleet)
    assert list(found) == ["npu-3"] and found["npu-3"][0]["id"] == "tls-mixed"
    assert "on here, off on the other 2" in found["npu-3"][0]["evidence"]
    del fleet["npu-3"]
    assert network.across(fleet) == {} and network.across({"a": {"msg": "unreachable"}, "b": seen(True)}) == {}


def test_errors_of_hccl_that_were_pasted(healthy):
    pasted = [{**row, "file": "job.log"} for row in hccl_errors.codes(PASTED)]
    probe = network.with_pasted({"doctor_probe": {"hccl": []}}, pasted)["doctor_probe"]
    assert [row["code"] for row in probe["hccl"]] == ["EI0006", "EI0016"]
    rows = [one for one in network.PROBE_RULES if one["when"]({**healthy, "probe": probe})]
    assert [one["id"] for one in rows] == ["hccl-ei0006", "hccl-ei0016"]
    assert "job.log" in rows[0]["when"]({"probe": probe}) and "ascend.fleet.network" in rows[0]["fix"]
    assert network.with_pasted({}, pasted) == {}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("hccl interface return err ./common/src/hccl_test_common.cc:538, retcode: 7 \nin init_hcclComm.", "left"),
        ("hccl interface return errreturn err x.cc:1, retcode:11", "list of hosts"),
        ("gethostbyname failed: npu-9", "npu-9"),
        ("./all_reduce_test: error while loading shared libraries: libmpi.so.12: cannot open", "libmpi.so.12"),
        ("rank id 3, check result failed", "wrong"),
        ("hccl interface return err x.cc:1, retcode: 5", "failed with 5"),
        ("EI0016 tls", "EI0016"),
    ],
)
def test_what_hccl_test_says(text, cause):
    assert cause in hccl_errors.explain(text)[0]


def test_what_it_does_not_say():
    assert hccl_errors.explain("all went well") is None and hccl_errors.codes(None) == []
