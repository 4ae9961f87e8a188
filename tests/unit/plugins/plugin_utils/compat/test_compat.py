"""The article's stack is compatible, and deliberately wrong sets are refused for the right reason."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat

DATA = catalog.load()
ARTICLE = {"driver": "23.0.rc1", "firmware": "6.3.0.1.241", "cann": "6.0.1", "mindspore": "1.10.1", "python": "3.7"}
SEED_HOST = {"chip": "910", "arch": "aarch64", "host_kind": "physical"}


def errors(chosen, host=None, **kwargs):
    return {item["rule"] for item in compat.blocking(compat.check(DATA, chosen, host or {}, **kwargs))}


def findings(chosen, host=None, **kwargs):
    return {(item["rule"], item["severity"]) for item in compat.check(DATA, chosen, host or {}, **kwargs)}


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"cann_flavor": "nnae"},
        {"mindformers": "0.6.0"},
        {"mindformers": "0.3.0"},
        {"te": "nnae 6.0.1", "topi": "nnae 6.0.1"},
        {"cann": "nnae 6.0.1"},
        {"mindspore_package": "mindspore-ascend"},
        {"model": "gpt2"},
        {"cann": "6.0.1.alpha001"},
    ],
)
def test_the_articles_stack(extra):
    chosen = dict(ARTICLE, **extra)
    found = compat.judge(DATA, chosen, SEED_HOST)
    assert {item["severity"] for item in found["findings"]} <= {"info"}
    cann = next(item for item in found["findings"] if item["rule"] == "cann-driver")
    assert cann["severity"] == "info" and "article" in cann["source"]
    assert {"driver-firmware-pair", "mindspore-cann", "mindspore-python"} <= {
        item["rule"] for item in found["evidence"]
    }
    assert all(item["source"] for item in found["evidence"] + found["findings"])


WRONG = [
    # What is wrong, the versions, the host, the only rules that may object.
    (
        "mixed HDK releases",
        {"driver": "23.0.rc1", "firmware": "7.1.0.5.220"},
        {"chip": "910"},
        {"driver-firmware-pair"},
    ),
    (
        "old firmware under a new driver",
        {"driver": "25.3.rc1", "firmware": "6.3.0.1.241"},
        {},
        {"driver-firmware-pair"},
    ),
    (
        "new firmware under an old driver",
        {"driver": "24.1.rc3", "firmware": "7.8.0.2.212"},
        {"chip": "910b"},
        {"driver-firmware-pair"},
    ),
    (
        "firmware in a virtual machine",
        {"driver": "23.0.rc1", "firmware": "6.3.0.1.241"},
        {"chip": "910", "host_kind": "vm"},
        {"firmware-host-kind"},
    ),
    ("firmware in a container", {"firmware": "6.3.0.1.241"}, {"host_kind": "container"}, {"firmware-host-kind"}),
    (
        "training on 310p",
        {"mindspore": "2.7.1", "cann": "8.3.RC1", "driver": "25.3.rc1"},
        {"chip": "310p"},
        {"training-on-inference-chip"},
    ),
    ("MindFormers on 310", {"mindformers": "0.8.0"}, {"chip": "310"}, {"training-on-inference-chip"}),
    ("MindSpore on 310b", {"mindspore": "1.10.1"}, {"chip": "310b"}, {"training-on-inference-chip"}),
    ("Python too old for the wheel", {"mindspore": "2.7.1", "python": "3.7"}, {}, {"mindspore-python"}),
    ("Python too new for the wheel", {"mindspore": "1.10.1", "python": "3.11"}, {}, {"mindspore-python"}),
    ("3.10 is not 3.1", {"mindspore": "1.10.1", "python": "3.10"}, {}, {"mindspore-python"}),
    ("new MindFormers on old MindSpore", {"mindformers": "1.7.0", "mindspore": "2.2"}, {}, {"mindformers-mindspore"}),
    ("old MindFormers on new MindSpore", {"mindformers": "1.0.2", "mindspore": "2.7.1"}, {}, {"mindformers-mindspore"}),
    ("MindSpore on the wrong CANN", {"mindspore": "2.7.1", "cann": "8.0.RC3"}, {}, {"mindspore-cann"}),
    ("MindSpore on too new a CANN", {"mindspore": "2.7.1", "cann": "8.5.0"}, {}, {"mindspore-cann"}),
    ("MindSpore 1.10 on CANN 8", {"mindspore": "1.10.1", "cann": "8.3.RC1"}, {}, {"mindspore-cann"}),
    ("TensorFlow on a chip without adapter", {"tensorflow": "2.6.5"}, {"chip": "a3"}, {"tensorflow-chip"}),
    (
        "TensorFlow without a wheel for Python",
        {"tensorflow": "2.6.5", "python": "3.11"},
        {},
        {"tensorflow-python"},
    ),
    ("TensorFlow 1 on Python 3.8", {"tensorflow": "1.15.0", "python": "3.8"}, {}, {"tensorflow-python"}),
    ("torch_npu of another torch", {"torch": "2.1.0", "torch_npu": "2.6.0"}, {}, {"torch-npu-torch"}),
    ("torch_npu of another CANN", {"torch_npu": "2.7.1", "cann": "9.0.0"}, {}, {"torch-npu-cann"}),
    ("torch_npu newer than CANN", {"torch_npu": "2.9.0", "cann": "8.1.RC1"}, {}, {"torch-npu-cann"}),
    ("torch without torch_npu for this CANN", {"torch": "2.9.0", "cann": "8.0.0"}, {}, {"torch-npu-cann"}),
    ("torch without a wheel for this Python", {"torch": "2.1.0", "python": "3.12"}, {}, {"torch-python"}),
    ("glibc too old for torch_npu", {"torch_npu": "2.7.1"}, {"glibc": "2.27"}, {"glibc"}),
    ("glibc known from the system", {"torch": "2.8.0"}, {"os": "CentOS 7.6"}, {"glibc"}),
    ("CANN newer than the driver accepts", {"cann": "8.3.RC1", "driver": "24.1.rc3"}, {}, {"cann-driver"}),
    ("CANN far newer than the driver", {"cann": "8.3.RC1", "driver": "23.0.rc1"}, {"chip": "910"}, {"cann-driver"}),
    ("CANN older than the driver accepts", {"cann": "8.0.RC3", "driver": "25.5.2"}, {"chip": "910b"}, {"cann-driver"}),
    ("topi after its end", {"cann": "8.3.RC1", "topi": "nnae 8.3.RC1"}, {}, {"topi-removed"}),
    ("te of an older CANN", {"cann": "8.3.RC1", "te": "nnae 8.0.0"}, {}, {"cann-wheels"}),
    ("hccl of the toolkit with nnae", {"cann": "nnae 8.3.RC1", "hccl": "toolkit 8.3.RC1"}, {}, {"cann-wheels"}),
    (
        "wheels from another path",
        {"cann": "8.3.RC1", "te": "/usr/local/Ascend/nnae/8.2.RC1/lib64/te-0.4.0-py3-none-any.whl"},
        {},
        {"cann-wheels"},
    ),
    ("kernels of another release", {"cann": "8.3.RC1", "kernels": "8.2.RC1"}, {}, {"kernels-cann"}),
    (
        "nnrt under MindSpore",
        {"cann": "8.3.RC1", "cann_flavor": "nnrt", "mindspore": "2.7.1"},
        {"chip": "910b"},
        {"cann-flavor"},
    ),
    (
        "910 package on 910b",
        {"packages": ["Ascend-hdk-910-npu-driver_25.3.rc1_linux-aarch64.run"]},
        {"chip": "910b"},
        {"package-chip"},
    ),
    (
        "910b package on A3",
        {"packages": ["Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run"]},
        {"chip": "a3"},
        {"package-chip"},
    ),
    (
        "x86 package on aarch64",
        {"packages": ["Ascend-cann-nnae_8.3.RC1_linux-x86_64.run"]},
        {"arch": "aarch64"},
        {"package-arch"},
    ),
    (
        "package of another version",
        {"cann": "8.3.RC1", "packages": ["Ascend-cann-nnae_8.2.RC1_linux-x86_64.run"]},
        {"arch": "x86_64"},
        {"package-version"},
    ),
    (
        "EP package on a 310b SoC",
        {"packages": ["Ascend-hdk-310b-npu-driver_25.0.rc1.1_linux-aarch64.run"]},
        {"chip": "310b", "variant": "soc"},
        {"package-chip"},
    ),
    (
        "soc package on a 310b card",
        {"packages": ["Ascend-hdk-310b-npu-driver-soc_25.0.rc1.1_linux-aarch64.run"]},
        {"chip": "310b", "variant": "ep"},
        {"package-chip"},
    ),
    (
        "wheel of another Python",
        {"python": "3.9", "mindspore_wheel": "mindspore-2.7.1-cp311-cp311-manylinux1_x86_64.whl"},
        {},
        {"package-python"},
    ),
    (
        "none-any wheel on x86",
        {"mindspore_wheel": "mindspore-2.7.1-cp311-none-any.whl"},
        {"arch": "x86_64"},
        {"package-arch"},
    ),
    (
        "both MindSpore distributions",
        {"mindspore": "2.7.1", "mindspore_package": "mindspore-ascend"},
        {},
        {"mindspore-package"},
    ),
    ("unknown system", {"driver": "25.3.rc1"}, {"os": "Windows Server 2022"}, {"os-support"}),
    ("system older than any supported", {"driver": "25.3.rc1"}, {"os": "Ubuntu 16.04"}, {"os-support"}),
    (
        "HDK older than the system needs",
        {"driver": "24.1.rc3"},
        {"os": "openEuler 24.03", "arch": "aarch64", "chip": "910b", "product": "Atlas 800I A2"},
        {"os-minimum-hdk"},
    ),
    (
        "firmware below the flash",
        {"firmware": "7.1.0.5.220", "driver": "23.0.3"},
        {"installed": {"firmware": "7.5.0.3.220"}},
        {"firmware-flash"},
    ),
    (
        "x.11.* firmware in one step",
        {"driver": "25.3.rc1"},
        {"chip": "910b", "installed": {"firmware": "1.11.7.2.220"}},
        {"firmware-step"},
    ),
    ("unknown driver", {"driver": "25.9.rc1"}, {}, {"unknown-version"}),
    (
        "unknown everything",
        {
            "firmware": "1.2.3",
            "cann": "8.9.0",
            "mindspore": "3.0",
            "mindformers": "9.9",
            "torch": "9.0",
            "torch_npu": "9.0",
        },
        {},
        {"unknown-version"},
    ),
    ("unknown model", {"model": "gpt5"}, {}, {"model-unknown"}),
    ("model the release does not carry yet", {"model": "llama_7b", "mindformers": "0.3.0"}, {}, {"model-mindformers"}),
    ("model the release dropped", {"model": "gpt2", "mindformers": "1.7.0"}, {}, {"model-mindformers"}),
    ("large model on 310", {"model": "llama_7b"}, {"chip": "310"}, {"model-chip"}),
    (
        "int8 in the article's release",
        {"model": "glm_6b", "mindformers": "0.6.0", "quantization": "int8"},
        {},
        {"model-feature"},
    ),
    (
        "several cards in the article's release",
        {"model": "llama_7b", "mindformers": "0.6.0", "inference_cards": 2},
        {},
        {"model-feature"},
    ),
    ("proof on the CPU", {"device_target": "CPU"}, {}, {"device-target-cpu"}),
    ("an OM for another SoC", {"om_soc": "Ascend310P1"}, {"chip": "Ascend310P3"}, {"om-chip"}),
    ("an OM for another family", {"om_soc": "Ascend910B4"}, {"chip": "310b"}, {"om-chip"}),
    ("an OM for nobody knows what", {"om_soc": "Ascend123"}, {"chip": "310"}, {"om-chip"}),
    ("an OM of a newer CANN", {"om_cann": "8.3.RC1", "cann": "8.0.RC3"}, {"chip": "310p"}, {"om-cann"}),
    ("ATC with a newer Python", {"cann": "8.1.RC1", "atc_python": "3.11.2"}, {}, {"atc-python"}),
    ("ATC with a newer numpy", {"cann": "8.0.0", "atc_numpy": "2.0.1"}, {}, {"atc-python"}),
    ("a large model on a 310", {"model": "glm_6b"}, {"chip": "310"}, {"model-chip"}),
]


@pytest.mark.parametrize(("chosen", "host", "rules"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_wrong_sets_are_refused_for_the_right_reason(chosen, host, rules):
    assert errors(chosen, host) == rules
    for item in compat.check(DATA, chosen, host):
        if item["severity"] == "error":
            assert item["source"] and item["message"].endswith((".", ")"))
            assert len(item["message"].split(". ")) > 1 or ": " in item["message"], "says what to do"
    assert errors(chosen, host, accept=rules) == set(), "every rule can be accepted by its id"


@pytest.mark.parametrize(
    ("chosen", "host", "found"),
    [
        # Nothing said is nothing found; what no source says is no error.
        ({}, {}, set()),
        ({"cann": "8.3.RC1", "driver": "25.3.rc1"}, {}, set()),
        ({"cann": "6.3.RC3", "driver": "23.0.rc3"}, {}, {("cann-driver", "info")}),
        ({"cann": "7.0.0", "driver": "24.1.0"}, {}, {("cann-driver", "warning")}),
        ({"cann": "8.3.RC2", "driver": "25.3.rc1"}, {}, set()),
        ({"cann": "8.2.RC1", "driver": "24.1.rc3"}, {}, set()),
        ({"cann": "8.5.0", "driver": "25.0.rc1.1"}, {}, set()),
        ({"cann": "8.0.0", "driver": "24.1.0.1"}, {"chip": "310p"}, {("unknown-version", "warning")}),
        ({"mindspore": "2.8.0", "cann": "8.5.0"}, {}, {("mindspore-cann", "info")}),
        ({"mindspore": "2.10.0", "cann": "8.5.0"}, {}, {("mindspore-cann", "info")}),
        ({"mindspore": "2.5.0", "cann": "8.1.RC1"}, {}, {("mindspore-cann", "warning")}),
        ({"mindformers": "2.0.0", "mindspore": "2.10.0"}, {}, set()),
        ({"mindformers": "1.7.0", "mindspore": "2.7.2"}, {}, {("mindformers-mindspore", "warning")}),
        ({"mindformers": "1.7.0", "mindspore": "2.7.1.post1"}, {}, set()),
        ({"mindformers": "1.0.2", "mindspore": "2.2.13", "python": "3.8"}, {}, {("mindformers-python", "info")}),
        ({"driver": "24.1.0", "firmware": "7.5.0.2.220"}, {"chip": "910b"}, {("driver-firmware-pair", "warning")}),
        ({"driver": "25.2.0", "firmware": "7.7.0.2.220"}, {"chip": "910b"}, {("driver-firmware-pair", "info")}),
        ({"driver": "24.1.rc3", "firmware": "7.1.0.5.220"}, {"chip": "910b"}, {("driver-firmware-pair", "warning")}),
        ({"driver": "23.0.7", "firmware": "7.1.0.11.220"}, {"chip": "910b"}, set()),
        ({"driver": "25.5.1"}, {"chip": "910"}, {("hdk-chip", "warning")}),
        ({"driver": "25.3.rc1"}, {"host_kind": "container"}, {("driver-host-kind", "info")}),
        ({"driver": "25.3.rc1"}, {"os": "Debian 12"}, {("os-support", "warning")}),
        ({"driver": "25.3.rc1"}, {"os": "openEuler 22.03 (LTS-SP4)", "arch": "aarch64"}, set()),
        ({"driver": "25.3.rc1"}, {"os": "Ubuntu 22.04.4 LTS"}, set()),
        ({"driver": "25.3.rc1"}, {"os": {"id": "kylin", "version": "V10"}}, set()),
        ({"driver": "25.3.rc1"}, {"os": "Kylin Linux Advanced Server V10 (Lance)"}, set()),
        ({"driver": "25.3.rc1"}, {"os": "openeuler22.03"}, set()),
        ({"driver": "25.3.rc1"}, {"os": "openEuler 24.03", "arch": "x86_64"}, {("os-support", "warning")}),
        ({"driver": "25.3.rc1"}, {"os": "CULinux", "arch": "x86_64"}, {("os-support", "warning")}),
        ({"driver": "25.3.rc1"}, {"os": "CULinux 3.0", "arch": "x86_64"}, {("os-support", "warning")}),
        ({"driver": "25.3.rc1"}, {"os": "Debian GNU/Linux 10 (buster)"}, set()),
        ({"driver": "25.3.rc1"}, {"os": "ubuntu"}, set()),
        ({"cann": "8.5.0", "cann_flavor": "nnae"}, {}, {("cann-flavor", "warning")}),
        ({"cann": "8.3.RC1", "cann_flavor": "nnae"}, {"chip": "310p"}, {("cann-flavor", "warning")}),
        ({"cann": "8.1.RC1", "python": "3.12"}, {}, {("cann-python", "warning")}),
        ({"mindspore": "2.7.1", "python": "3.11.4"}, {"pythons": ["3.9", "3.11"]}, set()),
        ({"mindspore": "2.7.1", "python": "3.10"}, {"pythons": ["3.9", "3.11"]}, {("python-missing", "error")}),
        ({"mindspore": "2.7.1", "python": "3.10"}, {"pythons": None}, set()),
        ({"model": "llama_7b", "mindformers": "1.2.0", "quantization": "int8", "inference_cards": 8}, {}, set()),
        ({"model": "bert_base_uncased", "mindformers": "1.3.2"}, {}, {("model-mindformers", "warning")}),
        ({"packages": ["setup.sh"]}, {}, {("package-name", "warning")}),
        ({"om_soc": "Ascend310P3", "om_cann": "8.0.0", "cann": "8.0.0"}, {"chip": "310p"}, set()),
        ({"om_soc": "Ascend310P3"}, {}, set()),
        ({"om_cann": "7.0.0", "cann": "8.0.0"}, {"chip": "310p"}, {("om-cann", "info")}),
        ({"opset": 17, "cann": "8.1.RC1"}, {}, {("onnx-opset", "warning")}),
        ({"opset": 17, "cann": "8.3.RC1"}, {}, set()),
        ({"opset": 17, "cann": "8.0.0"}, {}, set()),
        ({"opset": 17, "cann": "9.0.0"}, {}, set()),
        ({"atc_python": "3.11", "cann": "8.2.RC1"}, {}, {("atc-python", "warning")}),
        ({"atc_python": "3.10.13", "atc_numpy": "1.26.4", "cann": "8.1.RC1"}, {}, set()),
        ({"atc_numpy": "2.0.1", "cann": "8.2.RC1"}, {}, set()),
        ({"atc": "here"}, {"chip": "310b"}, {("atc-memory", "warning")}),
        ({"atc": "elsewhere"}, {"chip": "310b"}, set()),
        ({"torch": "2.6.0"}, {"glibc": "2.17"}, set()),
        ({"torch_npu": "2.7.1", "torch": "2.7.1", "cann": "8.3.RC1", "python": "3.11"}, {"glibc": "2.28"}, set()),
        ({"cann": "8.3.RC1", "te": "nnae 8.3.RC1", "cann_wheels_from": "nnae 8.3.rc1"}, {}, set()),
        (
            {"mindspore": "2.7.1", "mindspore_wheel": "mindspore-2.7.1-cp311-none-any.whl", "python": "3.11.4"},
            {"arch": "aarch64"},
            set(),
        ),
    ],
)
def test_what_is_no_error(chosen, host, found):
    assert findings(chosen, host) == found


def test_one_verdict_at_the_desk_and_on_the_host():
    """A pair that the catalog knows is acceptable whatever the driver's own list leaves out, and that is said."""
    chosen = {"cann": "8.2.RC1", "driver": "25.0.rc1.1"}
    driver = {"installed": "25.0.rc1.1", "compatible_cann": ["V100R001C17", "V100R001C21"]}
    assert errors(chosen) == errors(chosen, installed={"driver": driver}) == set(), "published as a pair"
    assert findings(chosen, installed={"driver": driver}) == {("cann-driver", "info")}
    accepts = dict(driver, compatible_cann=["V100R001C17,V100R001C22"])
    assert findings(chosen, installed={"driver": accepts}) == set(), "ranges are read"


