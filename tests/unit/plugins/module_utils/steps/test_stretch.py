"""One job of several steps: what it does, what it says of the one that fails, and what it tells while it works."""

from __future__ import annotations

import ast
import inspect
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import percentage
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, stretch
from ansible_collections.ascend.fleet.plugins.modules import stretch as module
from module_args import module_args

COLLECTIONS = Path(__file__).resolve().parents[5] / ".cache" / "collections"
DRIVER = {"step": "driver-install", "module": "run_package", "args": {"component": "driver", "version": "1"}}
TOKEN = "https://user:s3cretword@index.example/simple"


def kind(*answers):
    """A kind of step that gives one answer after the other, and keeps what it was asked."""
    left, asked = list(answers), []

    def run(args, told):
        asked.append((args, told.check_mode))
        said = left.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    return SimpleNamespace(SPEC={}, run=run, asked=asked)


def entry(step, **more):
    return {"step": step, "module": "it", "args": {}, **more}


def carry_out(entries, *answers, **told):
    taken = []
    result = stretch.carry_out(entries, answer.Told(**told), taken.append, {"it": kind(*answers)})
    return result, taken


def test_what_was_done_and_changed_is_told_in_few_words():
    said = (
        {"changed": True, "component": "driver", "before": "24.1.rc3", "after": "25.3.rc1", "log": "/x"},
        {"changed": True, "actions": ["make"]},
        {"changed": False, "inference": {"text": "x"}},
    )
    entries = [
        entry("driver-upgrade"),
        entry("python-install", words="make the environment"),
        entry("inference-verify"),
    ]
    result, taken = carry_out(entries, *said)
    assert result["changed"] and result["steps_done"] == taken == [one["step"] for one in entries]
    assert result["ascend_change"] == "driver 24.1.rc3 -> 25.3.rc1, make the environment"
    assert result["texts"] == {"inference-verify": {"text": "x"}} and "failed" not in result
    assert [row["changed"] for row in result["steps"]] == [True, True, False]


def test_it_ends_with_the_first_that_fails_and_says_what_was_done_before():
    failure = {"failed": True, "msg": "m", "cause": "c", "fix": "f", "log_tail": ["l"], "rc": 1, "changed": True}
    entries = [entry("a"), entry("b"), entry("b"), entry("c")]
    result, taken = carry_out(entries, {"changed": False}, {"changed": True}, failure)
    assert (result["failed"], result["failed_step"], result["msg"]) == (True, "b", "m")
    assert result["steps_done"] == ["a"], "a step is done only with its last entry"
    assert (result["cause"], result["fix"], result["log_tail"], result["rc"]) == ("c", "f", ["l"], 1)
    assert taken == ["a", "b", "b"]


def test_whatever_a_step_ends_with_what_was_done_before_is_told():
    result, _taken = carry_out([entry("a"), entry("b")], {"changed": True}, KeyError("x"))
    assert (result["failed_step"], result["steps_done"], result["changed"]) == ("b", ["a"], True)
    assert "KeyError" in result["msg"] and "Traceback" in result["exception"]


def test_in_check_mode_every_step_foresees():
    it = kind({"changed": True}, {"changed": False})
    stretch.carry_out([entry("a"), entry("b")], answer.Told(check_mode=True), lambda step: None, {"it": it})
    assert [check_mode for _args, check_mode in it.asked] == [True, True]


def test_arguments_are_judged_before_anything_begins():
    entries, secrets = stretch.judged([DRIVER])
    assert entries[0]["args"]["timeout"] == 3600 and entries[0]["args"]["state"] == "present" and not secrets
    with pytest.raises(stretch.Wrong, match=r"driver-install, run_package: .*component"):
        stretch.judged([{**DRIVER, "args": {"component": "engine"}}])
    with pytest.raises(stretch.Wrong, match="zero byte"):
        stretch.judged([{**DRIVER, "args": {"component": "driver", "path": "/a\0b"}}])


