"""One pin gives one consistent stack, and pins that contradict each other are named with the way out."""

import itertools

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files as resolve_files
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

DATA = catalog.load()
HOST = {"chip": "910b", "arch": "x86_64", "host_kind": "physical"}


def resolve(pins, host=None, **kwargs):
    return resolver.resolve(DATA, pins, {**HOST, **(host or {})}, **kwargs)


def versions_of(found):
    return {name: entry["version"] for name, entry in found["stack"].items() if entry and "version" in entry}


@pytest.mark.parametrize(("chip", "kernels"), [("910", "910"), ("910b", "910b")])
def test_the_demo_stack_on_training_chips(chip, kernels):
    found = resolve({"mindspore": "2.7.1", "mindformers": "1.0.2"}, {"chip": chip}, accept=["mindformers-mindspore"])
    stack = found["stack"]
    assert found["ok"] and found["conflict"] is None
    assert versions_of(found) == {
        "driver": "25.3.rc1",
        "firmware": "7.8.0.2.212",
        "cann": "8.3.RC1",
        "kernels": "8.3.RC1",
        "python": "3.11",
        "mindspore": "2.7.1",
        "mindformers": "1.0.2",
    }
    assert stack["driver"]["package"] == f"Ascend-hdk-{chip}-npu-driver_25.3.rc1_linux-x86-64.run"
    assert stack["firmware"]["package"] == f"Ascend-hdk-{chip}-npu-firmware_7.8.0.2.212.run"
    assert stack["cann"]["flavor"] == "nnae"
    assert stack["cann"]["package"] == "Ascend-cann-nnae_8.3.RC1_linux-x86_64.run"
    assert stack["kernels"]["package"] == f"Ascend-cann-kernels-{kernels}_8.3.RC1_linux-x86_64.run"
    assert stack["mindspore"]["package"] == "mindspore" and stack["mindspore"]["wheels"] == ["te", "hccl"]
    proof = stack["inference"]
    assert (proof["engine"], proof["model"], proof["files"]) == ("mindformers-pipeline", "gpt2", "gpt2")
    assert proof["device_target"] == "Ascend"


def test_the_demo_stack_on_an_inference_chip():
    found = resolve({"mindspore": "2.7.1", "mindformers": "1.0.2"}, {"chip": "310p"})
    assert versions_of(found) == {"driver": "25.3.rc1", "firmware": "7.8.0.2.212", "cann": "8.3.RC1"}
    assert found["stack"]["cann"]["package"] == "Ascend-cann-nnrt_8.3.RC1_linux-x86_64.run"
    assert any("only infers" in line for line in found["why"])


@pytest.mark.parametrize(
    ("mindspore", "there", "python"),
    [
        ("2.4.10", None, "3.10"),  # the documented one of MindFormers 1.3.2
        ("2.4.10", ["3.11"], "3.11"),
        ("2.4.10", ["3.10", "3.11"], "3.10"),
        ("2.7.1", ["3.6", "3.9"], "3.9"),
        ("2.7.1", ["3.6"], "3.11"),
    ],
)
def test_a_python_that_the_host_has_comes_first(mindspore, there, python):
    stack = resolve({"mindspore": mindspore}, {"pythons": there})["stack"]
    assert stack["python"]["version"] == python


def test_a_release_comes_before_its_patch_of_which_nothing_is_known():
    stack = resolve({"mindspore": "2.4.10"})["stack"]
    assert (stack["driver"]["version"], stack["firmware"]["version"]) == ("24.1.0", "7.5.0.3.220")


def test_an_unofficial_pair_is_a_conflict_until_it_is_accepted():
    pins = {"mindspore": "2.7.1", "mindformers": "1.0.2", "device_target": "CPU"}
    refused = resolve(pins)
    assert not refused["ok"] and refused["stack"] is None
    assert refused["conflict"]["pins"] == ["ascend_mindspore_version", "ascend_mindformers_version"]
    assert "[mindformers-mindspore]" in refused["conflict"]["message"]
    accept = ["mindformers-mindspore", "device-target-cpu"]
    taken = resolve(pins, accept=accept)
    found = compat.check(DATA, {}, HOST, accept=accept, stack=taken["stack"])
    assert {item["rule"] for item in found if item["severity"] == "error"} == set(accept)
    assert all(item["accepted"] for item in found if item["severity"] == "error")
    assert not compat.blocking(found)