def test_either_list_is_enough_and_both_silent_refuse():
    chosen = {"cann": "8.1.RC1", "driver": "24.1.rc2.2"}
    driver = {"installed": "24.1.rc2.2", "compatible_cann": ["V100R001C15"], "innerversion": "V100R001C18SPC001B233"}
    cann = {"version": "8.1.RC1", "innerversion": "V100R001C21SPC001B238", "compatible_version": ["V100R001C18"]}
    assert errors(chosen, installed={"driver": driver, "cann": [cann]}) == set(), "CANN lists the driver"
    silent = dict(cann, compatible_version=["V100R001C19", "V100R001C20"])
    assert errors(chosen, installed={"driver": driver, "cann": [silent]}) == {"cann-driver"}, "nobody lists the other"
    old = dict(driver, installed="23.0.3")
    assert errors(chosen, installed={"driver": old, "cann": [cann]}) == set(), "it is of another driver"


def test_an_unknown_driver_that_declares_itself_is_judged_by_that():
    driver = {"installed": "25.9.9", "compatible_cann": ["V100R001C23"]}
    assert findings({"driver": "25.9.9", "cann": "8.3.RC1"}, installed={"driver": driver}) == {
        ("unknown-version", "info")
    }
    assert errors({"driver": "25.9.9", "cann": "8.0.0"}, installed={"driver": driver}) == {"cann-driver"}


