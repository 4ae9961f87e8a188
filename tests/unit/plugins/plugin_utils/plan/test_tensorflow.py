"""TensorFlow: an environment of its own, and the adapter of the installed CANN as a package or as a wheel."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import absent_wheels, desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files, resolver

TABLES = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
FACTS = {
    "arch": "aarch64", "accelerators": {"family": "910b", "count": 8}, "cann": [], "environments": [], "busy": [],
    "proofs": {}, "driver": {"installed": None, "loaded": None, "damaged": None},
    "firmware": {"installed": None, "loaded": None, "damaged": None}, "journal": {"entries": []},
    "tools": {"gcc": "12", "cmake": None}, "reboot_required": False, "reboot_reasons": [],
}  # fmt: skip
PARTS = ("cann", "python", "tfplugin", "tensorflow")


def resolved(host=None, **pins):
    return resolver.resolve(TABLES, {"tensorflow": "2.6.5", **pins}, {**HOST, **(host or {})})


def plan(facts=None, host=None, **pins):
    found = resolved(host, components=list(PARTS), **pins)
    assert found["ok"], found["conflict"]
    values, _problems = desired.read({"ascend_tensorflow_version": "2.6.5"})
    options = steps.Options(PARTS, "mindspore", env_names=desired.env_names(values))
    return steps.plan_host("a", {**FACTS, **(facts or {})}, found, [], options)


def env(packages, cann="toolkit 9.0.0", python="3.9.18"):
    return {"name": "tensorflow", "path": "/opt/ascend/envs/tensorflow", "python": python, "packages": packages,
            "adopted": False, "provider": "venv", "owner": "root",
            "stack": {"tensorflow": "2.6.5", "cann": cann}}  # fmt: skip


@pytest.mark.parametrize(
    ("cann", "plugin"),
    [("6.0.1", True), ("7.0.0", True), ("8.0.RC1", True), ("8.0.RC3", True), ("8.0.0", False), ("9.0.0", False)],
)
def test_the_adapter_is_a_package_before_8_0_0_and_a_wheel_from_then_on(cann, plugin):
    stack = resolved({"chip": "910"}, cann=cann)["stack"]
    assert bool(stack["tfplugin"]) is plugin
    assert ("npu-device==2.6.5" in stack["tensorflow"]["requirements"]) is not plugin
    if plugin:
        package = f"Ascend-cann-tfplugin_{cann}_linux-aarch64.run"
        assert stack["tfplugin"] == {"version": cann, "package": package}
        assert package in {want.name for want in files.wants(stack, HOST, TABLES)}


@pytest.mark.parametrize("row", TABLES["tensorflow"], ids=lambda row: row["tensorflow"])
@pytest.mark.parametrize("chip", ["910", "910b"])
@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_every_row_makes_a_stack_as_its_source_says(row, chip, arch):
    found = resolved({"chip": chip, "arch": arch}, tensorflow=row["tensorflow"])
    entry = found["stack"]["tensorflow"]
    framework = f"{row['packages'][arch]}=={row['tensorflow']}"
    assert entry["requirements"][0] == framework and set(row["pins"]) <= set(entry["requirements"])
    assert (framework in entry["pypi_lacks"]) is (arch not in row["on_pypi"])
    assert found["stack"]["python"]["version"] == row["python"][1]
    said = judge.check(TABLES, {}, {**HOST, "chip": chip, "arch": arch}, stack=found["stack"])
    assert not [one for one in said if one["severity"] == "error"], said


def test_without_being_asked_for_nothing_of_it_is_there():
    stack = resolver.resolve(TABLES, {"mindspore": "2.7.1"}, HOST)["stack"]
    assert stack["tensorflow"] is None and stack["tfplugin"] is None


def test_other_versions_are_refused():
    found = resolved(tensorflow="2.15.0")
    assert not found["ok"] and found["conflict"]["pins"] == ["ascend_tensorflow_version"]
    assert "2.6.5" in found["conflict"]["message"]


def test_another_python_is_refused_with_the_reason():
    found = resolved(python="3.11")
    assert not found["ok"] and "has wheels for Python 3.7 to 3.9" in found["conflict"]["message"]


def test_a_chip_that_has_no_adapter_is_refused_with_the_reason():
    stack = resolved({"chip": "a3"})["stack"]
    (said,) = [
        one for one in judge.check(TABLES, {}, {**HOST, "chip": "a3"}, stack=stack) if one["severity"] == "error"
    ]
    assert said["rule"] == "tensorflow-chip" and "not for a3" in said["message"]


@pytest.mark.parametrize("cann", ["5.1.RC1", "9.1.0"])
def test_a_cann_whose_documents_do_not_have_it_is_a_warning(cann):
    found = judge.check(TABLES, {"tensorflow": "2.6.5", "cann": cann}, HOST)
    assert [one["severity"] for one in found if one["rule"] == "tensorflow-cann"] == ["warning"]


def test_a_chip_that_only_infers_gets_none():
    assert resolved({"chip": "310p"})["stack"]["tensorflow"] is None


def test_a_bare_host_gets_all_of_it_in_order():
    made = plan(cann="7.0.0")
    assert [step["id"] for step in made["steps"]] == [
        "cann-install", "python-install", "tfplugin-install", "tensorflow-install",
    ]  # fmt: skip
    assert [step["environment"] for step in made["steps"] if "environment" in step] == ["tensorflow", "tensorflow"]


WHOLE = {"tensorflow": "2.6.5", "npu-device": "2.6.5", "numpy": "1.19.5"}


@pytest.mark.parametrize(
    ("packages", "cann", "action", "why"),
    [
        (WHOLE, "toolkit 9.0.0", None, None),
        (WHOLE, "toolkit 8.3.RC1", "configure", "npu-device is of toolkit 8.3.RC1, CANN is toolkit 9.0.0"),
        (WHOLE, None, "configure", "an unknown CANN"),
        ({"tensorflow": "2.6.5"}, "toolkit 9.0.0", "configure", "npu-device is missing"),
        ({**WHOLE, "tensorflow-cpu": "2.6.5"}, "toolkit 9.0.0", "configure", "tensorflow-cpu is in its way"),
        ({**WHOLE, "tensorflow": "2.5.0"}, "toolkit 9.0.0", "upgrade", "2.5.0 is installed"),
        ({}, "toolkit 9.0.0", "install", "not installed"),
    ],
)
def test_what_is_there_decides(packages, cann, action, why):
    made = plan({"environments": [env(packages, cann)]}, cann="9.0.0")
    found = [step for step in made["steps"] if step["component"] == "tensorflow"]
    assert [step["action"] for step in found] == ([action] if action else [])
    assert not why or why in found[0]["why"]


def test_the_package_of_another_cann_is_upgraded():
    row = {"product": "tfplugin", "version": "6.0.1", "path": "/usr/local/Ascend/tfplugin/6.0.1", "latest": True,
           "install_path": "/usr/local/Ascend", "damaged": None, "chip": None, "uninstall": None}  # fmt: skip
    held = [{"component": "tfplugin", "install_path": "/usr/local/Ascend", "version": "6.0.1", "replaced": None,
             "open": False}]  # fmt: skip
    made = plan({"cann": [row], "journal": {"entries": [], "held": held}}, cann="7.0.0")
    (step,) = [step for step in made["steps"] if step["component"] == "tfplugin"]
    assert (step["action"], step["from"], step["to"]) == ("upgrade", "6.0.1", "7.0.0")


def test_what_no_index_has_is_told_before_the_first_host(tmp_path):
    made = plan(cann="9.0.0")
    values = {"ascend_wheels": "bundle", "ascend_artifacts": str(tmp_path)}
    found = absent_wheels.judge(made["stack"], made["steps"], values, None)
    assert found["variable"] == "ascend_tensorflow_version" and "npu-device==2.6.5" in found["message"]
    (tmp_path / "wheels").mkdir()
    for name in ("tensorflow-2.6.5-cp39-cp39-manylinux2014_aarch64", "npu_device-2.6.5-py3-none-manylinux2014_aarch64"):
        (tmp_path / "wheels" / f"{name}.whl").write_text("")
    assert absent_wheels.judge(made["stack"], made["steps"], values, None) is None