def test_the_articles_stack_by_name():
    found = resolve({"stack": "article"}, {"chip": "910", "arch": "aarch64"})
    assert versions_of(found) == {
        "driver": "23.0.rc1",
        "firmware": "6.3.0.1.241",
        "cann": "6.0.1",
        "python": "3.7",
        "mindspore": "1.10.1",
        "mindformers": "0.6.0",
    }
    assert found["stack"]["driver"]["package"] == "Ascend-hdk-910-npu-driver_23.0.rc1_linux-aarch64.run"
    assert found["stack"]["firmware"]["package"] == "Ascend-hdk-910-npu-firmware_6.3.0.1.241.run"
    assert found["stack"]["cann"]["package"] == "Ascend-cann-nnae_6.0.1_linux-aarch64.run"
    assert found["stack"]["mindspore"]["wheels"] == ["topi", "te", "hccl"]
    assert found["stack"]["kernels"] is None
    assert compat.blocking(compat.check(DATA, {}, {"chip": "910", "arch": "aarch64"}, stack=found["stack"])) == []


def test_a_pin_wins_over_the_preset():
    found = resolve({"stack": "article", "python": "3.9"}, {"chip": "910", "arch": "aarch64"})
    assert found["stack"]["python"]["version"] == "3.9"
    refused = resolve({"stack": "articel"})
    assert refused["conflict"]["pins"] == ["ascend_stack"] and "article" in refused["conflict"]["message"]


@pytest.mark.parametrize("row", DATA["stacks"], ids=lambda row: row["stack"])
def test_every_preset_resolves(row):
    for arch in ("aarch64", "x86_64"):
        host = {"chip": row.get("chips", ["910b"])[0], "arch": arch}
        found = resolve({"stack": row["stack"]}, host)
        assert found["ok"], found["conflict"]
        assert compat.blocking(compat.check(DATA, {}, {**HOST, **host}, stack=found["stack"])) == []


def test_whatever_resolves_is_compatible_and_can_be_named():
    chips = [row["chip"] for row in DATA["chips"]]
    resolved = 0
    for row, chip, kind in itertools.product(DATA["mindspore"], chips, ("physical", "vm", "container")):
        host = {"chip": chip, "arch": "aarch64", "host_kind": kind}
        found = resolve({"mindspore": row["mindspore"]}, host)
        assert found["ok"] == (found["stack"] is not None) == (found["conflict"] is None)
        if not found["ok"]:
            assert found["conflict"]["pins"]
            assert chip == "950" or "set " in found["conflict"]["message"]
            continue
        resolved += 1
        assert compat.blocking(compat.check(DATA, {}, host, stack=found["stack"])) == [], (row["mindspore"], chip, kind)
        for name in ("driver", "firmware", "cann", "kernels"):
            entry = found["stack"][name]
            if entry:
                named = filenames.parse_package(entry["package"], DATA["filenames"])
                assert named["version"] == entry["version"], entry
        assert found["why"]
    assert resolved > 150


@pytest.mark.parametrize(("kind", "none"), [("vm", {"firmware"}), ("container", {"driver", "firmware"})])
def test_guests_get_no_firmware(kind, none):
    found = resolve({"mindspore": "2.7.1", "firmware": "7.8.0.2.212"}, {"host_kind": kind})
    assert {name for name in ("driver", "firmware", "cann") if found["stack"][name] is None} == none
    assert ("firmware-host-kind", "info") in {(item["rule"], item["severity"]) for item in found["findings"]}


def test_a_container_is_judged_with_the_driver_of_its_host():
    found = resolve({"mindspore": "2.7.1"}, {"host_kind": "container", "installed": {"driver": "24.1.rc3"}})
    assert {item["rule"] for item in compat.blocking(found["findings"])} == {"cann-driver"}
    taken = resolve(
        {"mindspore": "2.7.1"},
        {"host_kind": "container", "installed": {"driver": "24.1.rc3"}},
        accept=["cann-driver"],
    )
    assert compat.blocking(taken["findings"]) == []


def test_auto_keeps_a_newer_driver_that_cann_accepts():
    found = resolve({"mindspore": "2.7.1"}, {"installed": {"driver": "25.5.2", "firmware": "7.8.0.7.220"}})
    assert versions_of(found)["driver"] == "25.5.2" and versions_of(found)["firmware"] == "7.8.0.7.220"
    assert "driver 25.5.2: it is installed and fits" in found["why"]


def test_auto_raises_an_older_driver():
    found = resolve({"mindspore": "2.7.1"}, {"installed": {"driver": "24.1.rc3", "firmware": "7.5.0.1.129"}})
    assert versions_of(found)["driver"] == "25.3.rc1"


def test_auto_says_when_it_would_go_down():
    found = resolve({"mindspore": "2.4.1"}, {"installed": {"driver": "25.5.2", "firmware": "7.8.0.7.220"}})
    assert versions_of(found)["driver"] == "24.1.rc3"
    assert "driver-downgrade" in {item["rule"] for item in found["findings"]}