def test_an_unknown_firmware_that_is_installed_may_stay():
    host = {"chip": "910b", "installed": {"driver": "25.3.rc1", "firmware": "7.8.0.2.213"}}
    assert findings({"driver": "25.3.rc1", "firmware": "7.8.0.2.213"}, host) == {
        ("unknown-version", "info"),
        ("driver-firmware-pair", "warning"),  # the range that the driver declares accepts it
    }
    assert findings({"driver": "25.3.rc1", "firmware": "7.8.0.2.213"}) == {
        ("unknown-version", "warning"),
        ("driver-firmware-pair", "warning"),
    }
    assert errors({"driver": "25.3.rc1", "firmware": "7.99.0.2.213"}) == {"unknown-version"}


def test_the_python_a_wheel_requires_is_no_advice():
    assert errors({"mindformers": "2.1.0", "python": "3.9"}) == {"mindformers-python"}
    assert findings({"mindformers": "2.1.0", "python": "3.11"}) == {("mindformers-python", "info")}


def test_ranges_on_the_host_decide_for_mixed_releases():
    chosen = {"driver": "23.0.3", "firmware": "7.1.0.11.220"}
    assert errors(chosen) == {"driver-firmware-pair"}
    installed = {"driver": {"installed": "23.0.3", "compatible_firmware": [["7.0.0", "7.2.99"]]}}
    assert findings(chosen, installed=installed) == {("driver-firmware-pair", "warning")}


