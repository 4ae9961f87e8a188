"""A job that leaves the process that started it, in real processes: its record, its end, its deaths."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import detached, job

COLLECTIONS = Path(__file__).resolve().parents[5] / ".cache" / "collections"
START = """
import json, os, sys, time
from ansible_collections.ascend.fleet.plugins.module_utils.change import detached, percentage
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
safe_folder.TOP = {folder!r}.rpartition("/async")[0]
detached.leave({limit}, {folder!r}, {name!r}, {look})
{work}
"""


class Started:
    """What was told when it started, and its record."""

    def __init__(self, folder, work, limit=30, look=0):
        code = START.format(limit=limit, folder=str(folder), work=work, name="j77.1" if look else None, look=look)
        began = time.monotonic()
        # With its pipes: who started it over SSH has them open, and waits for their end.
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=True, cwd=COLLECTIONS
        )
        self.seconds = time.monotonic() - began
        self.said = json.loads(done.stdout)
        self.path = Path(self.said.get("results_file") or folder / self.said["ansible_job_id"])

    def result(self):
        return job.wait(str(self.path), time.monotonic() + 20, time.monotonic, time.sleep)

    def pid(self, name):
        """Of the job, or of the one who waits for it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for place in Path("/proc").glob("[0-9]*"):
                try:
                    line = (place / "cmdline").read_bytes().decode()
                    if str(self.path.parent) in line and (place / "comm").read_text().strip() == name:
                        return int(place.name)
                except OSError:
                    continue
            time.sleep(0.02)
        raise AssertionError(f"no process {name}")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "run" / "async"
    place.parent.mkdir(mode=0o755)
    return place


def test_the_one_who_started_it_does_not_wait(folder):
    started = Started(folder, "time.sleep(3); print(json.dumps({'changed': True}))")
    assert started.seconds < 2.5
    assert started.said["started"] == 1 and started.said["finished"] is False
    assert started.path.name == started.said["ansible_job_id"]
    assert json.loads(started.path.read_text())["finished"] is False
    assert started.result() == {"changed": True, "ansible_job_id": started.path.name, "finished": True}


def test_its_record_is_for_its_owner_alone(folder):
    started = Started(folder, "print(json.dumps({'failed': False}))")
    started.result()
    assert folder.stat().st_mode & 0o777 == 0o700 and started.path.stat().st_mode & 0o777 == 0o600


def test_the_answer_is_the_last_line_that_is_one(folder):
    work = "print('[WARNING] noise'); print(json.dumps({'msg': 'said'})); print('more noise')"
    assert Started(folder, work).result()["msg"] == "said"


def test_a_job_that_ends_with_an_exception_says_it(folder):
    result = Started(folder, "raise ValueError('a reason')").result()
    assert result["failed"] and result["finished"] is True
    assert result["msg"].startswith("the job gave no answer (it ended)") and "a reason" in result["msg"]


def test_a_job_that_is_killed_is_told(folder):
    started = Started(folder, "time.sleep(60)")
    os.kill(started.pid(detached.JOB), signal.SIGKILL)
    result = started.result()
    assert result["failed"] and result["msg"].startswith("the job gave no answer (signal 9)")


def test_a_job_whose_time_is_up_is_ended_with_what_it_has_started(folder):
    started = Started(folder, "import subprocess; subprocess.run(['sleep', '61'])", limit=1)
    job_pid = started.pid(detached.JOB)
    assert started.result()["msg"] == "Timeout exceeded"
    assert not Path(f"/proc/{job_pid}").exists()


def test_a_job_goes_on_without_the_one_who_waits_for_it(folder, tmp_path):
    started = Started(folder, f"time.sleep(1); open({str(tmp_path / 'done')!r}, 'w').close()")
    os.kill(started.pid(detached.WATCH), signal.SIGKILL)
    deadline = time.monotonic() + 20
    while not (tmp_path / "done").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not job.is_finished(job.read(str(started.path)))


def test_a_job_has_a_session_of_its_own_and_no_terminal(folder):
    work = "print(json.dumps({'msg': [os.getsid(0) == os.getpid(), sys.stdin.read(), os.getcwd()]}))"
    assert Started(folder, work).result()["msg"][:2] == [True, ""]


def test_how_far_it_is_can_be_seen(folder):
    work = "percentage.take_up('driver-install'); time.sleep(2); print(json.dumps({'changed': False}))"
    started = Started(folder, work)
    deadline = time.monotonic() + 10
    while job.PROGRESS not in (said := job.read(str(started.path))):
        assert time.monotonic() < deadline and not job.is_finished(said)
        time.sleep(0.02)
    assert said[job.PROGRESS] == {"step": "driver-install"}
    assert job.PROGRESS not in started.result()


def none_left():
    raise BlockingIOError(11, "Resource temporarily unavailable")


def test_where_no_process_can_be_started_there_is_no_record(folder, monkeypatch):
    monkeypatch.setattr(detached.os, "fork", none_left)
    monkeypatch.setattr(detached.safe_folder, "TOP", str(folder.parent))
    with pytest.raises(OSError, match="temporarily unavailable"):
        detached.leave(30, str(folder))
    assert list(folder.iterdir()) == []


def test_where_the_last_process_is_lacking_the_record_says_it(folder):
    """The first fork works, the second does not: who started it is gone by then."""
    code = START.replace(
        "detached.leave(",
        "first, os.fork = os.fork, lambda: first() or setattr(os, 'fork', lacking) or 0\ndetached.leave(",
    )
    lacking = "def lacking():\n    raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            code.replace("import json", lacking + "import json", 1).format(
                limit=9, folder=str(folder), work="", name=None, look=0
            ),
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
        cwd=COLLECTIONS,
    )
    path = json.loads(done.stdout)["results_file"]
    result = job.wait(path, time.monotonic() + 20, time.monotonic, time.sleep)
    assert result["failed"] and result["msg"].startswith("the job gave no answer (it could not be started)")


def test_who_starts_a_short_job_gets_its_result(folder):
    started = Started(
        folder, "time.sleep(0.3); print(json.dumps({'changed': True, 'invocation': {'token': 'x'}}))", look=20
    )
    assert started.said == {"changed": True, "ansible_job_id": "j77.1", "finished": True}
    # Told, and kept for a while for whoever has lost the answer.
    assert [path.name for path in folder.iterdir()] == ["j77.1.told"]


def test_who_has_waited_long_enough_leaves_the_job(folder):
    started = Started(folder, "time.sleep(3); print(json.dumps({'changed': True}))", look=0.5)
    assert started.seconds < 2.9 and started.said["finished"] is False and started.path.name == "j77.1"
    assert started.result() == {"changed": True, "ansible_job_id": "j77.1", "finished": True}


def test_a_result_is_told_though_its_record_cannot_be_put_away(folder, monkeypatch):
    path = str(folder / "j77.1")
    folder.mkdir(mode=0o700)
    Path(path).write_text(json.dumps({"changed": True, "finished": True, "ansible_job_id": "j77.1"}))

    def gone(_path):
        raise FileNotFoundError(2, "No such file or directory", str(folder))

    monkeypatch.setattr(detached.job, "put_away", gone)
    assert detached._first_answer(path, {}, 1)["changed"] is True
