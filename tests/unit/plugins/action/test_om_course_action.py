# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action om_course, as a playbook calls it."""

from types import SimpleNamespace
from unittest import mock

import pytest
from ansible_collections.ascend.fleet.plugins.action import om_course


def observed(role, chip, product, **more):
    row = {"product": product, "version": "8.3.RC1", "set_env": "/s", "latest": True, "path": "/p"}
    facts = {"accelerators": {"role": role}, "npu": {"chips": [{"name": chip}]}, "cann": [row], "arch": "x86_64"}
    return {"ascend_observation": {"ansible_facts": {"ascend": {**facts, **more}}}}


HOSTVARS = {
    "infer": {**observed("inference", "310P3", "nnrt"), "rollout_outcome": {"status": "changed"}},
    "train": observed("training", "910B3", "toolkit"),
    "server": observed("inference", "910B3", "nnae"),
    "silent": {"ascend_observation": {"unreachable": True}},
}
PLANS = {
    "infer": {"status": "pending", "fingerprint": {"cann": "nnrt 8.3.RC1"}, "stack": {"inference": None}},
    "train": {
        "status": "converged",
        "stack": {"mindspore": {"version": "2.7.1"}, "inference": {"engine": "mindspore-plain"}},
        "environments": {"mindspore": "ms"},
    },
    "server": {"status": "converged", "stack": {"inference": {"engine": "torch-plain"}}},
    "silent": {"status": "unreachable", "stack": None},
}


class Hostvars(dict):
    def raw_get(self, host):
        return self[host]


@pytest.fixture
def run(monkeypatch, tmp_path):
    desired = {"ascend_components": ["cann", "inference"], "ascend_om_models": [], "ascend_env_root": "/envs/"}

    def course(check_mode=False, wishes=None, hostvars=None, **args):
        wished = SimpleNamespace(desired={**desired, **(wishes or {})})
        monkeypatch.setattr(om_course.wishes, "of_host", lambda templar, variables: wished)
        task = SimpleNamespace(module_defaults=[], args=args, check_mode=check_mode, action="ascend.fleet.om_course")
        templar = SimpleNamespace(template=lambda value: value)
        action = om_course.ActionModule(task, mock.Mock(), mock.Mock(), mock.Mock(), templar, mock.Mock())
        given = {"models_dir": str(tmp_path), "models": [], "plans": PLANS, "force": False, "hosts": None, **args}
        monkeypatch.setattr(action, "validate_argument_spec", lambda argument_spec: (None, given))
        with mock.patch("ansible.plugins.action.ActionBase.run", return_value={}):
            variables = {"hostvars": Hostvars(hostvars or HOSTVARS), "ansible_play_hosts_all": list(HOSTVARS)}
            return action.run(task_vars=variables)

    return course


def test_a_fleet(run, tmp_path):
    found = run()
    assert found["changed"] is False
    assert [(task["name"], task["environment"]) for task in found["convert"]["train"]] == [("tiny", "/envs/ms")]
    assert found["prove"] == {
        "infer": {
            "soc": "Ascend310P3",
            "models": [{"name": "tiny", "om": str(tmp_path / "tiny-Ascend310P3.om")}],
            "waits": [{"name": "tiny", "by": "train"}],
            "keep": ["tiny"],
            "stack": {"cann": "nnrt 8.3.RC1"},
        }
    }
    assert (found["unproven"], found["soc_names"]) == ({}, ["Ascend310P3", "Ascend910B3"])
    assert found["ascend_lines"] == ["train: convert tiny for Ascend310P3", "infer: prove tiny on Ascend310P3"]


def test_check_mode_says_it_and_hands_out_no_work(run):
    found = run(check_mode=True)
    assert (found["convert"], found["prove"], len(found["ascend_lines"])) == ({}, {}, 2)


def test_hosts_that_did_not_become_what_they_should_are_left_alone(run):
    failed = {**HOSTVARS, "infer": {**HOSTVARS["infer"], "rollout_outcome": {"status": "failed"}}}
    assert run(hostvars=failed)["prove"] == {}


def test_a_host_that_leaves_the_proof_out(run):
    assert run(wishes={"ascend_components": ["cann"]})["prove"] == {}


def test_models_that_are_not_there_and_entries_that_are_wrong(run):
    found = run(models=[{"name": "mine", "om": "/nowhere.om"}])
    assert found["unproven"]["infer"]["status"] == "failed"
    assert "/nowhere.om: there is no such file" in found["unproven"]["infer"]["reason"]
    wrong = run(models=[{"name": "mine"}])
    assert wrong["failed"] and "it takes om" in wrong["msg"]


def test_nobody_who_could_convert(run):
    alone = {**HOSTVARS, "train": observed("training", "910B3", "nnae")}
    found = run(hostvars=alone)
    assert found["unproven"]["infer"]["status"] == "skipped"
    assert "ascend_cann_flavor: toolkit" in found["unproven"]["infer"]["reason"]
