"""The questions users ask most, asked as the documentation says, and the words of the answers."""

import pytest
from ansible_collections.ascend.fleet.plugins.action import compat_check, resolve
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.input import InputError


def ask(chip="910b", arch="aarch64", **pins):
    host = {"chip": chip, "arch": arch, "host_kind": "physical"}
    result = resolve.ActionModule.act(None, {"pins": pins, "host": host, "show": False}, {})
    text = "\n".join(result.get("ascend_lines") or result["lines"])
    return result, text


def judge(versions, **host):
    result = compat_check.ActionModule.act(None, {"versions": versions, "host": host, "report_only": True}, {})
    return result, " ".join(item["message"] for item in result["findings"])


def chosen(result):
    return {name: entry["version"] for name, entry in result["stack"].items() if entry and "version" in entry}


def test_1_which_cann_goes_with_my_torch_npu():
    result, text = ask(torch_npu="2.7.1")
    assert chosen(result)["cann"] == "8.3.RC1" and chosen(result)["driver"] == "25.3.rc1"
    assert "mindspore" not in chosen(result) and result["with"] == {"torch_npu": "2.7.1", "torch": "2.7.1"}
    assert "torch_npu 2.7.1 is made for CANN 8.3.RC1" in text
    for line in ("torch==2.7.1", "torch-npu==2.7.1", "numpy==1.26.2", "Python 3.9 to 3.13", "NNAL 8.3.RC1: needed"):
        assert line in text
    assert result["stack"]["cann"]["flavor"] == "toolkit"


def test_1_which_torch_npu_goes_with_my_cann():
    _result, text = ask(cann="8.5.0")
    assert "what goes with CANN 8.5.0" in text
    assert "torch 2.9.0 with torch_npu 2.9.0, 2.8.0 with torch_npu 2.8.0.post2" in text
    assert "MindSpore 2.7.2" in text and "vLLM Ascend 0.15.0rc1" in text and "MindIE 2.3.0" in text


def test_1_a_torch_alone():
    result, _text = ask(torch="2.10.0+cpu")
    assert chosen(result)["cann"] == "9.1.0" and result["with"]["torch_npu"] == "2.10.0.post4"


def test_1_a_torch_npu_whose_cann_no_document_names():
    result, text = ask(torch_npu="2.14.0")
    assert result["failed"] and "no source names the CANN release of torch_npu 2.14.0: set ascend_cann_version" in text
    result, _text = ask(torch_npu="2.14.0", cann="9.2.0", driver="26.2.0")
    assert chosen(result)["cann"] == "9.2.0" and result["with"]["torch"] == "2.14.0"


@pytest.mark.parametrize(
    ("driver", "cann", "good"),
    [("26.1.1", "9.1.1", True), ("25.2.2", "9.0.0", True), ("24.1.0.3", "8.2.RC1", True), ("24.1.0", "8.3.RC2", False)],
)
def test_2_does_this_image_run_on_my_driver(driver, cann, good):
    result, text = judge({"driver": driver, "cann": cann}, chip="910b", host_kind="container")
    assert result["compatible"] is good
    assert good or "CANN 8.3.RC2 does not run on driver 24.1.X. Set ascend_driver_version to" in text


@pytest.mark.parametrize(
    ("versions", "chip", "words"),
    [
        ({"cann": "8.3.RC1"}, "950", "supported from CANN 9.0.0 on"),
        ({"torch_npu": "2.7.1"}, "310P3", "this family only infers"),
        ({"vllm_ascend": "0.18.0"}, "910A", "its makers support A2 and A3"),
        ({"vllm_ascend": "0.18.0"}, "310B4", "not supported and not planned"),
        ({"mindspore": "2.7.1"}, "310", "this family only infers"),
    ],
)
def test_3_is_my_card_supported(versions, chip, words):
    assert words in judge(versions, chip=chip)[1]


def test_3_the_names_of_cards():
    for said in ("910B", "Ascend910"):
        with pytest.raises(InputError, match="means two things"):
            judge({"cann": "8.3.RC1"}, chip=said)
    for said in ("910C", "910C1", "A3", "Atlas 900 A3", "Ascend910_9382"):
        assert judge({"packages": ["Atlas-A3-hdk-npu-firmware_7.8.0.2.212.run"]}, chip=said)[0]["findings"] == []


def test_4_what_do_i_need_for_vllm_ascend():
    result, text = ask(vllm_ascend="0.23.0", arch="x86_64")
    assert chosen(result)["cann"] == "9.1.0"
    for line in ("vllm==0.23.0", "vllm-ascend==0.23.0", "torch==2.10.0", "torch-npu==2.10.0.post4"):
        assert line in text
    for line in ("triton-ascend==3.2.2", "Python 3.10 to 3.12", "NNAL 9.1.0: needed", "download.pytorch.org/whl/cpu"):
        assert line in text
    assert "Ascend-cann-nnal_9.1.0_linux-x86_64.run" in text
    assert "a build that PyPI does not have" in ask(vllm_ascend="0.18.0")[1]
    result, text = ask(mindie="2.1.RC1")
    assert chosen(result)["cann"] == "8.2.RC1" and "NNAL 8.2.RC1" in text