def test_a_newer_driver_no_source_knows_stays_when_its_own_file_accepts_cann():
    installed = {
        "driver": {"installed": "27.0.0", "compatible_cann": ["V100R001C23"]},
        "firmware": {"installed": "9.0.0.1.1"},
    }
    found = resolve({"mindspore": "2.7.1"}, installed=installed)
    assert versions_of(found)["driver"] == "27.0.0" and versions_of(found)["firmware"] == "9.0.0.1.1"


def test_a_newer_firmware_no_source_knows_stays():
    host = {"installed": {"driver": "25.3.rc1", "firmware": "7.8.0.2.213"}}
    found = resolve({"mindspore": "2.7.1"}, host)
    assert versions_of(found)["firmware"] == "7.8.0.2.213"
    assert compat.blocking(compat.check(DATA, {}, {**HOST, **host}, stack=found["stack"])) == []


def test_mindspore_can_follow_from_mindformers_or_from_cann_where_it_is_asked_for():
    assert versions_of(resolve({"mindformers": "1.0.2"}))["mindspore"] == "2.2.13"
    assert versions_of(resolve({"mindformers": "0.6.0"}, {"chip": "910"}))["mindspore"] == "2.0.0"
    asked = {"cann": "8.3.RC1", "components": ["cann", "python", "mindspore"]}
    assert versions_of(resolve(asked))["mindspore"] == "2.7.1"
    assert resolve({"cann": "8.3.RC1"})["stack"]["mindspore"] is None


def test_where_mindspore_comes_from():
    pins = {"mindspore": "1.10.0", "driver": "23.0.rc1", "cann": "6.0.1"}
    assert resolve(pins, {"chip": "910"})["stack"]["mindspore"]["distribution"] == "pypi"
    assert resolve({**pins, "mindspore": "1.10.1"}, {"chip": "910"})["stack"]["mindspore"]["distribution"] == "conda"


def test_the_official_pair_wins_over_what_the_codes_would_allow():
    found = resolve({"mindspore": "2.7.0"}, {"arch": "aarch64"})
    assert versions_of(found)["cann"] == "8.2.RC1" and versions_of(found)["driver"] == "25.0.rc1.1"
    assert any("driver 25.2.0" in line and "ascend_firmware_version" in line for line in found["why"])
    told = resolve({"mindspore": "2.7.0", "firmware": "7.7.0.2.220"})
    assert versions_of(told)["driver"] == "25.2.0" and versions_of(told)["firmware"] == "7.7.0.2.220"


@pytest.mark.parametrize(
    ("pins", "names", "words"),
    [
        ({"mindspore": "2.7.1", "driver": "23.0.rc1"}, ["mindspore", "driver"], "driver 24.1.X, and 23.0.rc1 is older"),
        (
            {"mindspore": "2.7.1", "cann": "8.0.0", "python": "3.11"},
            ["mindspore", "cann"],
            "wheel expects compiler version",
        ),
        (
            {"mindspore": "2.7.1", "python": "3.7", "cann": "8.3.RC1"},
            ["mindspore", "python"],
            "wheels for Python 3.9 to 3.11",
        ),
        (
            {"mindspore": "2.7.1", "driver": "25.3.rc1", "firmware": "6.3.0.1.241"},
            ["driver", "firmware"],
            "not of one HDK release",
        ),
        ({"cann": "8.3.RC1", "firmware": "6.3.0.1.241"}, ["cann", "firmware"], "8.3.RC1"),
        ({"mindspore": "2.7.1", "mindformers": "1.8.0"}, ["mindspore", "mindformers"], "made for MindSpore 2.7.2"),
        (
            {"mindspore": "2.8.0"},
            ["mindspore"],
            "No source names the CANN release of MindSpore 2.8.0: set ascend_cann_version",
        ),
    ],
)
def test_contradictions_name_the_fewest_pins_and_the_way_out(pins, names, words):
    found = resolve(pins, {"chip": "910"})
    assert found["conflict"]["pins"] == [f"ascend_{name}_version" for name in names]
    assert words in found["conflict"]["message"]
    assert "set ascend_" in found["conflict"]["message"]


def test_freeing_the_named_pin_solves_it():
    pins = {"mindspore": "2.7.1", "driver": "23.0.rc1", "python": "3.11", "cann_flavor": "toolkit"}
    message = resolve(pins)["conflict"]["message"]
    assert 'ascend_driver_version to "25.3.rc1"' in message
    assert resolve({**pins, "driver": "25.3.rc1"})["ok"]