def test_every_kind_says_what_it_takes():
    assert set(map(stretch.KINDS.__getitem__, stretch.KINDS)) == set(stretch.KINDS.all())
    for one in stretch.KINDS.all():
        assert callable(one.run) and all(option["type"] for option in one.SPEC.values())


def test_a_token_is_shown_nowhere(capsys, monkeypatch):
    """Neither in the result, nor with the arguments, nor in what a step says."""
    args = {"path": "/opt/x/y", "index_url": TOKEN}
    it = kind({"failed": True, "msg": f"pip said {TOKEN}"})
    known = stretch.KINDS["python_environment"]
    it.SPEC, it.secrets = known.SPEC, known.secrets
    monkeypatch.setattr(stretch, "KINDS", {"python_environment": it})
    monkeypatch.setattr(percentage, "_AT_WORK", {})
    given = [{"step": "python-install", "module": "python_environment", "args": args}]
    with module_args({"entries": given, "_ansible_remote_tmp": "/tmp"}), pytest.raises(SystemExit):
        module.main()
    printed = capsys.readouterr().out
    assert "s3cretword" not in printed
    assert json.loads(printed)["failed_step"] == "python-install" and it.asked[0][0]["index_url"] == TOKEN


def test_the_step_at_work_is_told_with_the_percentage_of_its_installer(tmp_path, monkeypatch):
    job = tmp_path / "j1.2"
    job.write_text(json.dumps({"started": 1, "finished": 0, "ansible_job_id": job.name}))
    monkeypatch.setattr(percentage, "job_path", lambda environ, wrapper: str(job))
    monkeypatch.setattr(percentage, "_AT_WORK", {})
    percentage.take_up("driver-install")
    assert json.loads(job.read_text())["ascend_progress"] == {"step": "driver-install"}
    percentage.Reporter("driver", os.environ).heard("upgradePercentage:40%")
    told = json.loads(job.read_text())["ascend_progress"]
    assert told == {"step": "driver-install", "component": "driver", "percent": 40}
    percentage.take_up("firmware-install")
    assert json.loads(job.read_text())["ascend_progress"] == {"step": "firmware-install"}


@pytest.mark.parametrize(("code", "words"), [("import sys; sys.exit('no libatb.so')", "no libatb.so"), ("", "")])
def test_a_program_that_fails_is_told_with_its_last_words(code, words):
    import sys

    program = stretch.KINDS["program"]
    said = program.run({"argv": [sys.executable, "-c", code], "user": None, "timeout": 60}, answer.Told())
    assert bool(said.get("failed")) == bool(words) and words in said.get("msg", "")


def test_a_program_of_a_user_who_is_not_there():
    said = stretch.KINDS["program"].run({"argv": ["true"], "user": "nobody-of-that-name", "timeout": 60}, answer.Told())
    assert said["failed"] and "nobody-of-that-name" in said["msg"]


def test_all_that_is_read_later_is_sent_along():
    """Ansible looks for imports in the text; what it does not find there is not on the host."""
    inside = ast.parse(textwrap.dedent(inspect.getsource(stretch._Kinds.all)))
    sent = {row.name for node in ast.walk(inside) if isinstance(node, ast.ImportFrom) for row in node.names}
    assert sent == set(dict(stretch.KINDS).values())


def test_only_what_a_job_needs_is_read():
    code = (
        "import sys\n"
        "from ansible_collections.ascend.fleet.plugins.module_utils.steps import stretch\n"
        "entry = {'step': 'a', 'module': 'program', 'args': {'argv': ['true'], 'user': 'root', 'timeout': 60}}\n"
        "stretch.judged([entry])\n"
        "print(sorted(name.rpartition('.')[2] for name in sys.modules if '.steps.' in name))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=COLLECTIONS)
    assert ast.literal_eval(said.stdout) == ["program", "stretch"]
