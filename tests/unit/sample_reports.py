# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of hosts and reports made of them, for the tests of the report."""

from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.model import build

STACK = {
    "driver": {"version": "25.3.rc1"},
    "firmware": {"version": "7.8.0.2.212"},
    "cann": {"flavor": "nnae", "version": "8.3.RC1"},
    "kernels": {"version": "8.3.RC1"},
    "python": {"version": "3.11"},
    "mindspore": {"version": "2.7.1"},
    "mindformers": {"version": "1.0.2"},
    "inference": {},
}
FACTS = {
    "arch": "aarch64",
    "host_kind": "physical",
    "os": {"name": "openEuler 22.03"},
    "accelerators": {"family": "910b", "count": 2},
    "driver": {"installed": "25.3.rc1"},
    "firmware": {"installed": "7.8.0.2.212"},
    "cann": [
        {"product": "toolkit", "version": "8.0.0", "latest": True},
        {"product": "nnae", "version": "8.3.RC1", "latest": False},
        {"product": "kernels", "version": "8.3.RC1"},
    ],
    "environments": [
        {"name": "old", "python": "3.9.9", "packages": {"numpy": "1.26.4"}},
        {"name": "mindspore", "python": "3.11.2", "packages": {"mindspore": "2.7.1", "mindformers": "1.0.2"}},
    ],
    "npu": {"available": True, "chips": [{"npu_id": n, "chip_id": 0, "name": "910B3", "health": "OK"} for n in (0, 1)]},
    "proofs": {"inference": {"status": "passed", "text": "I love Beijing", "tokens_per_second": 7.25}},
    "reboot_required": False,
}
STEPS = [
    {"id": "driver-upgrade", "component": "driver", "action": "upgrade", "from": "24.1.0", "to": "25.3.rc1"},
    {"id": "cann-install", "component": "cann", "action": "install", "from": None, "to": "nnae 8.3.RC1"},
    {"id": "reboot-reboot", "component": "reboot", "action": "reboot", "from": None, "to": None},
]


def facts(**changes):
    return {**FACTS, **changes}


def one(check_mode=False, **variables):
    return collect({"h": variables}, ["h"], check_mode=check_mode)[0]


def model(hosts, **options):
    return build(collect(hosts, hosts), "Test", "2026-11-22T16:30:00Z", "control", **options)
