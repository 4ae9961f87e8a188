# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is handed on of a host's answer: documented keys, in documented types, of a bounded size."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import limits as answer
from ansible_collections.ascend.fleet.plugins.plugin_utils.answer import observed

FORGED = {
    "ascend_artifacts": "/root/.ssh",
    "ansible_facts": {"ascend_artifacts": "/root/.ssh"},
    "add_host": {"host_name": "x"},
    "ansible_async_dir": "/x",
    "_ansible_no_log": False,
    "ascend_lines": ["all is well"],
    "invocation": {"module_args": {"component": "x"}},
    "results": [],
}
HOST_MODULES = (
    "artifact",
    "async_wait",
    "doctor_probe",
    "framework_check",
    "npu_smi_info",
    "python_environment",
    "run_package",
    "text_generation",
)


def said_of(facts):
    return {"changed": False, "ansible_facts": {"ascend": facts}}


@pytest.mark.parametrize("module", HOST_MODULES)
def test_only_documented_keys_pass(module):
    keys = set(answer.documented(module))
    assert keys and not keys & set(FORGED)
    honest = {**dict.fromkeys(keys, "x"), "changed": True, "failed": False, "msg": "done", "rc": 0}
    passed = answer.limited({**honest, **FORGED}, [module])
    assert set(passed) == set(honest)


def test_host_facts_has_no_key_but_the_one_that_is_checked():
    assert answer.limited({**said_of({}), **FORGED, "hostname": "x"}, ["host_facts"]) == {"changed": False}


def test_keys_of_a_job_only_where_there_is_one():
    job = {"ansible_job_id": "j1", "started": 1, "finished": 0, "results_file": "/x", "changed": True}
    assert answer.limited(job, ["run_package"], asynchronous=True) == job
    assert answer.limited(job, ["run_package"]) == {"changed": True}


def test_words_go_without_what_acts_on_a_terminal_and_data_stays_as_it_is():
    evil = "a\x1b]0;t\x07\u202eb"
    passed = answer.limited(
        {
            "msg": evil,
            "cause": evil,
            "log_tail": [evil],
            "warnings": [evil],
            "diff": {"before": evil},
            "before": evil,
            "exception": evil,
            "module_stdout": evil,
        },
        ["run_package"],
    )
    assert passed.pop("before") == evil
    assert passed == {
        "msg": "a]0;tb",
        "cause": "a]0;tb",
        "log_tail": ["a]0;tb"],
        "warnings": ["a]0;tb"],
        "diff": {"before": "a]0;tb"},
        "exception": "a]0;tb",
        "module_stdout": "a]0;tb",
    }


def test_a_text_that_no_file_can_hold():
    passed = answer.limited({"before": "a\ud800", "busy": [{"user": "\udfff"}]}, ["run_package"])
    json.dumps(passed, ensure_ascii=False).encode()


def deep(levels):
    value = []
    for _level in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        deep(100_000),
        ["x"] * (answer.MAX_ITEMS + 1),
        "x" * (answer.MAX_CHARACTERS + 1),
        {"x" * (answer.MAX_CHARACTERS + 1): 1},
    ],
    ids=["deep", "many", "long", "long key"],
)
def test_what_is_too_much(value):
    with pytest.raises(answer.AnswerError, match="larger than any"):
        answer.limited({"packages": value}, ["python_environment"])


def test_a_sound_observation_passes_whole(facts):
    assert observed.facts(said_of(facts)) == facts


def places(value, path=()):
    """Every place in data that has a documented type, one row per list."""
    if isinstance(value, dict):
        for key in value:
            yield (*path, key)
            yield from places(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def documented(path):
    """The documentation of a place, None where it has none."""
    docs = observed.shape()
    doc = None
    for key in path:
        if key == 0:
            doc = {"type": doc["elements"], "contains": doc.get("contains", {})}
        elif key not in docs:
            return None
        else:
            doc = docs[key]
        docs = doc.get("contains", {})
    return doc


def test_a_wrong_type_anywhere_is_a_sentence(facts):
    """Each documented value replaced by each other type."""
    others = {"str": 7, "int": "7", "float": "7", "bool": "yes", "list": "a, b", "dict": "{}"}
    tried = 0
    for path in places(facts):
        doc = documented(path)
        if doc is None:
            continue
        forged = copy.deepcopy(facts)
        place = forged
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = others[doc["type"]]
        with pytest.raises(answer.AnswerError, match="must be a"):
            observed.facts(said_of(forged))
        tried += 1
    assert tried > 100


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("arch", "../../root"),
        ("arch", "x86_64/../.."),
        ("arch", ""),
        ("host_kind", "vm; id"),
        ("glibc", "2.34 || true"),
        ("os.family", "../apt"),
        ("os.package_manager", "copy"),
        ("kernel.release", "5.10/../x"),
        ("kernel.release", "5.10\n--allow"),
    ],
)
def test_words_that_choose_files_and_modules(facts, path, value):
    place = facts
    *folders, last = path.split(".")
    for key in folders:
        place = place[key]
    place[last] = value
    with pytest.raises(answer.AnswerError, match="which is no such thing"):
        observed.facts(said_of(facts))


@pytest.mark.parametrize("said", [{}, {"ansible_facts": []}, {"ansible_facts": {"ascend": "x"}}, {"ansible_facts": {}}])
def test_no_observation(said):
    with pytest.raises(answer.AnswerError, match="no observation"):
        observed.facts(said)
