"""When a proof counts, and what a failed run is told to mean."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.proof import causes, proofs
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process as framework_process

WANTED = {
    "engine": "mindformers-pipeline",
    "model": "gpt2",
    "prompt": "I love Beijing, because",
    "top_k": 3,
    "do_sample": False,
    "max_length": 20,
    "device_target": "CPU",
    "expected": None,
    "expected_pattern": None,
    "stack": {"mindspore": "2.7.1"},
}
TEXT = "I love Beijing, because it's so beautiful"


def test_a_proof_counts_for_the_same_stack_and_the_same_question_only():
    proof = proofs.inference(WANTED, {"text": TEXT}, None, now=0)
    assert proof["status"] == "passed" and proof["time"] == "1970-01-01T00:00:00Z"
    assert proofs.holds(proof, WANTED)
    assert not proofs.holds(proof, {**WANTED, "stack": {"mindspore": "2.8.0"}})
    assert not proofs.holds(proof, {**WANTED, "prompt": "Hello"})
    assert not proofs.holds(proof, {**WANTED, "device_target": "Ascend"})
    assert not proofs.holds(proofs.inference(WANTED, {"text": TEXT}, "wrong"), WANTED)
    assert not proofs.holds(None, WANTED)


@pytest.mark.parametrize(
    ("text", "changes", "reason"),
    [
        (TEXT, {}, None),
        (TEXT, {"expected": TEXT + "\n"}, None),
        (TEXT, {"expected": TEXT + "!"}, "expected was"),
        (TEXT, {"expected_pattern": "beaut"}, None),
        (TEXT, {"expected_pattern": "ugly"}, "does not match"),
        ("I love Beijing, because", {}, "Nothing was generated"),
        ("something else", {}, "Nothing was generated"),
    ],
)
def test_texts_are_judged(text, changes, reason):
    found = proofs.judge(text, {**WANTED, **changes})
    assert (found is None) if reason is None else reason in found


def test_an_expectation_that_cannot_be_met_is_refused():
    with pytest.raises(ValueError, match=r"not a regular expression"):
        proofs.check_expectation({**WANTED, "expected_pattern": "("})
    with pytest.raises(ValueError, match=r"does not begin with the prompt"):
        proofs.check_expectation({**WANTED, "expected": "Hello"})


def test_a_described_folder_is_loaded_by_path_and_a_bare_one_by_name():
    assert proofs.model_links("gpt2", "/m", ["gpt2.ckpt", "gpt2.yaml", "vocab.json"]) == {}
    assert proofs.model_links("gpt2", "/m", ["gpt2.ckpt", "vocab.json"]) == {
        "checkpoint_download/gpt2/gpt2.ckpt": "/m/gpt2.ckpt",
        "checkpoint_download/gpt2/vocab.json": "/m/vocab.json",
    }
    assert list(proofs.model_links("glm_6b_chat", "/m", ["glm_6b_chat.ckpt"])) == [
        "checkpoint_download/glm/glm_6b_chat.ckpt"
    ]


@pytest.mark.parametrize("names", [[], ["vocab.json"], ["other.ckpt"]])
def test_missing_weights_are_named(names):
    with pytest.raises(ValueError, match=r"ckpt"):
        proofs.model_links("gpt2", "/m", names)


def test_losses():
    assert proofs.judge_losses([5.0, 4.0, 2.0], 0.5) is None
    assert "went from" in proofs.judge_losses([5.0, 4.9], 0.5)
    assert "not a number" in proofs.judge_losses([5.0, float("nan")], 0.5)


def test_proofs_are_read_back_and_damage_is_no_proof(tmp_path):
    path = tmp_path / "proofs" / "inference.json"
    proof = proofs.inference(WANTED, {"text": TEXT}, None)
    proofs.write(str(path), proof)
    assert proofs.read(str(path)) == proof
    assert path.stat().st_mode & 0o777 == 0o644
    path.write_text(path.read_text()[:40])
    assert proofs.read(str(path)) is None
    assert proofs.read(str(tmp_path / "none")) is None


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("ModuleNotFoundError: No module named 'te'", "Run the role mindspore"),
        ("No module named 'jieba'", "mindformers_extra_packages"),
        ("ImportError: libascend_hal.so: cannot open shared object file", "driver's libraries"),
        ("ImportError: libge_runner.so: cannot open shared object file: No such file", "CANN is missing"),
        ("[json.exception.parse_error.101] parse error at line 1, last read: 'T'", "another CANN"),
        ("Malloc device memory failed, size 1024", "no memory left"),
        ("all is well", None),
    ],
)
def test_known_failures_are_explained(said, meaning):
    found = causes.explain(said)
    assert (found is None) if meaning is None else meaning in found


def test_hbm_is_that_of_the_run_or_of_the_busiest_chip():
    info = {
        "processes": [{"pid": 7, "memory_mb": 300}, {"pid": 8, "memory_mb": 20}, {"pid": 9, "memory_mb": 5}],
        "chips": [{"hbm_used_mb": 1000}, {"hbm_used_mb": 400}, {"hbm_used_mb": None}],
    }
    assert framework_process.hbm_of(info, 7, {8}) == 320
    assert framework_process.hbm_of({**info, "processes": []}, 7, set()) == 1000
    assert framework_process.hbm_of({"processes": [], "chips": []}, 7, set()) is None


@pytest.fixture()
def environment(tmp_path):
    """A folder that looks like a managed environment, and frameworks that only say what they were asked."""
    folder = tmp_path / "env"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    run = folder / "bin" / "ascend-run"
    run.write_text('#!/bin/sh\nexec "$@"\n')
    run.chmod(0o755)
    return folder


def _run(environment: Path, tmp_path: Path, frameworks: str, timeout: float = 30) -> dict:
    site = tmp_path / "site"
    site.mkdir()
    (site / "mindspore.py").write_text(frameworks)
    wanted = {"environment": str(environment), "device_target": "CPU", "device_id": 0, "timeout": timeout}
    return framework_process.run(wanted, {"task": "check"}, environ={"PYTHONPATH": str(site)})


FRAMEWORK = """
__version__ = "9"
GRAPH_MODE = 0
def set_context(**options): pass
def get_context(name): return "CPU"
"""


def test_a_check_that_says_success_passes(environment, tmp_path):
    outcome = _run(environment, tmp_path, FRAMEWORK + "def run_check(): print('installed successfully!')\n")
    assert outcome["mindspore"] == "9" and outcome["text"] == "installed successfully!"


def test_a_check_that_says_nothing_fails(environment, tmp_path):
    with pytest.raises(framework_process.Failure, match=r"stage check.*did not say that it succeeded"):
        _run(environment, tmp_path, FRAMEWORK + "def run_check(): pass\n")


def test_an_import_error_is_explained(environment, tmp_path):
    with pytest.raises(framework_process.Failure, match=r"stage import.*CANN's wheel te is not in the environment"):
        _run(environment, tmp_path, "import te\n")


def test_a_run_that_hangs_is_ended_with_all_it_started(environment, tmp_path):
    hang = "import subprocess, time\nsubprocess.Popen(['sleep', '41.5'])\ntime.sleep(41.5)\n"
    with pytest.raises(framework_process.Failure, match=r"ended after 1 s in stage import"):
        _run(environment, tmp_path, hang, timeout=1)
    left = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert not [line for line in left if b"sleep\x0041.5" in line]


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_a_crash_without_a_result_says_so(environment, tmp_path):
    with pytest.raises(framework_process.Failure, match=r"no result \(rc -6 in stage import\)"):
        _run(environment, tmp_path, "import os\nos.abort()\n")
