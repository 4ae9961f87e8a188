"""A started command ends once, whoever asks: its code, its output alone, what it left, nothing of it left running."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time

import pytest

from tests.support import playbook
from tests.support.paths import BIN, COLLECTIONS, ROOT
from tests.support.playbook import Run, Running

RECAP = """
PLAY RECAP ****
npu-1                      : ok=4    changed=2    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0
npu-10                     : ok=3    changed=0    unreachable=1    failed=0    skipped=1    rescued=0    ignored=0
"""


def python(code: str, **details) -> Running:
    return Running([sys.executable, "-c", code], dict(os.environ), **details)


def test_output_goes_behind_what_is_there_and_is_told_apart(tmp_path):
    log = tmp_path / "log"
    log.write_text("of another run\n")
    run = python("import sys; print('here'); print('there', file=sys.stderr); sys.exit(3)", log=log).wait(60)
    assert (run.code, run.ok) == (3, False)
    assert sorted(run.text.split()) == ["here", "there"]
    assert log.read_text().startswith("of another run\n")
    assert run.seconds > 0 and run.cpu > 0


def test_what_it_left_is_its_own(tmp_path):
    record, report = tmp_path / "record", tmp_path / "report"
    for path in (record, report):
        path.write_text('{"of": "another run"}')
    code = f"open({str(record)!r}, 'w').write({json.dumps({'changed': 1})!r})"
    run = python(code, log=tmp_path / "log", record=record, report=report).wait(60)
    assert (run.record, run.report) == ({"changed": 1}, {})


def test_one_that_does_not_end_is_killed_with_all_it_started(tmp_path):
    code = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True); import time; time.sleep(600)"
    run = python(code, log=tmp_path / "log").wait(5)
    assert run.code == 124
    child, until = int(run.text), time.monotonic() + 10
    while _runs(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_may_wait_while_a_third_kills(tmp_path):
    running = python("import time; time.sleep(600)", log=tmp_path / "log")
    ended: list[Run] = []
    waiting = [threading.Thread(target=lambda: ended.append(running.wait())) for _ in range(2)]
    for thread in waiting:
        thread.start()
    assert running.poll() is None
    running.kill()
    for thread in waiting:
        thread.join(30)
    assert [run.code for run in ended] == [-signal.SIGKILL] * 2
    assert running.poll() == -signal.SIGKILL
    running.kill()
    assert ended[0].words("npu-1") == "ended by signal 9"


def test_the_recap_is_read_host_by_host():
    run = Run(0, RECAP, 1.0)
    assert run.recap("npu-1")["changed"] == 2 and run.recap("npu-10")["unreachable"] == 1
    assert run.recap("npu") == {}
    assert (run.words("npu-1"), run.words("npu")) == ("ok, changed=2", "ok, changed=-1")


def test_statuses_are_those_of_the_report():
    run = Run(2, "", 1.0, report={"hosts": [{"name": "a", "status": "failed"}, {"name": "b", "status": "converged"}]})
    assert run.statuses() == {"a": "failed", "b": "converged"}
    assert run.host("b")["status"] == "converged" and run.words("a") == "failed"


@pytest.mark.parametrize("name", ["ANSIBLE_FORKS", "ANSIBLE_STDOUT_CALLBACK", "PYTHONPATH", "FORCE_COLOR", "PY_COLORS"])
def test_what_the_caller_has_set_changes_no_run(monkeypatch, name):
    monkeypatch.setenv(name, "theirs")
    found = playbook.environment(ANSIBLE_TIMEOUT="9")
    assert found.get(name) != "theirs"
    assert found["ANSIBLE_CONFIG"] == str(ROOT / "ansible.cfg") and found["ANSIBLE_TIMEOUT"] == "9"
    assert found["ANSIBLE_COLLECTIONS_PATH"] == str(COLLECTIONS) and found["PATH"].startswith(f"{BIN}:")
