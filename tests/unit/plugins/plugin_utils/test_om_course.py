# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who converts and proves what: by chip and CANN, once, and in words where it cannot be."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.plugin_utils.handover import course, models

STACK = {"cann": "nnrt 8.3.RC1", "driver": "25.3.rc1"}


def cann(product: str, version: str) -> dict:
    return {"product": product, "version": version, "set_env": "/x/set_env.sh", "latest": True, "path": "/x"}


def host(name: str, chip: str, *rows: dict, models=(), role="inference", proofs=None, **more) -> course.Member:
    facts = {
        "accelerators": {"role": role},
        "npu": {"chips": [{"name": chip}]},
        "cann": list(rows),
        "arch": "x86_64",
        "proofs": {"om": proofs},
    }
    return course.Member(name, facts, STACK, models=tuple(models), **more)


def infer(name="infer", chip="310P3", version="8.3.RC1", wanted=None, **more) -> course.Member:
    return host(name, chip, cann("nnrt", version), models=wanted or [models.tiny()], **more)


def train(name="train", version="8.3.RC1", **more) -> course.Member:
    return host(name, "910B3", cann("toolkit", version), role="training", **more)


def lay_out(*members: course.Member, made=lambda model, soc: None, force=False) -> course.Course:
    return course.lay_out(members, "/models", made, force)


def test_one_om_for_each_chip_and_two_hosts_that_wait_for_it():
    found = lay_out(infer("a"), infer("b"), infer("c", chip="310"), train(environments=["/envs/ms"]))
    assert [(task["name"], task["soc"], task["environment"]) for task in found.convert["train"]] == [
        ("tiny", "Ascend310P3", "/envs/ms"),
        ("tiny", "Ascend310", "/envs/ms"),
    ]
    assert found.prove["b"] == {
        "soc": "Ascend310P3",
        "models": [{"name": "tiny", "om": "/models/tiny-Ascend310P3.om"}],
        "waits": [{"name": "tiny", "by": "train"}],
        "keep": ["tiny"],
        "stack": STACK,
    }
    assert found.lines[-1] == "c: prove tiny on Ascend310"
    assert (found.skipped, found.failed) == ({}, {})


def test_what_was_made_before_is_not_converted_again():
    record = {"cann": "8.1.RC1"}
    found = lay_out(infer(), train(), made=lambda model, soc: (f"/models/{soc}.om", record))
    assert (found.convert, found.prove["infer"]["models"]) == ({}, [{"name": "tiny", "om": "/models/Ascend310P3.om"}])
    newer = lay_out(infer(), train(), made=lambda model, soc: ("/models/x.om", {"cann": "8.5.0"}))
    assert newer.convert["train"][0]["soc"] == "Ascend310P3"


def proof(**changed) -> dict:
    key = models.conversion(models.tiny(), "Ascend310P3", "8.3.RC1")
    entry = {"status": "passed", "stack": STACK, "conversion": key, "soc": "Ascend310P3", "cann": "8.3.RC1"}
    return {"models": {"tiny": {**entry, **changed}}}


def test_what_is_proven_costs_nothing():
    found = lay_out(infer(proofs=proof()), train())
    assert (found.convert, found.prove, found.skipped, found.lines) == ({}, {}, {}, [])
    assert lay_out(infer(proofs=proof()), train(), force=True).prove


@pytest.mark.parametrize(
    "changed", [{"status": "failed"}, {"stack": {}}, {"conversion": "other"}, {"soc": "x"}, {"question": "x"}]
)
def test_what_counts_no_longer_is_proven_again(changed):
    assert "infer" in lay_out(infer(proofs=proof(**changed)), train()).prove


@pytest.mark.parametrize(
    ("compilers", "said"),
    [
        ([], "no host of this run has CANN's toolkit. Give one host ascend_cann_flavor: toolkit"),
        (
            [train(version="8.5.0")],
            "nnrt 8.3.RC1, which runs models of its own release and older ones.*train has 8.5.0",
        ),
        ([train(well=False)], "no host of this run has CANN's toolkit"),
    ],
)
def test_where_nobody_can_convert_the_host_is_skipped(compilers, said):
    found = lay_out(infer(), *compilers)
    assert (found.convert, found.prove, found.failed) == ({}, {}, {})
    assert re.search(said, found.skipped["infer"])


def test_what_somebody_asked_for_fails_where_nobody_can_convert_it(tmp_path):
    mine = models.Model("mine", folder=str(tmp_path), content="0" * 64)
    found = lay_out(infer(wanted=[mine]))
    assert (found.skipped, found.prove) == ({}, {})
    assert found.failed["infer"].startswith("Nobody can convert mine for Ascend310P3")


def test_the_newest_toolkit_that_is_not_newer_converts():
    found = lay_out(infer(), train("old", "8.0.RC3"), train("same"), train("new", "9.0.0"))
    assert list(found.convert) == ["same"]
    itself = host("infer", "310P3", cann("toolkit", "8.3.RC1"), models=[models.tiny()])
    assert list(lay_out(train("a"), itself).convert) == ["infer"]
    assert list(lay_out(train("a", environments=["/envs/ms"]), itself).convert) == ["a"]


