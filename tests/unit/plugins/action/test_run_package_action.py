"""The control half of run_package: what the package's name says."""

import pytest
from ansible_collections.ascend.fleet.plugins.action import run_package
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, controller

PATH = "/srv/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"


@pytest.fixture(scope="module")
def grammar():
    return catalog.load()["filenames"]


@pytest.mark.parametrize(
    "name,component,version,chip",
    [
        ("Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run", "driver", "25.3.rc1", "910b"),
        ("Ascend-hdk-310b-npu-driver-soc_25.0.rc1.1_linux-aarch64.run", "driver", "25.0.rc1.1", "310b"),
        ("Atlas-A3-hdk-npu-firmware_7.8.0.2.212.run", "firmware", "7.8.0.2.212", "a3"),
        ("Ascend-cann-nnae_8.3.RC1_linux-x86_64.run", "nnae", "8.3.RC1", None),
        ("Ascend-cann-kernels-910_6.3.RC1_linux.run", "kernels", "6.3.RC1", "910"),
        ("Ascend-cann-910b-ops_8.5.0_linux-aarch64.run", "ops", "8.5.0", "910b"),
    ],
)
def test_the_name_gives_what_is_not_said(grammar, name, component, version, chip):
    args = run_package.complete({"path": "/srv/" + name}, run_package.named_in("/srv/" + name, grammar))
    assert (args["component"], args["version"], args.get("chip")) == (component, version, chip)


@pytest.mark.parametrize("key,value", [("component", "firmware"), ("version", "25.3.rc2"), ("chip", "910")])
def test_a_contradiction_is_found_before_the_host_is_asked(grammar, key, value):
    with pytest.raises(ValueError, match=f"{key} is {value}"):
        run_package.complete({"path": PATH, key: value}, run_package.named_in(PATH, grammar))


def test_versions_agree_in_any_spelling_and_kernels_are_ops(grammar):
    named = run_package.named_in(PATH, grammar)
    assert run_package.complete({"path": PATH, "version": "25.3.RC1"}, named)["version"] == "25.3.RC1"
    ops = "/srv/Ascend-cann-910b-ops_8.5.0_linux-aarch64.run"
    assert (
        run_package.complete({"path": ops, "component": "kernels"}, run_package.named_in(ops, grammar))["component"]
        == "kernels"
    )


def test_a_declaration_goes_before_the_name_of_the_file():
    toolbox = {"path": "/srv/Ascend-mindx-toolbox_6.0.0_linux-aarch64.run", "version": "6.0.0"}
    assert run_package.named_by_file(toolbox) and not run_package.named_by_file({"version": "6.0.0"})
    assert not run_package.named_by_file({**toolbox, "declared": {"name": "toolbox"}})


def test_a_name_nobody_knows_says_nothing(grammar):
    assert run_package.complete(
        {"path": "/srv/x.run", "component": "driver"}, run_package.named_in("/srv/x.run", grammar)
    ) == {"path": "/srv/x.run", "component": "driver"}


def test_who_makes_the_change():
    name = controller.run_name({})
    assert "@" in name and "pid" in name
    assert controller.run_name({"ascend_plan": {"target": "undo"}}) == name + ", rollback"
