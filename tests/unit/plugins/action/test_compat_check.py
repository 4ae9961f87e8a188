"""Arguments of compat_check and resolve are read from every shape Ansible hands over, and refused in plain words."""

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.action import compat_check, resolve
from ansible_collections.ascend.fleet.plugins.modules import host_facts
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, judging
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.input import (
    INSTALLED_KEYS,
    InputError,
    chip_key,
    read_versions,
)


def judge(**args):
    judging.only(args, compat_check.ActionModule.ARGUMENTS)
    return compat_check.ActionModule.act(None, args, {})


def test_the_articles_stack_is_compatible():
    result = judge(
        versions={
            "driver": "23.0.rc1",
            "firmware": "6.3.0.1.241",
            "cann": "6.0.1",
            "mindspore": "1.10.1",
            "python": "3.7",
        },
        host={"chip": "910", "arch": "aarch64", "host_kind": "physical"},
    )
    assert result["compatible"] is True and "failed" not in result
    assert all({"rule", "severity", "message", "source"} <= set(item) for item in result["findings"])


def test_an_error_fails_unless_only_a_report_is_wanted():
    wrong = {"driver": "25.3.rc1", "firmware": "6.3.0.1.241"}
    assert judge(versions=wrong)["failed"] is True
    reported = judge(versions=wrong, report_only=True)
    assert reported["compatible"] is False and "failed" not in reported
    assert judge(versions=wrong, accept=["driver-firmware-pair"])["compatible"] is True
    assert judge(versions=wrong, accept="driver-firmware-pair, hdk-chip")["compatible"] is True
    assert judge(versions=wrong, report_only="yes")["compatible"] is False


def test_json_text_and_numbers_for_chips_are_understood():
    assert judge(versions='{"driver": "25.3.rc1"}', host='{"chip": 910}')["compatible"] is True
    assert judge(host={"os": "openEuler 22.03"})["compatible"] is True


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"versions": {"python": 3.1}}, "versions.python is the number 3.1: put versions in quotes"),
        ({"versions": {"driver": 25}}, "versions.driver is the number 25"),
        ({"versions": {"driver": True}}, "versions.driver must be text"),
        ({"versions": {"driver": ["25.3.rc1"]}}, "versions.driver must be text such as"),
        ({"versions": {"driver": "latest"}}, "does not look like a version"),
        ({"versions": {"drvier": "25.3.rc1"}}, "Did you mean driver?"),
        ({"versions": "25.3.rc1"}, "versions must be a dictionary such as"),
        ({"versions": ["25.3.rc1"]}, "versions must be a dictionary such as"),
        ({"versions": "{driver"}, "versions is not valid JSON"),
        ({"versions": {"driver": "25.3.rc1"}, "host": "910b"}, "host must be a dictionary such as"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"chips": "910b"}}, "Did you mean chip?"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"chip": "920"}}, "is not in the catalog"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"chip": "910B"}}, "means two things"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"chip": ["910"]}}, "it takes one of 310"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"arch": "riscv64"}}, "it takes one of aarch64, x86_64"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"host_kind": "cloud"}}, "physical, vm, container"),
        ({"versions": {"driver": "25.3.rc1"}, "host": {"os": 22.04}}, "host.os must be text"),
        (
            {"versions": {"driver": "25.3.rc1"}, "host": {"installed": "25.3.rc1"}},
            "host.installed must be a dictionary",
        ),
        ({"versions": {"packages": "a.run"}}, "list of file names"),
        ({"versions": {"cann_flavor": "toolbox"}}, "nnae, toolkit, nnrt"),
        ({"versions": {"driver": "25.3.rc1"}, "accept": {"a": 1}}, "accept must be a list of rule ids"),
        ({"versions": {"driver": "25.3.rc1"}, "report_only": "perhaps"}, "report_only is 'perhaps'"),
        ({"versions": {"driver": "25.3.rc1"}, "reportonly": True}, "reportonly is no argument"),
        ({"_raw_params": "25.3.rc1"}, "arguments are given by name"),
        ({}, "nothing to judge"),
    ],
)
def test_bad_input_gives_one_clear_message(args, words):
    with pytest.raises(InputError) as error:
        judge(**args)
    assert words in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("said", "family"),
    [
        ("910", "910"),
        (910, "910"),
        ("910b", "910b"),
        ("910A", "910"),
        ("910ProB", "910"),
        ("Ascend910B", "910"),
        ("910B3", "910b"),
        ("Ascend910B4-1", "910b"),
        ("310P", "310p"),
        ("310P3", "310p"),
        ("A3", "a3"),
        ("Ascend910_9382", "a3"),
        ("Ascend310", "310"),
        ("Ascend310B1", "310b"),
        ("310B", "310b"),
        ("Ascend950PR", "950"),
    ],
)
def test_names_of_chips(said, family):
    assert chip_key(said, catalog.load()) == family


@pytest.mark.parametrize("said", ["910B", "ascend910b", "910_b", "", "a9", True, None, 1.5])
def test_names_that_are_no_chip_or_two(said):
    with pytest.raises(InputError):
        chip_key(said, catalog.load())


