"""A framework runs as an ordinary user, and what it leaves is read as a stranger's."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process as framework_process
from ansible_collections.ascend.fleet.plugins.module_utils.secure import private_folder, run_as

PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")
NOBODY = run_as.by_name("nobody")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
CHECK = {"task": "check"}


@pytest.fixture()
def place():
    """A folder that everybody may look into, with an environment whose python does what the test says."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    folder.chmod(0o755)
    (folder / "env" / "bin").mkdir(parents=True)
    run = folder / "env" / "bin" / "ascend-run"
    run.write_text('#!/bin/sh\nexec "$@"\n')
    run.chmod(0o755)
    (folder / "seen").mkdir()
    (folder / "seen").chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def run(place, body, timeout=20, **options):
    """Run with a python that is a shell script: $1 the runner, $2 the request, $3 the result."""
    python = place / "env" / "bin" / "python"
    if not python.exists():
        python.write_text(f"#!/bin/sh\nseen={place}/seen\nresult=$3\n{body}\n")
        python.chmod(0o755)
    wanted = {"environment": str(place / "env"), "device_target": "CPU", "device_id": 0, "timeout": timeout}
    return framework_process.run(wanted, options.pop("request", CHECK), **options)


PASSED = """echo '{"ok": true, "text": "well", "stage": "check"}' >"$result\""""


def test_it_is_not_root_and_has_a_home_of_its_own(place, monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "hunter2")
    monkeypatch.setenv("ASCEND_API_TOKEN", "hunter2")
    monkeypatch.setenv("ASCEND_SLOG_PRINT_TO_STDOUT", "1")
    monkeypatch.setenv("SUDO_USER", "alice")
    outcome = run(
        place,
        'id -u >"$seen/uid"; env >"$seen/env"; stat -c "%a %U" . >"$seen/mode"; pwd >"$seen/pwd"\n'
        'touch "$HOME/a" "$TMPDIR/b"; touch /root/x /etc/x && echo bad >"$seen/bad"\n' + PASSED,
    )
    assert (outcome["text"], outcome["ran_as"], outcome["note"]) == ("well", "nobody", None)
    assert (place / "seen" / "uid").read_text() == f"{NOBODY.uid}\n"
    assert not (place / "seen" / "bad").exists()
    environ = (place / "seen" / "env").read_text()
    folder = (place / "seen" / "pwd").read_text().strip()
    assert (place / "seen" / "mode").read_text() == "700 nobody\n"
    assert f"HOME={folder}\n" in environ and f"TMPDIR={folder}\n" in environ and "USER=nobody\n" in environ
    assert "ASCEND_SLOG_PRINT_TO_STDOUT=1\n" in environ
    assert "hunter2" not in environ and "SUDO_USER" not in environ
    assert not Path(folder).exists() and not Path(folder).parent.exists()


def test_the_python_of_another_users_environment_runs_as_that_user(place):
    (place / "env" / "bin" / "python").write_text(f"#!/bin/sh\nid -u >{place}/seen/uid\nresult=$3\n{PASSED}\n")
    (place / "env" / "bin" / "python").chmod(0o755)
    for path in (place / "env", *(place / "env").rglob("*")):
        os.chown(path, 4242, 4242)
    assert run(place, "")["ran_as"] == "4242"
    assert (place / "seen" / "uid").read_text() == "4242\n"


@pytest.mark.skipif(PYTHON is None, reason="no Python that everybody may run")
def test_the_runner_itself_works_as_nobody(place):
    (place / "env" / "bin" / "python").symlink_to(PYTHON)
    (place / "mindspore.py").write_text(
        "__version__ = '9'\nGRAPH_MODE = 0\ndef set_context(**options): pass\ndef get_context(name): return 'CPU'\n"
        "def run_check():\n    import os\n"
        "    print('successfully', os.geteuid(), os.path.islink('models/gpt2/x.ckpt'))\n"
    )
    (place / "x.ckpt").write_text("")
    links = {"models/gpt2/x.ckpt": str(place / "x.ckpt")}
    outcome = run(place, "", environ={"PYTHONPATH": str(place)}, links=links)
    assert outcome["text"] == f"successfully {NOBODY.uid} True"


@pytest.mark.parametrize(
    "body",
    [
        'ln -s "$seen/secret" "$result"',
        'ln "$seen/secret" "$result"',
        'mkfifo "$result"',
        'mkdir "$result"',
        'ln -s /dev/zero "$result"',
        'head -c 3000000 /dev/zero | tr "\\0" x >"$result"',
        'head -c 300000 /dev/zero | tr "\\0" "[" >"$result"',
        'printf "\\377\\376" >"$result"',
        "echo '[]' >\"$result\"",
        'echo \'{"ok": 1, "text": "x"}\' >"$result"',
        'echo \'{"ok": "true", "text": "x"}\' >"$result"',
    ],
)
def test_a_result_that_is_none_is_not_read(place, body):
    (place / "seen" / "secret").write_text('{"ok": true, "text": "of root"}')
    begun = time.monotonic()
    with pytest.raises(framework_process.Failure, match=r"left no result \(rc [0-9]+ in stage start\)") as failure:
        run(place, body)
    assert failure.value.ran_as == "nobody" and time.monotonic() - begun < 10


