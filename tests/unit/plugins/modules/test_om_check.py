# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OM is run on the chip and compared; what is damaged, for another chip or of a newer CANN is refused in words."""

from __future__ import annotations

import json
import os
import re
import struct
import sys
from pathlib import Path

import om_world
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_run
from ansible_collections.ascend.fleet.plugins.module_utils.proof import user as framework_user
from ansible_collections.ascend.fleet.plugins.module_utils.secure import run_as, safe_folder
from ansible_collections.ascend.fleet.plugins.modules import model_convert, om_check
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args

from tests.model import tiny_onnx

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else"),
    pytest.mark.skipif(not om_world.COMPUTES, reason="fleet.py packages fetches onnxruntime for Python 3.11"),
]
STACK = {"cann": "nnrt 8.3.RC1", "driver": "25.3.rc1"}


@pytest.fixture
def host(place: Path, monkeypatch) -> Path:
    """A host with a 310P3, nnrt 8.3.RC1, and the tiny model compiled for it."""
    monkeypatch.setattr(safe_folder, "TOP", str(place))
    monkeypatch.setattr(framework_user, "DEVICES", str(place / "chip"))
    shown = om_world.chip(place / "chip", count=2)
    given = om_run._environ
    monkeypatch.setattr(
        om_run, "_environ", lambda folder, account, further: {**given(folder, account, further), **shown}
    )
    # This Python and onnxruntime may lie where nobody else can read them.
    monkeypatch.setattr(framework_user, "of_device", lambda wanted, readable: run_as.current())
    om_world.cann(place / "Ascend", "nnrt")
    om_world.environment(place / "env")
    tiny_onnx.write(place / "tiny")
    return place


def run(capsys, module, **given):
    with module_args({"_ansible_remote_tmp": "/tmp", **given}), pytest.raises(SystemExit):
        module.main()
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def converted(capsys, host: Path, soc: str = "Ascend310P3", cann: str = "8.3.RC1", **options: str) -> Path:
    om_world.cann(host / f"toolkit-{cann}", "toolkit", cann)
    made = run(
        capsys,
        model_convert,
        exported=str(host / "tiny"),
        soc_version=soc,
        options=options,
        environment=str(host / "env"),
        install_path=str(host / f"toolkit-{cann}"),
        state_dir=str(host / "state"),
    )
    return Path(made["om"])


def check(capsys, host: Path, om: Path, **changed):
    given = {
        "model": str(om),
        "soc_version": "Ascend310P3",
        "install_path": str(host / "Ascend"),
        "state_dir": str(host / "state"),
        "python": sys.executable,
        "loops": 3,
        "warmup": 1,
        "stack": STACK,
        **changed,
    }
    return run(capsys, om_check, **{name: value for name, value in given.items() if value is not None})


def test_the_chip_answers_as_the_reference(capsys, host):
    om = converted(capsys, host)
    said = check(capsys, host, om)
    assert said.get("om", {}).get("status") == "passed", said
    found = said["om"]
    assert (said["changed"], found["soc"], found["runtime"], found["compared"]) == (
        True,
        "Ascend310P3",
        "nnrt 8.3.RC1",
        True,
    )
    assert found["difference"] < 1e-5 and found["throughput"] > 0
    assert found["latency_ms"]["min"] <= found["latency_ms"]["mean"] <= found["latency_ms"]["max"]
    kept = json.loads((host / "state" / "proofs" / "om.json").read_text())
    assert kept == said["proof"] and (kept["engine"], kept["status"]) == ("acl", "passed")
    again = check(capsys, host, om)
    assert (again["changed"], again["om"]) == (False, found)
    assert check(capsys, host, om, stack={"cann": "nnrt 8.5.0"})["changed"] is True


def test_check_mode_runs_nothing(capsys, host):
    om = converted(capsys, host)
    assert check(capsys, host, om, _ansible_check_mode=True)["changed"] is True
    assert check(capsys, host, host / "nowhere.om", _ansible_check_mode=True)["changed"] is True
    assert not (host / "state" / "proofs").exists()


def refused(capsys, host, om, said, **changed):
    answer = check(capsys, host, om, **changed)
    assert answer.get("failed") and re.search(said, answer["msg"]), answer["msg"]
    assert json.loads((host / "state" / "proofs" / "om.json").read_text())["status"] == "failed"
    return answer


