"""What the roles of this collection say of a plan's steps, templated as a task would."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.steps import stretch
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work, shares, step_work

from tests.support import paths

INDEX = "https://index.example/simple"
FACTS = {
    "arch": "aarch64",
    "os": {"family": "apt", "package_manager": "apt"},
    "glibc": "2.35",
    "kernel": {"release": "5.15", "headers": False},
    "user": {"exists": False},
    "tools": {"pip3": None, "lspci": None, "ifconfig": None, "conda": None, "uv": None, "cmake": None},
    "environments": [],
}
STACK = {
    "python": {"version": "3.11", "environments": []},
    "mindspore": {"version": "2.7.1", "wheels": ["te", "hccl"]},
    "inference": {"engine": "mindspore-plain", "framework": "mindspore", "files": "gpt2", "model": "gpt2"},
}


def step(component: str, action: str = "install", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{component}-{action}", "component": component, "action": action, "from": None, "to": "1", "why": "",
        "package": None, "reboot": False, "minutes": 1, **more,
    }  # fmt: skip


# In a process of its own: what finds filters and lookups of a collection stays in the process it was put into.
ASK = """
import json, sys
from ansible.plugins.loader import init_plugin_loader
given = json.load(sys.stdin)
init_plugin_loader([given["collections"]])
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import role_work
variables = given["variables"]
asked = role_work.RoleWork(Templar(loader=DataLoader(), variables=variables), variables)
pairs = role_work.pairs(variables["ascend_plan"], components.ROLES)
print(json.dumps({
    "sets": asked.sets(pairs), "system": asked.system(pairs), "wished": asked.system(pairs, "system_wished"),
    "prepare": asked.prepared(pairs), "entries": asked.entries(pairs, given["staged"]),
}))
"""


def ask(plan: dict[str, Any], tmp_path: Path, staged: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What the roles say of a plan."""
    variables = {"ascend_artifacts": str(tmp_path), "ascend_plan": plan, "ascend_facts": FACTS, **more}
    given = {"variables": variables, "staged": staged or {}, "collections": str(paths.ROOT / ".cache" / "collections")}
    done = subprocess.run([sys.executable, "-c", ASK], input=json.dumps(given), capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def plan(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"steps": list(steps), "stack": STACK, "fingerprint": {"cann": "8.3.RC1"}, "target": "desired", **more}


DRIVER = step("driver", package="driver.run", reboot=True)
CANN = step("cann", package="nnae.run", product="nnae")
WHOLE = (DRIVER, step("firmware", package="firmware.run"), step("reboot", "reboot"), CANN)
STAGED = {row["id"]: {"files": {row["package"]: "/c/x"}, "sha256": {row["package"]: "f" * 64}} for row in WHOLE}


def test_a_vendor_package_from_its_file_to_its_arguments(tmp_path):
    said = ask(plan(*WHOLE), tmp_path, STAGED)
    assert [(one["step"], one["source"], one["files"]) for one in said["sets"]] == [
        ("driver-install", str(tmp_path), [{"name": "driver.run"}]),
        ("firmware-install", str(tmp_path), [{"name": "firmware.run"}]),
        ("cann-install", str(tmp_path), [{"name": "nnae.run"}]),
    ]
    entries = said["entries"]
    assert [entry["step"] for entry in entries] == ["driver-install", "firmware-install", "cann-install"]
    judged, _secrets = stretch.judged(entries)
    driver = judged[0]["args"]
    assert (driver["path"], driver["checksum"], driver["version"]) == ("/c/x", "sha256:" + "f" * 64, "1")
    assert (driver["username"], driver["install_for_all"], driver["timeout"]) == ("HwHiAiUser", True, 1800)
    assert role_work.seconds(entries) == role_work.SPARE + 3 * 1860


def test_packages_of_the_distribution_are_asked_for_once_for_all(tmp_path):
    said = ask(plan(*WHOLE, step("python")), tmp_path, STAGED)
    names = said["system"]
    assert len(names) == len(set(names)) and {"pciutils", "python3-pip", "cmake"} <= set(names)
    assert said["wished"][-1] == "linux-headers-5.15"
    assert said["prepare"] == ["npu_driver"], "it makes the user"
    gone = ask(plan(step("driver", "remove"), step("cann", "remove"), step("python", "remove")), tmp_path)
    assert gone["system"] == gone["wished"] == gone["prepare"] == gone["sets"] == []


def test_an_environment_its_framework_and_its_proof(tmp_path):
    (tmp_path / "wheels").mkdir()
    the_plan = plan(step("python"), step("mindspore"), step("inference", "verify"))
    staged = {"inference-verify": {"files": {"gpt2/gpt2.ckpt": "/c"}, "sha256": {"gpt2/gpt2.ckpt": "f"}}}
    said = ask(the_plan, tmp_path, staged, ascend_wheels=INDEX, mindspore_constraints=["numpy<2"])
    (model,) = said["sets"]
    assert model["requirement_set"] == "gpt2" and Path(model["source"]).is_dir() and model["source_url"] == ""
    entries, _secrets = stretch.judged(said["entries"])
    assert [entry["module"] for entry in entries] == [
        "python_environment", "python_environment", "framework_check", "text_generation",
    ]  # fmt: skip
    made, framework, _check, text = (entry["args"] for entry in entries)
    assert [row["path"] for row in made["files"]] == ["ascend-env.sh", "bin/ascend-run"]
    assert "set_env.sh" in made["files"][0]["content"] and made["path"] == "/opt/ascend/envs/mindspore"
    assert framework["index_url"] == INDEX and "mindspore==2.7.1" in framework["packages"]
    assert framework["operator_wheels"] == ["te", "hccl"] and framework["constraints"][0] == "numpy<2"
    assert (text["model"], text["checksums"]) == ("gpt2", {"gpt2.ckpt": "f"})
    assert text["expected"].startswith("I love Beijing")


def test_a_check_that_is_not_wanted_is_no_entry(tmp_path):
    entries = ask(plan(step("mindspore")), tmp_path, ascend_wheels=INDEX, mindspore_check=False)["entries"]
    assert [entry["module"] for entry in entries] == ["python_environment"]


@pytest.mark.parametrize("action", ["remove", "restore"])
def test_an_environment_that_goes_or_goes_back(tmp_path, action):
    the_plan = plan(step("python", action, to="3.11", environment="ms", packages={"numpy": "1.26.4", "te": None}))
    (entry,) = ask(the_plan, tmp_path, ascend_wheels=INDEX)["entries"]
    assert entry["args"]["path"] == "/opt/ascend/envs/ms"
    if action == "restore":
        assert (entry["args"]["packages"], entry["args"]["absent"]) == (["numpy==1.26.4"], ["te"])
    else:
        assert entry["args"]["state"] == "absent"


def cut(*steps: dict[str, Any]) -> list[tuple[list[str], bool, str]]:
    found = shares.stretches(plan(*steps), components.ROLES)
    return [([row["id"] for row in one["steps"]], one["reboots"], one["reboot_step"]) for one in found]


def test_the_work_is_cut_at_a_reboot():
    assert cut(*WHOLE) == [
        (["driver-install", "firmware-install"], True, "reboot-reboot"),
        (["cann-install"], False, ""),
    ]
    assert cut(CANN, step("mindspore")) == [(["cann-install", "mindspore-install"], False, "")]
    assert cut(step("reboot", "reboot"), CANN)[0] == ([], True, "reboot-reboot")
    assert cut() == []


def test_what_is_removed_goes_first_and_against_the_order():
    gone = [step(name, "remove") for name in ("driver", "cann", "mindspore")]
    found = cut(*gone, step("reboot", "reboot"))
    assert found == [(["mindspore-remove", "cann-remove", "driver-remove"], True, "reboot-reboot")]


def test_a_package_is_known_to_be_whole_where_the_control_node_found_it_so():
    staged = {**STAGED["cann-install"], "whole": ["nnae.run"]}
    told = [
        step_work.package_args(one, where, options)["verified"]
        for one, where, options in (
            (CANN, staged, {}),
            (CANN, {**staged, "whole": []}, {}),
            (CANN, staged, {"declared": {"name": "nnae"}}),
        )
    ]
    assert told == [True, False, False]


def test_channels_in_the_artifacts_are_brought_by_folder(tmp_path):
    for name in ("main/noarch/a.conda", "main/linux-aarch64/b.conda", "main/linux-64/c.conda"):
        path = tmp_path / "conda" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    channels = ["bundle:main", "https://conda.example/pkgs"]
    sets = step_work.conda_files(channels, str(tmp_path), "/s", "aarch64")
    assert [(one["link_dir"], one["files"]) for one in sets] == [
        ("/s/conda/main/noarch", ["conda/main/noarch/a.conda"]),
        ("/s/conda/main/linux-aarch64", ["conda/main/linux-aarch64/b.conda"]),
    ]
    assert step_work.conda_channels(channels, str(tmp_path), "/s") == ["file:///s/conda/main", channels[1]]
    assert step_work.conda_files(channels, "https://mirror.example", "/s", "aarch64") == []
    assert step_work.conda_channels(channels, "https://mirror.example", "/s")[0] == "https://mirror.example/conda/main"


def test_an_engine_of_the_distribution_its_runtime_and_the_exporter(tmp_path):
    stack = {
        **STACK,
        "container_runtime": {
            "container_engine": "docker",
            "container_default_runtime": True,
            "declared": {"name": "x"},
        },
        "npu_exporter": {"address": "127.0.0.1", "port": 8082},
    }
    steps = [
        step("container_runtime", product="docker", id="container_runtime-docker"),
        step("container_runtime", product="container_runtime", package="runtime.run"),
        step("container_runtime", "configure", product="container_engine"),
        step("npu_exporter", package="exporter.zip"),
    ]
    facts = {**FACTS, "npu_exporter": {"account": {"exists": False}}}
    staged = {row["id"]: {"files": {row["package"]: "/c/x"}, "sha256": {row["package"]: "f" * 64}} for row in steps}
    said = ask(plan(*steps, stack=stack), tmp_path, staged, ascend_facts=facts)
    assert said["system"] == ["docker.io"] and said["prepare"] == ["npu_exporter"]
    assert [one["files"] for one in said["sets"]] == [[{"name": "runtime.run"}], [{"name": "exporter.zip"}]]
    entries, _secrets = stretch.judged(said["entries"])
    assert [entry["module"] for entry in entries] == ["run_package", "container_engine", "npu_exporter"]
    assert entries[1]["args"]["engine"] == "docker" and entries[2]["args"]["port"] == 8082


def test_every_framework_of_a_host_proves_itself(tmp_path):
    also = [{"engine": "torch-plain", "framework": "torch", "files": "gpt2", "model": "gpt2"}]
    the_plan = plan(stack={**STACK, "inference": {**STACK["inference"], "also": also}}, environments={"torch": "torch"})
    assert step_work.proof_steps(the_plan, every=False) == []
    steps = step_work.proof_steps(the_plan, every=True)
    assert [one["id"] for one in steps] == ["inference-verify", "inference-verify-torch"]
    said = ask({**the_plan, "steps": steps}, tmp_path)
    first, other = (entry["args"] for entry in stretch.judged(said["entries"])[0])
    assert (first["framework"], first["engine"]) == (None, "mindspore-plain")
    assert (other["framework"], other["engine"]) == ("torch", "torch-plain")
    assert other["environment"] == "/opt/ascend/envs/torch"
