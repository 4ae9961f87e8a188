"""What a module tells the playbook that polls for it: the right job file, never after its end, never at any cost."""

import contextlib
import json
import os
import time

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    percentage as async_progress,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    process as process_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installer as vendor_run
from hypothesis import given
from hypothesis import strategies as st

WRAPPER = 4711
JOB = "j123456789012"
OPEN = {"started": 1, "finished": 0, "ansible_job_id": f"{JOB}.99"}
HALF = {"component": "driver", "percent": 50}


@pytest.mark.parametrize(
    "text,percent",
    [
        ("upgradePercentage:40%", 40),
        ("\n[Firmware] [2026-11-22 10:00:00] [INFO]upgradePercentage: 90%\n", 90),
        ("upgradePercentage:10%\nWaiting for device startup...\nupgradePercentage:30%\nabc", 30),
        ("Progress: 7 %", 7),
        ("install progress 40.5%", 40),
        ("55% progress", 55),
        ("upgradePercentage:0%", 0),
        ("upgradePercentage:100%", 100),
        # Half a line, an archive's own check, sizes, and what cannot be a percentage.
        ("upgradePercentage:4", None),
        ("Verifying archive integrity...  100%   SHA256 checksums are OK. All good.", None),
        ("disk usage 93%", None),
        ("upgradePercentage:140%", None),
        ("upgradePercentage:1234%", None),
        ("upgradePercentage:-5%", None),
        ("upgradePercentage:\u0664\u0660%", None),
        ("", None),
    ],
)
def test_what_counts_as_a_percentage(text, percent):
    assert vendor_run.percentage(text) == percent


@given(st.text(alphabet="upgradePercentage:progress %0123456789.-\n", max_size=80))
def test_any_text_gives_a_percentage_or_none(text):
    assert vendor_run.percentage(text) in (None, *range(101))


@pytest.fixture(name="job")
def _job(tmp_path):
    """A folder of jobs with ours in it, and a /proc that shows our parent."""
    folder, proc = tmp_path / "async", tmp_path / "proc" / str(WRAPPER)
    folder.mkdir()
    proc.mkdir(parents=True)
    words = [
        "/usr/bin/python3",
        "/root/.ansible/tmp/ansible-tmp-1/async_wrapper.py",
        JOB,
        "3660",
        "/root/.ansible/tmp/ansible-tmp-1/AnsiballZ_run_package.py",
        "_",
    ]
    (proc / "cmdline").write_text("\0".join(words) + "\0")
    path = folder / f"{JOB}.99"
    path.write_text(json.dumps(OPEN))
    return path


def found(job, **more):
    environ = {"ANSIBLE_ASYNC_DIR": str(job.parent), **more}
    return async_progress.job_path(environ, WRAPPER, str(job.parents[1] / "proc"))


def test_the_job_file_is_found_by_the_wrapper_that_is_our_parent(job):
    assert found(job) == str(job)


@pytest.mark.parametrize(
    "cmdline",
    [
        "",
        "sshd\0",
        f"python3\0async_status.py\0{JOB}\0",
        "python3\0async_wrapper.py\0",
        "python3\0async_wrapper.py\0j999\0",
        "python3\0async_wrapper.py\0j.*\0",
    ],
)
def test_without_our_wrapper_no_file_is_ours(job, cmdline):
    (job.parents[1] / "proc" / str(WRAPPER) / "cmdline").write_text(cmdline)
    assert found(job) is None


def test_without_a_folder_no_file_is_ours(job):
    assert found(job, ANSIBLE_ASYNC_DIR="") is None
    assert found(job, ANSIBLE_ASYNC_DIR="relative") is None
    assert found(job, ANSIBLE_ASYNC_DIR=str(job.parent / "gone")) is None
    assert async_progress.job_path({}, WRAPPER, str(job.parents[1] / "proc")) is None


def test_of_two_files_that_could_be_ours_neither_is(job):
    job.with_name(f"{JOB}.100").write_text(json.dumps(OPEN))
    assert found(job) is None


def test_other_jobs_do_not_matter(job):
    for name in ("j555.99", f"{JOB}0.99", f"{JOB}.99.tmp", f"{JOB}.99.ascend"):
        job.with_name(name).write_text(json.dumps(OPEN))
    assert found(job) == str(job)


NOT_OPEN = [
    '{"started": 1, "finish',
    "",
    "[]",
    "null",
    "\udcff",
    json.dumps({**OPEN, "ansible_job_id": "j555.99"}),
    json.dumps({**OPEN, "finished": 1}),
    json.dumps({**OPEN, "finished": True}),
    json.dumps({**OPEN, "started": 0}),
    json.dumps({"changed": True, "rc": 0}),
    json.dumps({"msg": "Timeout exceeded", "failed": True, "child_pid": 5}),
]


@pytest.mark.parametrize("content", NOT_OPEN)
def test_a_torn_foreign_or_finished_job_file_is_left_alone(job, content):
    content = content.encode("utf-8", "surrogateescape")
    job.write_bytes(content)
    assert found(job) is None
    with contextlib.suppress(ValueError):
        assert not async_progress.tell(str(job), HALF)
    assert job.read_bytes() == content
    assert os.listdir(job.parent) == [job.name]


