"""The modules that run a framework say as whom it ran, keep the proof, and end in words."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.proof import user as framework_user
from ansible_collections.ascend.fleet.plugins.modules import framework_check, text_generation
from ansible_collections.ascend.fleet.tests.unit.module_args import module_args

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
RESULT = {"ok": True, "stage": "generate", "text": "I love Beijing, because of it", "losses": [5.0, 1.0]}
PYTHON = f"echo '{json.dumps(RESULT)}' >\"$3\"; echo last words"


@pytest.fixture()
def place(monkeypatch):
    folder = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    folder.chmod(0o755)
    (folder / "env" / "bin").mkdir(parents=True)
    (folder / "model").mkdir()
    (folder / "model" / "gpt2.ckpt").write_text("")
    for name, body in (("ascend-run", 'exec "$@"'), ("python", PYTHON)):
        (folder / "env" / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / "env" / "bin" / name).chmod(0o755)
    monkeypatch.setattr(framework_user, "DEVICES", str(folder / "dev"))
    yield folder
    shutil.rmtree(folder)


def run(capsys, module, place, **arguments):
    given = {
        "environment": str(place / "env"),
        "state_dir": str(place / "state"),
        "device_target": "CPU",
        "_ansible_remote_tmp": "/tmp",
        **arguments,
    }
    if module is text_generation:
        given.update(model="gpt2", model_dir=str(place / "model"))
    with module_args(given), pytest.raises(SystemExit):
        module.main()
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_a_text_is_generated_by_an_ordinary_user(capsys, place):
    result = run(capsys, text_generation, place)
    assert (result["ran_as"], result["inference"]["status"], result["changed"]) == ("nobody", "passed", True)
    kept = json.loads((place / "state" / "proofs" / "inference.json").read_text())
    assert kept == result["inference"]
    assert (place / "state" / "proofs" / "inference.json").stat().st_uid == 0
    assert run(capsys, text_generation, place)["changed"] is False


def test_a_further_frameworks_proof_is_beside_the_first(capsys, place):
    run(capsys, text_generation, place, framework="torch", engine="mindformers-pipeline")
    assert sorted(os.listdir(place / "state" / "proofs")) == ["inference-torch.json"]


@pytest.mark.parametrize(("task", "shown"), [("installation", "text"), ("training", "losses")])
def test_a_check_runs_as_an_ordinary_user(capsys, place, task, shown):
    result = run(capsys, framework_check, place, task=task)
    assert result["ran_as"] == "nobody" and result["check"][shown] == RESULT[shown]


@pytest.mark.parametrize("module", [text_generation, framework_check])
def test_root_is_told(capsys, place, module, monkeypatch):
    warned = []
    monkeypatch.setattr(module.AnsibleModule, "warn", lambda self, text: warned.append(text))
    assert run(capsys, module, place)["ran_as"] == "nobody" and warned == []
    (place / "env").chmod(0o700)
    result = run(capsys, module, place, **({"force": True} if module is text_generation else {}))
    assert result["ran_as"] == "root" and "ran as root: nobody but root may read" in warned[0]


@pytest.mark.parametrize("module", [text_generation, framework_check])
def test_a_failure_says_whose_it_was(capsys, place, module):
    (place / "env" / "bin" / "python").write_text("#!/bin/sh\necho last words; exit 3\n")
    result = run(capsys, module, place)
    assert (result["failed"], result["ran_as"], result["log_tail"]) == (True, "nobody", "last words")


def test_a_model_of_roots_alone_is_named(capsys, place):
    (place / "model").chmod(0o700)
    result = run(capsys, text_generation, place)
    assert result["failed"] and "nobody may not read" in result["msg"] and "inference_check_model_root" in result["msg"]


def test_a_folder_of_models_that_is_described(capsys, place):
    (place / "model" / "gpt2.yaml").write_text("")
    assert run(capsys, text_generation, place)["ran_as"] == "nobody"
