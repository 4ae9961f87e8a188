# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle action: from wishes and kinds of hosts to a locked folder that stage can use."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.ascend.fleet.plugins.action import bundle
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, control_action
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import source as artifact_source
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

PACKAGES = (
    "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run",
    "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run",
    "Ascend-cann-nnae_8.3.RC1_linux-aarch64.run",
    "Ascend-cann-kernels-910b_8.3.RC1_linux-aarch64.run",
)


def wish(templar, variables):
    values = {key: value for key, value in variables.items() if key.startswith("ascend_") and "obs" not in key}
    wanted, problems = desired.read({"ascend_mindspore_version": "2.7.1", **values})
    return Wishes(wanted, catalog.load(), problems)


class Action(bundle.ActionModule):
    def __init__(self, args, check_mode=False):
        self._task = SimpleNamespace(module_defaults=[], args=args, check_mode=check_mode)
        self._templar = None

    def validate_argument_spec(self, argument_spec):
        defaults = {key: value.get("default") for key, value in argument_spec.items()}
        return None, {**defaults, **self._task.args}


@pytest.fixture(autouse=True)
def quiet(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(control_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    monkeypatch.setattr(bundle.wishes, "of_host", wish)
    warnings: list[str] = []
    monkeypatch.setattr(bundle.Display, "warning", lambda self, text: warnings.append(text))
    monkeypatch.setattr(bundle.Display, "display", lambda self, text: None)
    return warnings


@pytest.fixture
def downloads(tmp_path):
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in PACKAGES:
        (folder / name).write_bytes(b"#!/bin/sh\n# " + name.encode())
    return folder


@pytest.fixture
def args(tmp_path, downloads):
    return {
        "dest": str(tmp_path / "bundle"),
        "sources": [str(downloads)],
        "chips": ["910b"],
        "offline": True,
        "wheels": False,
    }


def test_collects_what_the_resolver_names(tmp_path, args):
    result = Action(args).run()
    assert sorted(result["added"]) == sorted(PACKAGES) and result["changed"] and not result.get("failed")
    assert sorted(result["unproven"]) == sorted(PACKAGES)
    source = artifact_source.open_source(args["dest"])
    assert len(artifact_source.resolve_files(source, [{"name": name} for name in PACKAGES])) == 4
    again = Action(args).run()
    assert not again["changed"] and again["added"] == []


def test_check_mode_writes_nothing(tmp_path, args, downloads):
    result = Action(args, check_mode=True).run()
    assert result["changed"] and result["sources"][PACKAGES[0]] == str(downloads / PACKAGES[0])
    assert not (tmp_path / "bundle").exists()


def test_check_mode_names_the_wheels_that_no_index_has(args, monkeypatch):
    monkeypatch.setattr(bundle.wishes, "of_host", lambda *_more: wish(None, {"ascend_mindspore_version": "2.4.10"}))
    result = Action({**args, "wheels": True, "offline": False}, check_mode=True).run()
    (wheel,) = [name for name in result["sources"] if name.endswith(".whl")]
    assert wheel.startswith("wheels/mindspore-2.4.10-") and result["sources"][wheel].endswith(wheel.split("/")[1])


def test_everything_lacking_is_said_at_once(args, downloads):
    (downloads / PACKAGES[0]).unlink()
    (downloads / PACKAGES[2]).unlink()
    result = Action(args).run()
    assert result["failed"] and len(result["lacking"]) == 2 and len(result["added"]) == 2
    assert PACKAGES[0] in result["msg"] and PACKAGES[2] in result["msg"] and "bundle_sources" in result["msg"]


def test_further_files_join(tmp_path, args, downloads):
    (downloads / "gpt2.ckpt").write_bytes(b"weights")
    files = [{"name": "models/gpt2.ckpt", "kind": "model", "licence": "MIT"}]
    result = Action({**args, "files": files}).run()
    assert "models/gpt2.ckpt" in result["added"] and result["licences"]["models/gpt2.ckpt"] == "MIT"
    with pytest.raises(AnsibleActionFail, match="checksum is not one of"):
        Action({**args, "files": [{"name": "x", "checksum": "y"}]}).run()


def test_wheels_become_a_set(tmp_path, args, monkeypatch):
    def download(pip, folder, requirements, python, arch, glibc, links, index, constraints, run, **_further):
        assert {"sympy", "requests"} <= set(requirements) and "numpy<2" in constraints
        assert "--no-index" in requirements and "mindspore==2.7.1" in requirements and arch == "aarch64"
        folder.mkdir(parents=True)
        (folder / "a-1-py3-none-any.whl").write_bytes(b"PK wheel")
        return [folder / "a-1-py3-none-any.whl"]

    monkeypatch.setattr(bundle.wheel_download, "download", download)
    result = Action({**args, "wheels": True}).run()
    (name,) = result["sets"]
    assert name.startswith("wheels-2.7.1-py3.") and result["sets"][name] == ["wheels/a-1-py3-none-any.whl"]
    assert not (tmp_path / "bundle" / ".bundle").exists()
    monkeypatch.setattr(bundle.wheel_download, "download", None)
    assert not Action({**args, "wheels": True}).run()["changed"]
    assert Action({**args, "wheels": True, "requirements": ["x"]}, check_mode=True).run()["sets"] == [name]
    lock = yaml.safe_load((tmp_path / "bundle" / artifacts.LOCK_NAME).read_text())
    assert "mindspore==2.7.1" in lock["requirements"][name]


def observed(**changes):
    facts = {
        "accelerators": {"family": "910b"},
        "arch": "aarch64",
        "os": {"id": "openeuler", "version": "22.03"},
        "host_kind": "physical",
        "glibc": "2.34",
        "driver": {"installed": None},
        "firmware": {"installed": None},
        "journal": {"entries": []},
        "cann": [],
        **changes,
    }
    return {"ascend_observation": {"ansible_facts": {"ascend": facts}}}


def run_for(args, hosts):
    hostvars = SimpleNamespace(raw_get=hosts.__getitem__)
    args = {**args, "chips": []}
    return Action(args).run(task_vars={"hostvars": hostvars, "ansible_play_hosts_all": list(hosts)})


def test_observed_hosts_decide(args, quiet):
    result = run_for(args, {"one": observed(), "two": observed(), "guest": observed(host_kind="vm"), "dark": {}})
    assert sorted(result["added"]) == sorted(PACKAGES)
    assert any("dark was not observed" in line for line in quiet)


def test_a_host_that_cannot_be_read_is_said_and_the_others_are_collected_for(args, quiet):
    result = run_for(args, {"odd": observed(cann=[{}], journal=None), "one": observed()})
    assert sorted(result["added"]) == sorted(PACKAGES)
    assert any(line.startswith("odd: ") and "is not collected" in line for line in quiet)


def test_what_the_choice_of_files_rests_on_is_said(args):
    described, seen = Action(args, check_mode=True).run(), run_for(args, {"one": observed()})
    assert "No host was looked at" in described["rests_on"][0] and described["rests_on"][0] in described["ascend_lines"]
    assert seen["rests_on"][0].startswith("1 host") and "declare" in seen["rests_on"][0]


def test_each_host_brings_its_own_further_requirements(args, monkeypatch):
    """Hosts that are alike but for their roles' variables share a set, and it has what either wants."""
    monkeypatch.setattr(bundle.role_requirements, "environment", lambda _stack, own, *_more: ([own["more"]], []))
    hosts = {name: {**observed(), "more": f"of-{name}"} for name in ("one", "two")}
    action = Action({**args, "chips": [], "wheels": True, "requirements": []})
    hostvars = SimpleNamespace(raw_get=hosts.__getitem__)
    task_vars = {"hostvars": hostvars, "ansible_play_hosts_all": list(hosts)}
    _wants, (one,), _rests_on = action._needs({**action._task.args, "hosts": None, "files": []}, task_vars)
    assert {"of-one", "of-two"} <= set(one.requirements)


def test_guests_alone_need_no_firmware(args):
    result = run_for(args, {"guest": observed(host_kind="vm")})
    assert not any("firmware" in name for name in result["added"])


def test_a_package_that_every_host_has_installed_may_be_absent(args, downloads, quiet):
    (downloads / PACKAGES[0]).unlink()
    result = run_for(args, {"one": observed(driver={"installed": "25.3.rc1"})})
    assert not result.get("failed") and any("only a repair would need it" in line for line in quiet)


def test_nobody_observed(args):
    with pytest.raises(AnsibleActionFail, match="bundle_chips"):
        run_for(args, {"dark": {}})


def test_a_wrong_wish_is_named(args, monkeypatch):
    with pytest.raises(AnsibleActionFail, match="bundle_arches: riscv"):
        Action({**args, "arches": ["riscv"]}).run()
    monkeypatch.setattr(bundle.wishes, "of_host", lambda templar, variables: wish(None, {"ascend_chips": "910b"}))
    with pytest.raises(AnsibleActionFail, match="Did you mean ascend_chip"):
        Action(args).run()


def test_no_stack_says_why(args):
    with pytest.raises(AnsibleActionFail, match="no stack"):
        Action({**args, "chips": ["700"]}).run()