@pytest.mark.parametrize("stage", ['ln -s "$seen/secret" stage', 'printf "import\\033[2J" >stage', "mkfifo stage"])
def test_a_stage_that_is_none_is_not_told(place, stage):
    (place / "seen" / "secret").write_text("hunter")
    with pytest.raises(framework_process.Failure, match=r"\(rc 4 in stage start\)"):
        run(place, stage + "; exit 4")


@pytest.mark.parametrize(
    ("task", "result"),
    [
        ("check", {"ok": True}),
        ("check", {"ok": True, "text": ["x"]}),
        ("generate", {"ok": True, "text": None}),
        ("train", {"ok": True, "text": "x", "losses": []}),
        ("train", {"ok": True, "losses": ["1", None]}),
        ("train", {"ok": True, "losses": {"a": 1}}),
    ],
)
def test_a_success_without_what_it_shows_is_none(place, task, result):
    with pytest.raises(framework_process.Failure, match="says that it succeeded, but leaves no"):
        run(place, f"echo '{json.dumps(result)}' >\"$result\"", request={"task": task})


def test_only_what_a_result_may_hold_is_kept(place):
    result = {
        "ok": True,
        "text": "half \ud800",
        "tokens": True,
        "seconds": 10**400,
        "device": 3,
        "log_tail": "mine",
        "stage": "x\n[31m",
        "hbm_used_mb": 7,
        "ansible_facts": {},
        "load_seconds": float("nan"),
        "mindspore": "9",
    }
    outcome = run(place, f"printf %s '{json.dumps(result)}' >\"$result\"")
    assert outcome["text"] == "half ?" and outcome["mindspore"] == "9"
    assert not {"tokens", "seconds", "device", "ansible_facts", "load_seconds"} & set(outcome)
    assert (outcome["stage"], outcome["log_tail"], outcome["hbm_used_mb"]) == ("start", "", None)


def test_a_log_without_end_ends_the_run(place, monkeypatch):
    monkeypatch.setattr(framework_process, "_LOG_LIMIT", 2 * 1024 * 1024)
    with pytest.raises(framework_process.Failure, match=r"printed more than 2 MB and was ended") as failure:
        run(place, "yes words")
    assert failure.value.log_tail.endswith("words") and len(failure.value.log_tail) < 20000


def test_a_jump_of_the_clock_ends_nothing(place, monkeypatch):
    real, asked = time.time, []
    monkeypatch.setattr(time, "time", lambda: asked.append(1) or real() + 86400 * len(asked))
    outcome = run(place, "sleep 1\n" + PASSED, timeout=10)
    assert outcome["text"] == "well" and 0.9 < outcome["wall_seconds"] < 9


def test_nothing_of_it_lives_on(place):
    with pytest.raises(framework_process.Failure, match="ended after 1 s"):
        run(place, "trap '' TERM\n(sleep 47.25 & setsid sleep 0.1; sleep 47.25)\nwait", timeout=1)
    assert not [line for line in _command_lines() if b"47.25" in line]


def _command_lines():
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


def test_the_folder_cannot_be_taken_away_by_who_works_in_it(place):
    """In /tmp itself the user could rename what is its own, and put a link there for root to follow."""
    body = 'mv "$PWD" "$PWD.moved" 2>/dev/null && echo moved >"$seen/moved"\nmkdir -p a/b; ln -s /etc a/b/etc\n'
    assert run(place, body + PASSED)["text"] == "well"
    assert not (place / "seen" / "moved").exists()
    assert Path("/etc/passwd").exists()


def test_files_below_links_are_not_reached(place):
    with private_folder.PrivateFolder() as folder:
        folder.put("request.json", "{}")
        folder.link("models/gpt2/a", "/etc/passwd")
        folder.link("models/gpt2/b", "/etc/shadow")
        folder.hand_over(NOBODY)
        work = Path(folder.path)
        assert {path.lstat().st_uid for path in (work, *work.rglob("*"))} == {NOBODY.uid}
        assert os.stat("/etc/passwd").st_uid == os.stat("/etc/shadow").st_uid == 0
        assert folder.read("request.json", 10) == b"{}" and folder.read("request.json", 1) is None
        assert folder.read("models/gpt2/a", 100000) is None
        (work / "root").write_text("root's")
        assert folder.read("root", 100) is None
        path = folder.path
    assert not os.path.exists(os.path.dirname(path))


def test_a_folder_that_is_still_filled_is_removed_all_the_same(place, monkeypatch):
    real, calls = shutil.rmtree, []

    def overtaken(path):
        calls.append(path)
        if len(calls) == 1:
            raise OSError(39, "Directory not empty", path)
        real(path)

    monkeypatch.setattr(private_folder.shutil, "rmtree", overtaken)
    with private_folder.PrivateFolder() as folder:
        path = folder.path
    assert len(calls) == 2 and not os.path.exists(path)
