"""Every pair of torch, torch_npu and CANN of the catalog is judged as its source says, at the desk as on a host."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import public, torch_pairs, torch_row
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

TABLES = catalog.load()
PAIRS = [(row["cann"], torch, plugin) for row, torch, plugin in torch_pairs(TABLES)]
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical", "glibc": "2.34"}
DECIDED = {"components": ["cann", "kernels", "nnal", "python", "torch"]}


def rules(judged, rule):
    return [(found["severity"], found["message"]) for found in judged["findings"] if found["rule"] == rule]


@pytest.mark.parametrize(("cann", "torch", "plugin"), PAIRS, ids=[f"{cann}-{plugin}" for cann, _t, plugin in PAIRS])
def test_a_pair_of_the_table_is_published(cann, torch, plugin):
    judged = judge.judge(TABLES, {"cann": cann, "torch": torch, "torch_npu": plugin}, HOST)
    confirmed = {found["rule"] for found in judged["evidence"]}
    assert {"torch-npu-cann", "torch-npu-torch"} <= confirmed
    assert not rules(judged, "torch-npu-cann") and not rules(judged, "torch-npu-torch")


@pytest.mark.parametrize(("cann", "torch", "plugin"), PAIRS, ids=[f"{cann}-{plugin}" for cann, _t, plugin in PAIRS])
def test_a_pair_of_the_table_is_a_stack_of_exactly_it(cann, torch, plugin):
    found = resolver.resolve(TABLES, {**DECIDED, "cann": cann, "torch_npu": plugin}, HOST)
    row = torch_row(TABLES, torch) or {}
    stack = found["stack"]
    assert (stack["cann"]["version"], stack["torch"]["version"], stack["torch_npu"]["version"]) == (cann, torch, plugin)
    lacks = [text for text in stack["torch"]["requirements"] if text.startswith("torch-npu==")]
    on_pypi = plugin in [*(row.get("pypi") or []), *(row.get("torch_npu") or [])]
    assert stack["torch"]["pypi_lacks"] == ([] if on_pypi else lacks)
    said = {(one["rule"], one["severity"]) for one in found["findings"]}
    assert (("torch-npu-pypi", "warning") in said) is not on_pypi
    assert (("torch-python", "error") in said) is ("python" not in row)


@pytest.mark.parametrize("torch", sorted({torch for _cann, torch, _plugin in PAIRS}, key=versions.key))
@pytest.mark.parametrize("arch", ["aarch64", "x86_64"])
def test_a_torch_alone_gets_a_pair_of_the_table_that_pypi_has_if_any_is_there(torch, arch):
    found = resolver.resolve(TABLES, {"torch": torch, **DECIDED}, {**HOST, "arch": arch})
    stack = found["stack"]
    chosen = (stack["cann"]["version"], torch, stack["torch_npu"]["version"])
    assert chosen in PAIRS
    offered = [plugin for _cann, base, plugin in PAIRS if base == torch]
    pypi = [plugin for plugin in offered if plugin in (torch_row(TABLES, torch) or {}).get("pypi", [])]
    assert chosen[2] in (pypi or offered)
    build = "+cpu" if arch == "x86_64" else ""
    assert stack["torch"]["requirements"][0] == f"torch=={torch}{build}"
    assert bool(stack["torch"]["indexes"]) is (arch == "x86_64")
    minor, row = stack["python"] and stack["python"]["version"], torch_row(TABLES, torch) or {}
    if row.get("python"):
        oldest, newest = row["python"]
        assert versions.key(oldest) <= versions.key(minor) <= versions.key(newest)


def test_the_other_way_round_the_base_of_every_torch_npu_is_its_torch():
    for _cann, torch, plugin in PAIRS:
        other = "2.0.1" if torch != "2.0.1" else "2.7.1"
        judged = judge.judge(TABLES, {"torch": other, "torch_npu": plugin}, HOST)
        assert [severity for severity, _text in rules(judged, "torch-npu-torch")] == ["error"], plugin


def test_equal_numbers_are_not_enough():
    """2.5.1 with 2.5.1rc1, which their makers call no pair; and a torch_npu for another CANN by an hour or a year."""
    judged = judge.judge(TABLES, {"torch": "2.5.1", "torch_npu": "2.5.1rc1"}, HOST)
    assert any(severity == "error" for severity, _text in rules(judged, "unknown-version"))
    assert rules(judged, "torch-npu-torch")[0][0] == "warning"
    judged = judge.judge(TABLES, {"torch_npu": "2.7.1.post4", "cann": "8.1.RC1"}, HOST)
    assert rules(judged, "torch-npu-cann")[0][0] == "error"


@pytest.mark.parametrize(
    ("chip", "torch", "severity", "words"),
    [
        ("910b", "2.7.1", None, ""),
        ("a3", "2.7.1", None, ""),
        ("310p", "2.7.1", "info", "only infers"),
        ("310p", "2.6.0", "warning", "came with 2.7.1"),
        ("310b", "2.7.1", "error", "Unsupported SOC version"),
        ("310", "2.7.1", "warning", "Try it on one host first"),
        ("950", "2.7.1", "warning", "came with 2.10.0"),
        ("950", "2.11.0", None, ""),
    ],
)
def test_chips(chip, torch, severity, words):
    judged = judge.judge(TABLES, {"torch": torch, "torch_npu": torch}, {**HOST, "chip": chip})
    said = rules(judged, "chip-support")
    assert [found for found, _text in said] == ([severity] if severity else [])
    assert all(words in text for _found, text in said)


def test_a_chip_that_only_infers_gets_no_torch_and_is_told_what_its_makers_say():
    found = resolver.resolve(TABLES, {"torch": "2.7.1"}, {**HOST, "chip": "310p"})
    assert found["stack"]["torch"] is None and found["stack"]["nnal"] is None and found["stack"]["cann"]
    assert any("torch" in line and "only infers" in line for line in found["why"])
    (said,) = [one for one in found["findings"] if one["rule"] == "chip-support"]
    assert said["severity"] == "info" and "None is installed here." in said["message"]


@pytest.mark.parametrize(("glibc", "fits"), [("2.17", False), ("2.27", False), ("2.28", True), ("2.34", True)])
def test_the_wheels_need_a_libc(glibc, fits):
    found = resolver.resolve(TABLES, {"torch": "2.7.1", **DECIDED}, {**HOST, "glibc": glibc})
    judged = judge.check(TABLES, {}, {**HOST, "glibc": glibc}, stack=found["stack"])
    assert any(one["rule"] == "glibc" and one["severity"] == "error" for one in judged) is not fits


def test_each_environment_is_judged_by_its_own_python():
    host = {**HOST, "chip": "910b"}
    pins = {"mindspore": "2.2.14", "torch": "2.1.0", "components": ["cann", "python", "mindspore", "torch"]}
    stack = resolver.resolve(TABLES, pins, host)["stack"]
    assert {row["framework"]: row["version"] for row in stack["python"]["environments"]} == {
        "mindspore": "3.9",
        "torch": "3.11",
    }
    found = judge.check(TABLES, {}, host, stack=stack)
    assert not [one for one in found if one["rule"] in ("torch-python", "mindspore-python")]
    stack["python"]["environments"][1]["version"] = "3.12"
    found = judge.check(TABLES, {}, host, stack=stack)
    assert [one["rule"] for one in found if one["severity"] == "error"] == ["torch-python"]


def companions(*names, torch="2.7.1", arch="aarch64"):
    pins = {"torch": torch, "torch_companions": list(names), **DECIDED}
    found = resolver.resolve(TABLES, pins, {**HOST, "arch": arch})
    said = [(one["severity"], one["message"]) for one in found["findings"] if one["rule"] == "torch-companion"]
    return found["stack"]["torch"]["requirements"], said, found


def test_companions_go_with_torch():
    wanted, said, found = companions("torchvision", "torchair", "Triton_Ascend", "transformers==4.51.3")
    assert {"torchvision==0.22.1", "triton-ascend==3.2.0", "transformers==4.51.3"} <= set(wanted) and not said
    assert not [text for text in wanted if "torchair" in text]
    assert any(line.startswith("torchair: inside torch-npu") for line in found["why"])
    wanted, _said, found = companions("torchvision", arch="x86_64")
    assert "torchvision==0.22.1+cpu" in wanted
    assert set(found["stack"]["torch"]["pypi_lacks"]) == {"torch==2.7.1+cpu", "torchvision==0.22.1+cpu"}


@pytest.mark.parametrize(
    ("name", "severity", "words"),
    [
        ("apex", "error", "it takes torchvision, torchair, triton-ascend"),
        ("transformers", "error", "transformers==4.51.3"),
        ("transformers>=4", "error", "transformers>=4"),
        ("torchvision==0.20.1", "warning", "0.22.1 goes with it"),
        ("torchvision==0.22.1", None, ""),
    ],
)
def test_a_companion_that_does_not_go_with_it(name, severity, words):
    _wanted, said, _found = companions(name)
    assert [found for found, _text in said] == ([severity] if severity else []) and all(words in t for _s, t in said)


def test_a_companion_that_is_not_made_for_this_torch():
    _wanted, ((severity, message),), _found = companions("triton-ascend", torch="2.8.0")
    assert severity == "error" and "triton-ascend" in message and "2.7.1, 2.9.0" in message


def test_what_the_catalog_says_of_a_torch_is_of_that_torch():
    for row in TABLES["torch"]:
        for plugin in [*(row.get("pypi") or []), *(row.get("torch_npu") or [])]:
            assert versions.release(public(plugin)) == versions.release(row["torch"])
        assert not set(row.get("pypi") or []) & set(row.get("torch_npu") or [])
        paired = {plugin for _cann, torch, plugin in PAIRS if torch == row["torch"]}
        assert not paired & set(row.get("torch_npu") or []), "a wheel whose CANN a document names is not among these"
