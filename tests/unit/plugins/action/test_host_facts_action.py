"""What the control node gives the module: the catalog's ids and the host's variables."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.ascend.fleet.plugins.action import host_facts


def call(args=None, lost=None, **task_vars):
    sent = {}

    class Action(host_facts.ActionModule):
        def _execute_module(self, module_name=None, module_args=None, task_vars=None, **_rest):
            if lost:
                raise AnsibleConnectionFailure(lost)
            sent.setdefault("calls", []).append(module_name)
            sent.update(module_args)
            return {"changed": False, "ansible_facts": {"ascend": {}}}

    task = SimpleNamespace(
        module_defaults=[],
        args=dict(args or {}),
        async_val=0,
        check_mode=False,
        diff=False,
        action="ascend.fleet.host_facts",
    )
    templar = SimpleNamespace(
        template=lambda value: value.replace("{{ disk }}", "/data") if isinstance(value, str) else value
    )
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action = Action(task, connection, None, None, templar, None)
    result = action.run(task_vars=task_vars)
    assert result["ansible_facts"] == {"ascend": {}}
    assert sent.pop("calls") == ["ascend.fleet.host_facts"], "one round trip"
    return sent


def test_defaults_come_from_the_module():
    sent = call()
    lists = {"extra_packages", "python_packages"}
    assert set(sent) == {"pci_ids", "npu_names", "container_runtime", "host_tuning", "accounts"} | lists
    assert all(sent[name] == [] for name in lists)
    assert sent["accounts"] == [{"name": "hwMindX", "group": "hwMindX", "number": 9000}]
    assert call(inference_check_model="gpt2")["model_dir"] == "/opt/ascend/models/gpt2"


def test_variables_of_the_host():
    sent = call(
        ascend_install_path="{{ disk }}/Ascend",
        ascend_user="npu",
        ascend_env_root="/envs",
        ascend_state_dir="/state",
        ascend_container_engine="containerd",
    )
    assert {key: sent[key] for key in host_facts.ActionModule.FROM_VARIABLES} == {
        "install_path": "/data/Ascend",
        "user": "npu",
        "env_root": "/envs",
        "state_dir": "/state",
        "container_engine": "containerd",
    }


def test_arguments_go_before_variables():
    assert call({"user": "me", "npu_smi_timeout": 5}, ascend_user="npu")["user"] == "me"


def test_ids_of_the_catalog_and_of_an_overlay(tmp_path):
    assert {"910b", "a3"} <= {row["family"] for row in call()["pci_ids"]}
    (tmp_path / "chips.yml").write_text(
        "chips:\n- {chip: '950', name: Ascend 950, role: training, soc: [Ascend950], products: [Atlas 350], "
        "default_flavor: toolkit, kernels: true, "
        "pci: [{device: d804, product: Atlas 350}], source: mine, confidence: user}\n"
    )
    [row] = [row for row in call(ascend_catalog_overlay=str(tmp_path))["pci_ids"] if row["family"] == "950"]
    assert row == {
        "vendor": "19e5",
        "device": "d804",
        "subsystem_vendor": None,
        "subsystem_device": None,
        "family": "950",
        "chips": 1,
        "devices_per_card": 1,
        "product": "Atlas 350",
        "role": "training",
        "variant": None,
    }


def test_a_broken_overlay_is_one_message():
    with pytest.raises(AnsibleActionFail, match="ascend_catalog_overlay"):
        call(ascend_catalog_overlay="/no/such/folder")


def test_environments_are_searched_for_what_lists_name():
    sent = call(
        ascend_torch_companions=["Six==1.17.0", "torchvision"], ascend_python_extra=[{"requirements": ["msit==8.2.0"]}]
    )
    assert sent["python_packages"] == ["msit", "six", "torchvision"]
    assert call(ascend_torch_companions="six", ascend_python_extra=7)["python_packages"] == []


def test_a_host_that_must_answer_and_does_not_has_failed_in_words():
    with pytest.raises(AnsibleActionFail) as raised:
        call({"must_answer": True}, lost="timed out \x1b[2Jhere", inventory_hostname="npu-01")
    said = str(raised.value)
    assert said.startswith("npu-01 does not answer, so nothing can be said of it: timed out ") and "\x1b" not in said
    assert "Cause:" in said and "ansible npu-01 -m ping" in said
    assert "must_answer" not in call({"must_answer": True})


def test_another_one_is_unreachable():
    with pytest.raises(AnsibleConnectionFailure):
        call(lost="timed out")