def test_5_libatb_and_nnal():
    result, text = judge({"nnal": "8.2.RC1", "cann": "8.3.RC1"})
    assert not result["compatible"] and "libatb.so otherwise lacks symbols). Install NNAL 8.3.RC1." in text
    assert judge({"nnal": "8.3.RC1", "cann": "8.3.RC1"})[0]["compatible"]
    result, _text = ask(nnal="8.3.RC1")
    assert chosen(result)["cann"] == "8.3.RC1" and result["stack"]["cann"]["flavor"] == "toolkit"
    assert not judge({"vllm_ascend": "0.11.0", "cann": "nnae 8.3.RC2"})[0]["compatible"], "engines need the toolkit"


def test_8_which_mindspore_goes_with_my_cann():
    result, text = ask(mindspore="2.10.0", driver="26.1.0")
    assert chosen(result)["cann"] == "9.1.0"
    assert "MindSpore 2.7.1" in ask(cann="8.3.RC1")[1]
    assert "[cann-driver]" not in text


def test_9_kernels_of_another_chip():
    _result, text = judge({"packages": ["Ascend-cann-kernels-910b_8.0.RC2_linux.run"]}, chip="Ascend910B")
    assert "is for chip 910b, this host has 910" in text


def test_10_i_have_a_driver_and_cannot_change_it():
    result, text = ask(driver="24.1.rc3")
    assert chosen(result)["driver"] == "24.1.rc3" and chosen(result)["cann"] == "8.2.RC1"
    assert "driver 24.1.rc3 stays: what may be installed on it (chip 910b)" in text
    by_name = {item["cann"]: item for item in result["canns"]}
    assert {"8.2.RC1", "8.0.RC3"} <= set(by_name) and not {"8.3.RC1", "9.0.0"} & set(by_name)
    assert by_name["8.2.RC1"]["status"] == "published" and by_name["8.2.RC1"]["doubt"] == ""
    assert "2.6.0 with torch_npu 2.6.0" in by_name["8.2.RC1"]["torch"]
    # The same with what the driver declares on that host.
    declared = {"installed": "24.1.rc3", "compatible_cann": [f"V100R001C{number}" for number in (13, 15, 17, 18, 19)]}
    host = {"chip": "910b", "arch": "aarch64", "host_kind": "physical", "installed": {"driver": declared}}
    there = resolve.ActionModule.act(None, {"pins": {"driver": "24.1.rc3"}, "host": host, "show": False}, {})
    assert chosen(there)["cann"] == "8.2.RC1"
    assert [item["cann"] for item in there["canns"]] == [item["cann"] for item in result["canns"]]


def test_10_a_container_on_a_driver_that_cannot_be_changed():
    host = {"chip": "910b", "arch": "aarch64", "host_kind": "container"}
    result = resolve.ActionModule.act(None, {"pins": {"driver": "24.1.rc3"}, "host": host, "show": False}, {})
    assert chosen(result)["cann"] == "8.2.RC1" and result["stack"]["driver"] is None
    assert "8.2.RC1" in [item["cann"] for item in result["canns"]]


def test_10_a_driver_that_runs_nothing_known():
    result, text = ask(driver="25.1.rc1", chip="950")
    assert result["canns"] == [] or chosen(result)["driver"] == "25.1.rc1"
    assert "25.1.rc1" in text


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ascend_torch_npu_verion": "2.7.1"}, "did you mean ascend_torch_npu_version?"),
        ({"ascend_cann": "8.5.0"}, "ascend_cann is no variable of ascend.fleet; did you mean ascend_cann_"),
        ({"ascend_xyz": "1"}, "ascend_xyz is no variable of ascend.fleet"),
    ],
)
def test_a_variable_nobody_reads_is_refused(variables, words):
    with pytest.raises(InputError, match=words):
        resolve.ActionModule.act(
            None, {"pins": {"cann": "8.5.0"}, "host": {"chip": "910b", "arch": "aarch64"}}, variables
        )


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        ({"torch_npu": "2.7.9"}, "ascend_torch_npu_version 2.7.9 is not in the catalog; nearest known"),
        ({"vllm_ascend": "0.99"}, "ascend_vllm_ascend_version 0.99 is not in the catalog"),
        (
            {"torch": "2.7.1", "torch_npu": "2.6.0"},
            "torch_npu 2.6.0 requires torch 2.6.0, not 2.7.1",
        ),
        ({"mindie": "3.0.0", "cann": "8.2.RC1"}, "MindIE 3.0.0 is made for CANN 8.5.1; 8.2.RC1 is older"),
    ],
)
def test_what_cannot_be_answered_says_why(pins, words):
    assert words in ask(**pins)[1]
