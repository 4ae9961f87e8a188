# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every action that runs a module on a host, with a host that answers what it likes (301)."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import planted
from ansible_collections.ascend.fleet.plugins.plugin_utils.control_action import Registered
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.report.collect import collect

ROOT = Path(__file__).resolve().parents[4]
FORGED = {"ascend_artifacts": "/root/.ssh", "inference_check_model_files": ["id_ed25519"], "ansible_async_dir": "/x"}
ARGS = {
    "artifact": {},
    "bundled_tool": {},
    "chip_reset": {"chip": "0"},
    "container_engine": {},
    "device_network": {},
    "doctor_probe": {},
    "framework_check": {},
    "host_facts": {},
    "host_tuning": {},
    "hccl_bandwidth": {"npus": 8},
    "kubernetes_probe": {},
    "model_convert": {},
    "model_export": {},
    "network_probe": {"path": "/hccn_tool"},
    "npu_exporter": {"version": "26.0.0"},
    "npu_smi_info": {},
    "om_check": {},
    "python_environment": {},
    "relay": {},
    "stretch": {},
    "text_generation": {},
    "run_package": {"component": "driver", "version": "1"},
    "async_wait": {"jid": "j1.2"},
    "stage": {"source": "/srv", "files": []},
}
SECRET = "id_ed25519"


def with_code() -> list[str]:
    """The modules that run on a host: those with code."""
    paths = (ROOT / "plugins" / "modules").glob("*.py")
    return sorted(path.stem for path in paths if "\nfrom ansible" in path.read_text(encoding="utf-8"))


def checked(self, argument_spec):
    return None, {**{key: option.get("default") for key, option in argument_spec.items()}, **self._task.args}


def act(name, said, variables=None, async_val=0, args=None):
    """The result of an action whose host answers `said`, and how often it was asked."""
    action_class = importlib.import_module(f"ansible_collections.ascend.fleet.plugins.action.{name}").ActionModule
    task = SimpleNamespace(
        module_defaults=[],
        args=dict(args if args is not None else ARGS[name]),
        async_val=async_val,
        check_mode=False,
        diff=False,
        action=f"ascend.fleet.{name}",
        no_log=False,
    )
    connection = SimpleNamespace(has_native_async=False, _shell=SimpleNamespace(tmpdir=None))
    templar = SimpleNamespace(template=lambda value: value)
    action = action_class(task, connection, mock.Mock(), mock.Mock(), templar, mock.Mock())
    asked = mock.Mock(return_value=said)
    with (
        mock.patch.multiple(action_class, _execute_module=asked, validate_argument_spec=checked, create=True),
        mock.patch("ansible.plugins.action.ActionBase.run", return_value={}),
    ):
        return action.run(task_vars={"inventory_hostname": "h", **(variables or {})}), asked


@pytest.mark.parametrize("name", with_code())
def test_every_module_that_runs_on_a_host_has_an_action(name):
    assert name in ARGS


@pytest.mark.parametrize("async_val", [0, 60])
@pytest.mark.parametrize("name", with_code())
def test_no_fact_of_a_host_passes(name, async_val):
    said = {
        "changed": True,
        "msg": "x",
        "ansible_job_id": "j1.2",
        "finished": 1,
        **FORGED,
        "ansible_facts": {**FORGED, "ascend": {}},
        "invocation": {"module_args": {}},
        "ascend_lines": ["all is well"],
        "add_host": {"host_name": "x"},
    }
    result, _asked = act(name, said, async_val=async_val)
    assert result.get("ansible_facts", {}) == ({"ascend": {}} if name == "host_facts" else {})
    assert not set(result) & {*FORGED, "invocation", "ascend_lines", "add_host"}


def test_how_the_interpreter_was_found_is_kept():
    """Ansible looks once, and keeps it as a fact: it is the control node's word, not the answer's."""
    python = "/usr/bin/python3"
    found = {"_discovered_interpreter_key": "discovered_interpreter_python", "_discovered_interpreter": python}
    module = importlib.import_module("ansible_collections.ascend.fleet.plugins.action.npu_smi_info")
    action = module.ActionModule(
        SimpleNamespace(module_defaults=[], args={}, async_val=0), *(mock.Mock() for _other in range(5))
    )
    action.__dict__.update(found)
    assert action.handed_on({"ansible_facts": FORGED, "available": True}, ["npu_smi_info"]) == {
        "available": True,
        "ansible_facts": {"discovered_interpreter_python": python},
    }


