"""Folders and names among the roles' own variables: judged before the host is touched, in roles used alone as well."""

from __future__ import annotations

from pathlib import Path

import ansible.template
import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ascend.fleet.plugins.action import validate
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import host_places, wishes

ROOT = Path(__file__).resolve().parents[5]
OPTIONS = {
    name: option
    for path in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))
    for name, option in (yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options") or {}).items()
}


def test_every_folder_of_a_role_is_judged():
    """A new role, or a new folder of one, belongs into the lists of host_places.py."""
    folders = {name for name, option in OPTIONS.items() if option["type"] == "path"}
    assert len(folders) > 10
    assert {name for name in folders if host_places.kind(name, shared=True) != "path"} == set()


def test_every_name_of_a_role_is_judged():
    names = {name for name in OPTIONS if name.endswith(("_env_name", "_env_owner", "_user", "_group", "_model"))}
    assert len(names) > 8
    assert {name for name in names if host_places.kind(name, shared=True) != "name"} == set()


def test_other_variables_are_not_ours_to_judge():
    for name in ("my_state_dir", "mindspore_version", "ascend_env_name", "mindspore_env_name_of_mine"):
        assert host_places.kind(name) is None


def act(**variables):
    """What the role's task says of these variables."""
    # From ansible-core 2.19 on only what a user wrote is a template.
    trust = getattr(ansible.template, "trust_as_template", lambda value: value)
    variables = {name: trust(value) for name, value in variables.items()}
    action = object.__new__(validate.ActionModule)
    action._templar = Templar(loader=DataLoader(), variables=variables)
    return action.act({"hosts": None, "role": True}, {"inventory_hostname": "npu-01", **variables})


@pytest.mark.parametrize("name", ["", ".", "../envs", None])
def test_a_role_used_alone_refuses_what_its_user_gave_it(name):
    """As a role's parameter, or as a variable of the play that the role's default takes over."""
    name = "" if name is None else name
    result = act(python_toolchain_env_name="{{ typo | default('" + name + "') }}")
    assert result["failed"] and f"python_toolchain_env_name is {name!r}" in result["msg"]
    result = act(ascend_env_name=name, python_toolchain_env_name="{{ ascend_env_name }}", mindspore_env_name=name)
    assert result["failed"] and result["ascend_lines"] == [result["msg"]], "one sentence is enough"
    assert result["msg"].startswith("ascend_env_name is")


def test_sound_variables_pass():
    result = act(
        python_toolchain_env_name="tools",
        cann_install_path="/data/Ascend",
        inference_check_model="gpt2",
        python_toolchain_env_owner="root",
        mindspore_state_dir="/data/ascend",
    )
    assert "failed" not in result and result["problems"] == {}


def test_a_variable_that_cannot_be_templated_is_refused():
    assert "cann_install_path cannot be templated" in act(cann_install_path="{{ nothing_there }}")["msg"]


def test_the_plan_refuses_them_too():
    templar = Templar(loader=DataLoader(), variables={})
    variables = {"ascend_mindspore_version": "2.7.1", "inference_check_model_root": "/", "mindspore_env_name": ".."}
    assert [problem.variable for problem in wishes.of_host(templar, variables).problems] == [
        "inference_check_model_root",
        "mindspore_env_name",
    ]


def test_the_role_judges_before_it_observes():
    tasks = yaml.safe_load((ROOT / "roles" / "ascend" / "tasks" / "plan.yml").read_text())
    assert tasks[0]["ascend.fleet.validate"] == {"role": True}


def test_what_roles_leave_out_by_default_may_be_left_out_and_nothing_else():
    for path in sorted((ROOT / "roles").glob("*/defaults/main.yml")):
        for name, value in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if value == "" and (of_kind := host_places.kind(name)):
                assert host_places.judge(name, "", of_kind) is None, "a role refuses its own default"
    for name in ("inference_check_model", "inference_check_env_name", "mindspore_env_name"):
        assert host_places.judge(name, "../x", "name") is not None
    assert host_places.judge("mindspore_env_name", "", "name") is not None