def test_hosts_of_several_releases_share_one_om_that_all_of_them_run():
    found = lay_out(infer("new"), infer("old", version="8.1.RC1"), train("a"), train("b", "8.0.0"))
    assert [(host, len(tasks)) for host, tasks in found.convert.items()] == [("b", 1)]
    assert sorted(found.prove) == ["new", "old"]
    found = lay_out(infer("new"), infer("old", version="7.0.0"), train("a"), train("b", "8.0.0"))
    assert (list(found.convert), list(found.prove), list(found.skipped)) == (["a"], ["new"], ["old"])


def test_hosts_that_say_nothing_of_use():
    bare = host("bare", "310P3", models=[models.tiny()])
    nameless = host("nameless", "", cann("nnrt", "8.3.RC1"), models=[models.tiny()])
    evil = infer("evil", chip="../../etc/x")
    found = lay_out(bare, nameless, evil, infer("down", well=False), train())
    assert (found.prove, found.convert) == ({}, {})
    assert found.skipped == {
        "bare": "The host has no CANN that runs models.",
        "nameless": "The host has no chip that npu-smi names.",
        "evil": "The host has no chip that npu-smi names.",
    }
    assert course.soc_names([infer(), infer("b", chip="310"), train(), evil]) == ["Ascend310", "Ascend310P3"]


def om_file(tmp_path: Path, **record) -> Path:
    path = tmp_path / "tiny-Ascend310P3.om"
    path.write_bytes(b"IMOD")
    tiny = models.tiny()
    whole = {"format": 1, "name": "tiny", "soc": "Ascend310P3", "cann": "8.3.RC1"}
    whole["key"] = models.conversion(tiny, "Ascend310P3", "8.3.RC1")
    whole.update(sha256=whole_file.sha256(str(path)))
    Path(f"{path}.json").write_text(json.dumps({**whole, **record}))
    return path


def test_a_finished_om_is_staged_as_it_is(tmp_path):
    path = om_file(tmp_path)
    mine = models.load({"name": "mine", "om": str(path), "tolerance": {"rtol": 0.1}})
    found = lay_out(infer(wanted=[mine]))
    assert found.prove["infer"]["models"] == [{"name": "mine", "om": str(path), "tolerance": {"rtol": 0.1}}]
    with pytest.raises(ValueError, match=r"nowhere\.om: there is no such file on the control node"):
        models.load({"name": "mine", "om": str(tmp_path / "nowhere.om")})
    with pytest.raises(ValueError, match="model_export makes one"):
        models.load({"name": "mine", "exported": str(tmp_path)})
    broken = course.Member("infer", infer().facts, STACK, problem="no such file")
    assert lay_out(broken).failed == {"infer": "no such file"}


@pytest.mark.parametrize("record", [{"soc": "Ascend310"}, {"key": "x"}, {"cann": "8.5.0"}, {"sha256": "0" * 64}])
def test_only_the_very_same_conversion_counts(tmp_path, record):
    path = om_file(tmp_path)
    assert models.made(models.tiny(), str(tmp_path), "Ascend310P3") is not None
    om_file(tmp_path, **record)
    assert models.made(models.tiny(), str(path.parent), "Ascend310P3") is None


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("resnet50", "it takes a mapping"),
        ({"name": "a/b", "om": "x"}, "name is 'a/b'"),
        ({"name": "tiny", "om": "x"}, "tiny is the small model that comes with the collection"),
        ({"name": "a"}, "it takes om .* or exported"),
        ({"name": "a", "om": "x", "exported": "y"}, "and one of them"),
        ({"name": "a", "om": "x", "file": "y"}, "has file: it takes name, om"),
        ({"name": "a", "om": "x", "input": [1]}, "input has to be a mapping"),
        ({"name": "a", "exported": "x", "options": {"model": "y"}}, "options: model is given by the module itself"),
    ],
)
def test_entries_that_are_wrong(entry, said):
    (problem,) = models.problems([entry])
    assert re.search(said, problem), problem
    assert problem.startswith("ascend_om_models, entry 1")


def test_entries_that_are_right():
    right = [{"name": "a", "om": "x"}, {"name": "b", "exported": "y", "options": {"input_shape": "x:1"}}]
    assert models.problems(right) == []
    assert "a is there twice" in models.problems([right[0], right[0]])[0]


def test_a_configuration_of_aipp_counts_by_its_content(tmp_path):
    entry = {"name": "mine", "exported": str(models.TINY), "options": {"insert_op_conf": str(tmp_path / "aipp.cfg")}}
    with pytest.raises(ValueError, match=r"aipp\.cfg: No such file.*insert_op_conf names a file in the exported"):
        models.load(entry)
    keys = set()
    for text in ("aipp_op {}", "aipp_op { input_format: YUV420SP_U8 }"):
        (tmp_path / "aipp.cfg").write_text(text)
        keys.add(models.conversion(models.load(entry), "Ascend310P3", "8.3.RC1"))
    assert len(keys) == 2