@pytest.mark.parametrize(
    ("pins", "host", "name", "words"),
    [
        ({"mindspore": "2.7.9"}, {}, "ascend_mindspore_version", "2.7.1, 2.7.1.post1, 2.7.2"),
        ({"mindspore": "2.7.1", "driver": "99.0"}, {}, "ascend_driver_version", "nearest known"),
        ({}, {}, "ascend_mindspore_version", "ascend_torch_version for PyTorch"),
        ({"mindspore": "2.7.1"}, {"chip": None}, "ascend_chip", "ascend_chip"),
        ({"mindspore": "2.7.1"}, {"chip": "910c"}, "ascend_chip", "910b"),
        ({"mindspore": "2.7.1"}, {"arch": "riscv64"}, "ascend_arch", "aarch64 and x86_64"),
    ],
)
def test_input_that_cannot_be_used(pins, host, name, words):
    found = resolve(pins, host)
    assert not found["ok"] and found["conflict"]["pins"] == [name] and words in found["conflict"]["message"]


def test_parts_of_a_stack():
    found = resolve({"driver": "25.3.rc1", "firmware": "7.8.0.2.212", "components": ["driver", "firmware"]})
    assert versions_of(found) == {"driver": "25.3.rc1", "firmware": "7.8.0.2.212"}
    assert versions_of(resolve({"components": ["driver"], "driver": "25.5.0"})) == {"driver": "25.5.0"}
    assert versions_of(resolve({"components": ["cann"], "cann": "8.3.RC1"})) == {"cann": "8.3.RC1"}
    assert set(versions_of(resolve({"components": ["driver", "firmware"], "mindspore": "2.7.1"}))) == {
        "driver",
        "firmware",
    }
    no_chip = {"chip": None, "arch": "x86_64"}
    alone = resolve({"mindspore": "2.7.1", "components": ["python", "mindspore"]}, no_chip)
    assert versions_of(alone) == {"python": "3.11", "mindspore": "2.7.1"}


def test_kernels_can_be_turned_off_and_follow_the_release():
    assert resolve({"mindspore": "2.7.1", "kernels": False})["stack"]["kernels"] is None
    assert (
        resolve({"mindspore": "1.10.1", "driver": "23.0.rc1", "cann": "6.0.1"}, {"chip": "910"})["stack"]["kernels"]
        is None
    )
    named = resolve({"mindspore": "2.9.0"}, {"arch": "aarch64"})["stack"]
    assert named["kernels"]["package"] == "Ascend-cann-910b-ops_9.0.0_linux-aarch64.run"
    assert named["cann"]["flavor"] == "toolkit", "no nnae package is documented from CANN 8.5 on"


def test_spelling_follows_the_catalog():
    found = resolve({"mindspore": "2.7.1", "cann": "8.3.rc1", "driver": "25.3.RC1"})
    assert versions_of(found)["cann"] == "8.3.RC1" and versions_of(found)["driver"] == "25.3.rc1"


def test_a_310b_that_is_its_own_host_gets_the_soc_packages():
    host = {"chip": "310b", "arch": "aarch64", "variant": "soc"}
    found = resolve({"driver": "25.0.rc1.1", "components": ["driver", "firmware"]}, host)
    assert found["stack"]["driver"]["package"] == "Ascend-hdk-310b-npu-driver-soc_25.0.rc1.1_linux-aarch64.run"
    assert found["stack"]["firmware"]["package"] == "Ascend-hdk-310b-npu-firmware-soc_7.7.0.1.231.run"


def listed(stack, arch):
    return [
        resolve_files.row(want) for want in resolve_files.wants(stack, {**HOST, "chip": "910b", "arch": arch}, DATA)
    ]


def test_download_addresses():
    found = resolve({"mindspore": "2.7.1"}, {"arch": "aarch64"})
    files = {item["file"]: item for item in listed(found["stack"], "aarch64")}
    driver = files["Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"]
    assert driver["url"].endswith(
        "/Ascend%20HDK/Ascend%20HDK%2025.3.RC1/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"
    )
    assert driver["headers"] == {"Referer": "https://www.hiascend.com/"}
    assert driver["zip_sha256"].startswith("8bd5eba2")
    cann = files["Ascend-cann-nnae_8.3.RC1_linux-aarch64.run"]
    assert cann["url"].endswith("/CANN/CANN%208.3.RC1/Ascend-cann-nnae_8.3.RC1_linux-aarch64.run")
    old = resolve({"cann": "8.1.RC1", "components": ["driver"]})
    assert "/Ascend%20HDK%2025.0.RC1.1/" in listed(old["stack"], "x86_64")[0]["url"], (
        "the folder of that release has another name"
    )
    wheel = listed(resolve({"mindspore": "2.4.10"})["stack"], "x86_64")[-1]
    assert wheel["url"].endswith("/2.4.10/MindSpore/unified/x86_64/mindspore-2.4.10-cp310-cp310-linux_x86_64.whl")


def test_equal_input_gives_equal_output_and_the_input_is_left_alone():
    pins, host = {"stack": "mindspore-2.7.1"}, dict(HOST)
    first = resolver.resolve(DATA, pins, host)
    assert first == resolver.resolve(DATA, pins, host)
    assert pins == {"stack": "mindspore-2.7.1"} and host == HOST