def test_one_hdk_release_goes_together_whatever_a_range_says():
    installed = {"driver": {"installed": "25.3.rc1", "compatible_firmware": [["1.0.0", "1.0.99"]]}}
    chosen = {"driver": "25.3.rc1", "firmware": "7.8.0.2.212"}
    (said,) = compat.check(DATA, chosen, {"chip": "910b"}, installed=installed)
    assert said["severity"] == "info" and "1.0.0 to 1.0.99) leaves it out" in said["message"]


def test_unknown_versions_name_the_nearest_and_the_variable():
    (item,) = compat.check(DATA, {"cann": "8.3.RC9"}, {})
    assert "8.3.RC1, 8.3.RC2" in item["message"] and item["variable"] == "ascend_cann_version"


def test_accepted_findings_stay_visible():
    found = compat.check(DATA, {"mindformers": "1.0.2", "mindspore": "2.7.1"}, {}, accept=["mindformers-mindspore"])
    assert [(item["rule"], item["severity"], item["accepted"]) for item in found] == [
        ("mindformers-mindspore", "error", True)
    ]
    assert not compat.blocking(found)


def test_every_rule_of_the_table_exists_and_every_finding_is_listed():
    used = set().union(*(row[3] for row in WRONG))
    assert used <= set(compat.RULES)
    for _name, chosen, host, _rules in WRONG:
        assert {item["rule"] for item in compat.check(DATA, chosen, host)} <= set(compat.RULES)