def test_an_overlay_is_used(tmp_path):
    row = (
        '{id: ours, hdk: "25.9.0", driver: "25.9.0", firmware: "7.9.0.1.1", chips: ["910b"], '
        "confidence: user, source: us}"
    )
    (tmp_path / "site.yml").write_text(f"hdk:\n  - {row}\n", encoding="utf-8")
    chosen = {"driver": "25.9.0", "firmware": "7.9.0.1.1"}
    assert judge(versions=chosen).get("failed") is True
    assert judge(versions=chosen, catalog_overlay=str(tmp_path))["compatible"] is True
    (tmp_path / "site.yml").write_text("hdk: 1\n", encoding="utf-8")
    with pytest.raises(catalog.CatalogError, match="must be a list of rows"):
        judge(versions=chosen, catalog_overlay=str(tmp_path))


def act(**args):
    return resolve.ActionModule.act(None, args, {})


def test_resolve_for_people():
    result = act(pins={"mindspore": "2.7.1", "driver": "auto", "cann": ""}, host={"chip": "910b", "arch": "aarch64"})
    text = "\n".join(result["ascend_lines"])
    assert result["ok"] and "stack for 910b aarch64" in text
    assert "  driver       25.3.rc1      25.3.RC1" in result["ascend_lines"]
    assert "    header Referer: https://www.hiascend.com/" in result["ascend_lines"]
    assert "  mindspore==2.7.1 (pypi)" in result["ascend_lines"]
    assert "why" in result["ascend_lines"] and "findings" in text


def test_resolve_says_what_contradicts():
    result = act(pins={"mindspore": "2.7.1", "cann": "6.0.1"}, host={"chip": "910", "arch": "aarch64"})
    assert result["failed"] and result["msg"] == result["conflict"]["message"]


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        ("2.7.1", "pins must be a dictionary"),
        ({"mindspor": "2.7.1"}, "pins.mindspor is not known"),
        ({"mindspore": 2.7}, "ascend_mindspore_version is the number 2.7"),
        ({"mindspore": "2.7.1", "components": ["drivers"]}, "ascend_components names drivers"),
        ({"mindspore": "2.7.1", "kernels": "some"}, "ascend_cann_kernels is 'some'"),
    ],
)
def test_resolve_refuses_bad_pins(pins, words):
    with pytest.raises(InputError, match=words):
        act(pins=pins, host={"chip": "910b", "arch": "aarch64"})


def test_what_host_facts_returns_can_be_handed_on():
    documented = yaml.safe_load(host_facts.RETURN)["ansible_facts"]["contains"]["ascend"]["contains"]
    for part, keys in INSTALLED_KEYS.items():
        assert set(documented[part]["contains"]) <= set(keys), f"compat/input.py does not take every key of {part}"


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ({"installed": {"driver": {"version": "25.3.rc1"}}}, "host.installed.driver.version is not known"),
        ({"installed": {"driver": {"version": "25.3.rc1"}}}, "Did you mean installed?"),
        ({"installed": {"driver": {"installed": "25.3.rc1", "compatible_can": []}}}, "Did you mean compatible_cann?"),
        ({"installed": {"driver": {"installed": 25}}}, "host.installed.driver.installed is the number 25"),
        ({"installed": {"driver": {"compatible_cann": "C19"}}}, "compatible_cann must be a list"),
        ({"installed": {"cann": [{"verison": "8.3.RC1"}]}}, "Did you mean version?"),
        ({"os": {"id": "ubuntu", "verison": "22.04"}}, "Did you mean version?"),
    ],
)
def test_nested_input_is_heard_or_refused(host, words):
    with pytest.raises(InputError) as error:
        judge(versions={"driver": "25.3.rc1"}, host=host)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("v2.10.0", "2.10.0"),
        ("torch==2.10.0", "2.10.0"),
        ("torch 2.10.0+cpu", "2.10.0+cpu"),
        ("2.10.0 (CPU)", "2.10.0"),
    ],
)
def test_versions_as_people_write_them(said, meant):
    assert read_versions({"torch": said}) == {"torch": meant}


def test_cann_as_people_write_it():
    for said in ("CANN 8.3 RC1", "8.3.rc1", "V8.3.RC1", "toolkit 8.3.RC1"):
        assert judge(versions={"CANN": said, "torch-npu": "2.7.1"})["findings"] == [], said
    with pytest.raises(InputError, match="is said twice"):
        judge(versions={"torch_npu": "2.7.1", "torch-npu": "2.7.1"})


@pytest.mark.parametrize(
    ("said", "family"),
    [
        ("910C", "a3"),
        ("910C1", "a3"),
        ("Ascend 910C", "a3"),
        ("A2", "910b"),
        ("a5", "950"),
        ("950PR", "950"),
        ("Ascend950PR_9579", "950"),
        ("Ascend 910B3", "910b"),
        ("Ascend310P3vir04", "310p"),
        ("Atlas 800T A2", "910b"),
        ("300I Duo", "310p"),
        ("Atlas 800 9000", "910"),
        ("Atlas 800 (3010)", "310"),
    ],
)
def test_nicknames_and_servers(said, family):
    assert chip_key(said, catalog.load()) == family


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Ascend910", "means two things"),
        ("ascend 910", "means two things"),
        ("Atlas 800", "the name of several servers"),
    ],
)
def test_names_of_two_things_are_told(said, words):
    with pytest.raises(InputError, match=words):
        chip_key(said, catalog.load())