def test_a_link_is_not_followed(job):
    real = job.with_name("elsewhere")
    job.rename(real)
    job.symlink_to(real)
    assert found(job) is None
    assert not async_progress.tell(str(job), HALF)


@pytest.mark.parametrize("start", [OPEN, {**OPEN, "started": True, "finished": False, "more": [1]}])
def test_the_other_keys_and_the_mode_stay(job, start):
    job.write_text(json.dumps(start))
    job.chmod(0o640)
    assert async_progress.tell(str(job), HALF)
    assert json.loads(job.read_text()) == {**start, "ascend_progress": HALF}
    assert job.stat().st_mode & 0o777 == 0o640
    assert async_progress.tell(str(job), None)
    assert json.loads(job.read_text()) == start
    assert os.listdir(job.parent) == [job.name]


@pytest.mark.parametrize("final", ['{"changed": true}', json.dumps({"msg": "Timeout exceeded", "failed": True}), None])
def test_a_result_written_meanwhile_is_not_overwritten(job, monkeypatch, final):
    """The wrapper's last word comes between our look at the file and our change of it."""
    real = async_progress._write

    def late(path, content, mode):
        real(path, content, mode)
        job.unlink()
        if final is not None:
            job.with_name("x.tmp").write_text(final)
            os.rename(job.with_name("x.tmp"), job)

    monkeypatch.setattr(async_progress, "_write", late)
    reporter = reporting(job)
    reporter.heard("upgradePercentage:50%")
    assert (job.read_text() if job.exists() else None) == final
    assert os.listdir(job.parent) == ([job.name] if final else [])
    monkeypatch.setattr(async_progress, "_write", real)
    reporter.heard("upgradePercentage:60%")
    assert (job.read_text() if job.exists() else None) == final


def reporting(job):
    reporter = async_progress.Reporter("driver", {})
    reporter._path = str(job)
    return reporter


def told(job):
    return json.loads(job.read_text()).get("ascend_progress")


def test_the_percentage_never_goes_back(job):
    reporter = reporting(job)
    seen = []
    for text in ("", "upgradePercentage:10%", "upgradePercentage:40%", "upgradePercentage:30%", "done"):
        reporter.heard(text)
        seen.append((told(job) or {}).get("percent"))
    assert seen == [None, 10, 40, 40, 40]
    assert told(job) == {"component": "driver", "percent": 40}


def test_the_next_installer_of_a_change_begins_anew(job, monkeypatch):
    async_progress.tell(str(job), HALF)
    monkeypatch.setattr(async_progress, "job_path", lambda environ, wrapper: str(job))
    async_progress.Reporter("driver").heard("")
    assert told(job) is None


def test_an_orphan_does_not_write(job, monkeypatch):
    """Without the wrapper nobody writes the result any more, and whoever took its place is not ours."""
    reporter = reporting(job)
    monkeypatch.setattr(os, "getppid", lambda: WRAPPER + 1)
    reporter.heard("upgradePercentage:40%")
    assert json.loads(job.read_text()) == OPEN


@pytest.mark.parametrize("name", ["rename", "open", "fchmod"])
def test_a_file_system_that_refuses_is_no_failure(job, monkeypatch, name):
    reporter = reporting(job)

    def refuse(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, name, refuse)
    reporter.heard("upgradePercentage:40%")
    monkeypatch.undo()
    assert json.loads(job.read_text()) == OPEN
    assert os.listdir(job.parent) == [job.name]


def test_without_async_nothing_is_told():
    reporter = async_progress.Reporter("driver", {})
    reporter.heard("upgradePercentage:40%")
    assert reporter.percent == 40


def test_a_run_lets_its_listener_hear_the_output_while_it_works(tmp_path):
    script = "for n in 10 40; do echo upgradePercentage:$n%; sleep 0.5; done; echo all good"
    heard = []
    run = process_io.run(
        ["bash", "-c", script],
        str(tmp_path),
        process_io.clean_environment({}),
        30,
        heard=lambda text: heard.append(vendor_run.percentage(text)),
    )
    assert run["rc"] == 0
    assert {10, 40} <= set(heard)
    assert len(heard) <= 4  # only when there was more


def test_who_waits_for_an_earlier_runs_installer_hears_it_too(tmp_path):
    env, heard = process_io.clean_environment({}), []
    script = "echo upgradePercentage:10%; sleep 1; echo upgradePercentage:40%; sleep 0.5"
    pid = os.fork()
    if not pid:
        process_io.run(["bash", "-c", script], str(tmp_path), env, 30)
        os._exit(0)
    while not (tmp_path / process_io.PROCESS).exists():
        time.sleep(0.01)
    record = process_io.read_record(str(tmp_path))
    assert process_io.wait_for(record, 30, str(tmp_path), lambda text: heard.append(vendor_run.percentage(text)))
    os.waitpid(pid, 0)
    assert [percent for percent in heard if percent] == [10, 40]