def damaged(om: Path) -> None:
    """Change two weights, as a bad disk would."""
    data = bytearray(om.read_bytes())
    at = data.index(struct.pack("<2f", *tiny_onnx.WEIGHTS["conv.weight"][1][:2]))
    data[at : at + 8] = struct.pack("<2f", 3.0, -3.0)
    om.write_bytes(data)


def test_a_damaged_om_is_refused(capsys, host):
    om = converted(capsys, host)
    damaged(om)
    refused(capsys, host, om, "is damaged or another file: its SHA-256 is .*Remove it and run again")


def test_a_damaged_om_whose_record_knows_nothing_of_it_answers_wrongly(capsys, host):
    om = converted(capsys, host)
    damaged(om)
    record = json.loads(Path(f"{om}.json").read_text())
    Path(f"{om}.json").write_text(json.dumps({**record, "sha256": whole_file.sha256(str(om))}))
    refused(capsys, host, om, r"computes something else: output probabilities is not the reference's: number \d is")


@pytest.mark.parametrize(
    ("soc", "cann", "said"),
    [
        ("Ascend310", "8.3.RC1", "compiled for Ascend310, and this host has Ascend310P3. Convert"),
        ("Ascend310P3", "8.5.0", r"compiled with CANN 8\.5\.0, and this host has CANN 8\.3\.RC1.*ascend_cann_version"),
    ],
)
def test_an_om_that_is_not_for_this_host(capsys, host, soc, cann, said):
    om = converted(capsys, host, soc, cann)
    refused(capsys, host, om, said)


@pytest.mark.parametrize(
    ("soc", "cann", "said"),
    [
        ("Ascend310", "8.3.RC1", "load: mdl.load_from_file returned 507008.*another chip than this host's Ascend310P3"),
        ("Ascend310P3", "8.5.0", "load: mdl.load_from_file returned 500002.*compiled with a newer CANN"),
    ],
)
def test_without_a_record_acl_says_it(capsys, host, soc, cann, said):
    om = converted(capsys, host, soc, cann)
    Path(f"{om}.json").unlink()
    refused(capsys, host, om, said, soc_version=None)


def test_a_users_model_without_a_record(capsys, host):
    om = converted(capsys, host)
    Path(f"{om}.json").unlink()
    mine = host / "mine.om"
    om.rename(mine)
    found = check(capsys, host, mine)
    assert (found["name"], found["om"]["status"], found["om"]["compared"]) == ("mine", "passed", False)
    answer = {"probabilities": tiny_onnx.answer(tiny_onnx.image())}
    found = check(capsys, host, mine, input={"image": tiny_onnx.image()}, output=answer)
    assert (found["changed"], found["om"]["compared"]) == (True, True)
    refused(capsys, host, mine, "is not the reference's", input={"image": tiny_onnx.image()[::-1]}, output=answer)
    refused(capsys, host, mine, "input image has 256 bytes, and the reference has 4", input={"image": [1.0]})


def test_chips_that_are_not_there(capsys, host):
    om = converted(capsys, host)
    refused(capsys, host, om, "rt.set_device returned 107001.*om_check_device_id", device_id=7)
    (host / "chip" / "chips.tsv").unlink()
    refused(capsys, host, om, "rt.set_device returned 207004.*driver is not loaded", force=True)


def test_sizes_that_are_chosen_later(capsys, host):
    om = converted(capsys, host, input_shape="image:-1,1,8,8", dynamic_batch_size="1,2")
    refused(capsys, host, om, "load: ValueError: the model has sizes that are chosen at each run.*fixed sizes")


def test_no_cann(capsys, host):
    om = converted(capsys, host)
    refused(capsys, host, om, "There is no CANN in /nowhere that runs a model", install_path="/nowhere")


def test_models_that_are_no_longer_wanted_leave_the_proof(capsys, host):
    om = converted(capsys, host)
    check(capsys, host, om, name="good")
    check(capsys, host, om, name="bad", input={"image": [1.0]})
    assert sorted(check(capsys, host, om, keep=["tiny"])["proof"]["models"]) == ["good", "tiny"]


def test_what_is_no_number_is_refused(capsys, host):
    om = converted(capsys, host)
    assert "input: image has to be numbers" in check(capsys, host, om, input={"image": "zero"})["msg"]
