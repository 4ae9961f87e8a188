"""Results of asynchronous tasks are for root only: Ansible's own wrapper, over the connection local."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nobody
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.modules import async_wait
from module_args import module_args

ROOT = Path(__file__).resolve().parents[4]
# Where the roles keep their jobs is below this one.
RUN_DIR = Path("/run/ascend-fleet")


def mode(path):
    return path.stat().st_mode & 0o777


def start(folder, state, umask):
    """Have Ansible start a task with a secret among its arguments; its job's file, once the task has ended."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
        "ANSIBLE_ASYNC_DIR": str(folder),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_CONFIG": str(state / "ansible.cfg"),
    }
    (state / "ansible.cfg").write_text("[defaults]\n")
    task = {
        "component": "driver",
        "state": "absent",
        "install_path": str(state / "Ascend"),
        "state_dir": str(state),
        "extra_args": ["--password=S3CRET"],
    }
    said = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible"),
            "localhost",
            "-c",
            "local",
            "-B",
            "60",
            "-P",
            "0",
            "-o",
            "-m",
            "ascend.fleet.run_package",
            "-a",
            json.dumps(task),
            "-e",
            f"ansible_python_interpreter={sys.executable}",
        ],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        umask=umask,
        check=False,
    )
    found = re.search(r'"results_file": "([^"]+)"', said.stdout)
    assert found, said.stdout + said.stderr
    job = Path(found.group(1))
    deadline = time.monotonic() + 60
    while not async_job.is_finished(async_job.read(str(job)) or {"started": 1}):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return job


@pytest.fixture
def jobs(monkeypatch):
    """A folder of jobs where the roles have theirs."""
    monkeypatch.setattr(safe_folder, "RUN_DIR", str(RUN_DIR))
    folder = RUN_DIR / f"async-test-{os.getpid()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("umask", [0o022, 0o000])
def test_a_result_is_roots_alone_and_its_arguments_are_not_told(jobs, capsys, umask):
    with nobody.seen_by_all("/root") as state:
        job = start(jobs, state, umask)
    assert job.parent == jobs and "S3CRET" in job.read_text()
    assert mode(jobs) == 0o700 and mode(RUN_DIR) == 0o700
    assert not nobody.can(lambda: os.listdir(jobs)) and not nobody.can(job.read_text)
    for _time in range(2):  # the first answer may be lost with the connection
        with module_args({"jid": job.name, "async_dir": str(jobs)}), pytest.raises(SystemExit):
            async_wait.main()
        told = json.loads(capsys.readouterr().out)
        assert told["component"] == "driver" and told["finished"] and "invocation" not in told
        assert "S3CRET" not in json.dumps(told)
    assert [(entry.name, mode(entry)) for entry in jobs.iterdir()] == [(job.name + ".told", 0o600)]
    assert "S3CRET" not in (jobs / (job.name + ".told")).read_text()


def test_a_folder_of_jobs_elsewhere_is_closed_too(tmp_path):
    folder = tmp_path / "jobs"
    folder.mkdir(mode=0o755)
    for name in ("123.45", "j123.45.tmp", "j1.2.told", "j1.2.ascend", ".j1.2.told.abcd_123"):
        (folder / name).write_text("{}")
    async_job.seal({"ANSIBLE_ASYNC_DIR": str(folder)})
    assert mode(folder) == 0o700


def test_a_folder_that_serves_others_too_is_left_alone(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / "notes.txt").write_text("for all")
    async_job.seal({"ANSIBLE_ASYNC_DIR": str(folder)})
    assert mode(folder) == 0o755
    for environ in ({}, {"ANSIBLE_ASYNC_DIR": ""}, {"ANSIBLE_ASYNC_DIR": "/nowhere"}, {"ANSIBLE_ASYNC_DIR": "jobs"}):
        async_job.seal(environ)


def test_ours_is_closed_whatever_lies_in_it(tmp_path):
    folder = Path(safe_folder.RUN_DIR) / "async"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    (folder / "x").write_text("put there to keep it open")
    async_job.seal({"ANSIBLE_ASYNC_DIR": str(folder)})
    assert mode(folder) == 0o700 and mode(folder.parent) == 0o700


def test_what_was_told_goes_after_a_while(tmp_path):
    folder = tmp_path / "jobs"
    folder.mkdir()
    for name in ("j1.2.told", "j3.4.told", "j5.6"):
        (folder / name).write_text("{}")
    for name in ("j1.2.told", "j5.6"):
        os.utime(folder / name, (1, 1))
    async_job.seal({"ANSIBLE_ASYNC_DIR": str(folder)})
    assert sorted(entry.name for entry in folder.iterdir()) == ["j3.4.told", "j5.6"]


def test_every_module_that_the_roles_start_seals_first():
    """Before it reads its arguments: an error in them is told with all of them."""
    started = set()
    for path in (ROOT / "roles").rglob("tasks/*.yml"):
        name = None
        for line in path.read_text().splitlines():
            found = re.match(r" +ascend\.fleet\.(\w+):( \*\w+)?$", line)
            name = found.group(1) if found else name
            if re.match(r" +async:", line):
                started.add(name)
    assert started == {"model_export"}
    # A job that starts itself has a folder of its own, but may be under async as well.
    for name in started | {"stretch"}:
        main = (ROOT / "plugins" / "modules" / f"{name}.py").read_text().partition("def main(")[2]
        assert 0 < main.index("async_job.seal(os.environ)") < main.index("AnsibleModule(")