@pytest.mark.parametrize("name", sorted(ARGS))
def test_a_host_with_facts_that_are_our_variables_is_refused_before_it_is_asked(name):
    for fact in ("ascend_artifacts", "inference_check_model_files", "rollout_drain_tasks", "__cann_staged"):
        facts = {"ascend": {}, fact: "/root/.ssh"}
        with pytest.raises(AnsibleActionFail, match=f"answered with a fact named {fact}, which is a variable of"):
            act(name, {}, {"ansible_facts": facts, fact: "/root/.ssh"})


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"ascend": {"arch": "aarch64"}},
        {"distribution": "Debian", "discovered_interpreter_python": "python3"},
        {"ascender": 1, "cannot": 1},
        None,
    ],
)
def test_facts_of_a_sound_host_are_no_trouble(facts):
    assert planted.names({"ansible_facts": facts}) == []


def test_a_network_interface_may_have_any_name():
    interface = {"ansible_facts": {"ascend_0": {"active": True}}, "ansible_ascend_0": {"active": True}}
    assert planted.names(interface) == []
    assert planted.names({**interface, "ascend_0": "x"}) == ["ascend_0"]


def test_every_role_is_covered():
    for role in (ROOT / "roles").iterdir():
        assert planted.names({"ansible_facts": {f"{role.name}_x": 1, f"__{role.name}_x": 1}}) == [
            f"__{role.name}_x",
            f"{role.name}_x",
        ]


def test_a_name_that_is_none_is_not_shown():
    with pytest.raises(AnsibleActionFail) as failure:
        planted.refuse({"ansible_facts": {"ascend_\x1b[2J": 1}})
    assert "\x1b" not in str(failure.value) and "(not a name)" in str(failure.value)


def test_the_plan_refuses_the_host_and_reads_nothing_of_it(tmp_path):
    templar = mock.Mock()
    templar.copy_with_new_env.return_value.template = lambda value: value
    wish = wishes.of_host(
        templar,
        {
            "ascend_cann_version": "8.3.RC1",
            "ascend_artifacts": str(tmp_path),
            "ansible_facts": {"ascend_artifacts": "x"},
        },
    )
    assert wish.desired["ascend_artifacts"] is None
    assert any("answered with a fact named ascend_artifacts" in str(problem) for problem in wish.problems)


class Hostvars(dict):
    def raw_get(self, host):
        return self[host]


def test_the_report_tells_of_it_and_believes_nothing_else():
    facts = {"rollout_outcome": {"status": "changed"}, "inference_check_result": {"status": "passed", "text": "x"}}
    hostvars = Hostvars(h={"ansible_facts": facts, **facts})
    [host] = collect({"h": Registered(hostvars, "h")}, ["h"])
    assert host["status"] == "failed" and "answered with a fact named" in host["error"]["message"]
    assert host["inference"] is None and host["changed"] is False


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("plan", "ascend_plan_target"),
        ("plan", "ascend_plan_file"),
        ("plan", "ascend_plan_save"),
        ("bundle", "bundle_files"),
        ("bundle", "ascend_artifacts"),
    ],
)
def test_the_arguments_of_a_task_for_the_fleet_are_no_facts(name, fact):
    with pytest.raises(AnsibleActionFail, match=fact):
        act(name, {}, {"ansible_facts": {fact: "/root"}, fact: "/root", "hostvars": Hostvars(h={})}, args={})


REPLY = {
    "changed": False,
    "files": {},
    "from_cache": [],
    "bytes_received": 0,
    "evicted": [],
    "missing": [{"name": "a.run", "why": "not in the cache", "part": 0}],
}


@pytest.mark.parametrize(
    "forged",
    [
        {"missing": [{"name": "a.run", "why": "x", "part": -5}]},
        {"missing": [{"name": "a.run", "why": "x", "part": "0"}]},
        {"missing": [{"name": SECRET, "why": "x", "part": 0}]},
        {"missing": [{"why": "x", "part": 0}]},
        {"missing": None},
        {"files": {SECRET: "/x"}},
        {"files": {"a.run": ["/x"]}},
        {"files": []},
        {"bytes_received": "9"},
        {"from_cache": None},
        {"evicted": [1]},
    ],
)
def test_stage_takes_no_answer_about_other_files(tmp_path, forged):
    (tmp_path / "a.run").write_bytes(b"x" * 100)
    with pytest.raises(AnsibleActionFail, match="nothing is sent"):
        act("stage", {**REPLY, **forged}, args={"source": str(tmp_path), "files": ["a.run"]})


def test_a_failure_of_stage_hands_on_no_facts(tmp_path):
    (tmp_path / "a.run").write_bytes(b"x" * 100)
    with pytest.raises(AnsibleActionFail) as failure:
        act(
            "stage",
            {"failed": True, "msg": "no\x1b[2J", "ansible_facts": FORGED, **FORGED},
            args={"source": str(tmp_path), "files": ["a.run"]},
        )
    assert not set(failure.value.result) & {"ansible_facts", *FORGED} and "\x1b" not in str(failure.value)
