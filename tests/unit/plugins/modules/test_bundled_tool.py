"""A tool of the artifacts: whole or not there, and nothing of somebody else's is touched."""

import io
import json
import os
import tarfile

import nobody
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import tool_prefix
from ansible_collections.ascend.fleet.plugins.modules import bundled_tool
from module_args import module_args

PROGRAM = b"#!/bin/sh\necho 'tool 1.0'\n"


@pytest.fixture(autouse=True)
def _usual_umask():
    """The module sets it for its process."""
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.fixture
def run(tmp_path, capsys):
    """The module for a tool at opt/cmake; its result."""

    def call(**more):
        arguments = {"prefix": str(tmp_path / "opt" / "cmake"), "program": "bin/cmake", **more}
        with module_args(arguments), pytest.raises(SystemExit):
            bundled_tool.main()
        return json.loads(capsys.readouterr().out)

    return call


def archive(path, entries=(("bin/cmake", PROGRAM), ("share/modules.cmake", b"x" * 300000)), mode=0o777):
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, content in entries:
            member = tarfile.TarInfo(f"cmake-3.19.8/{name}")
            member.size, member.mode, member.uid, member.gid = len(content), mode, nobody.UID, nobody.UID
            tar.addfile(member, io.BytesIO(content))
    return str(path)


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


WHOLE = [".ascend-fleet-tool.json", "bin/cmake", "share/modules.cmake"]


def test_an_archive_is_there_once(tmp_path, run):
    source, prefix = archive(tmp_path / "cmake.tar.gz"), tmp_path / "opt" / "cmake"
    assert not run()["complete"] and not (tmp_path / "opt").exists()
    assert run(src=source, _ansible_check_mode=True)["changed"] and not (tmp_path / "opt").exists()
    first = run(src=source, _ansible_diff=True)
    assert first["changed"] and first["complete"] and first["diff"]["after"].endswith("bin/cmake is there\n")
    assert names(prefix) == WHOLE and [entry.name for entry in (tmp_path / "opt").iterdir()] == ["cmake"]
    # Neither the owner nor the mode of the archive's members.
    assert {(path.stat().st_uid, path.stat().st_mode & 0o022) for path in [prefix, *prefix.rglob("*")]} == {(0, 0)}
    second = run(src=source)
    assert not second["changed"] and second["complete"] and second["state"] == "ours"


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_what_broke_off_is_not_there_and_begun_anew(tmp_path, run, cut):
    source = tmp_path / "cmake.tar.gz"
    archive(source, [("bin/cmake", PROGRAM), ("share/modules.cmake", os.urandom(300000))])
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * cut)])
    broken = run(src=str(source))
    assert broken["failed"] and broken["cause"] and broken["fix"] and list((tmp_path / "opt").iterdir()) == []
    source.write_bytes(whole)
    assert run(src=str(source))["changed"] and names(tmp_path / "opt" / "cmake") == WHOLE


def test_a_killed_run_leaves_no_half_at_the_prefix(tmp_path, run, monkeypatch):
    source = archive(tmp_path / "cmake.tar.gz")
    pid = os.fork()
    if not pid:
        tool_prefix.Tool._finish = lambda *_args: os._exit(0)  # a power cut when all was unpacked but the mark
        run(src=source)
    os.waitpid(pid, 0)
    left = [entry.name for entry in (tmp_path / "opt").iterdir()]
    assert len(left) == 1 and left[0].endswith(".ascend-fleet-new") and run()["state"] == "absent"
    assert run(src=source)["changed"] and [entry.name for entry in (tmp_path / "opt").iterdir()] == ["cmake"]


def test_ours_without_its_program_is_made_anew(tmp_path, run):
    source = archive(tmp_path / "cmake.tar.gz")
    run(src=source)
    (tmp_path / "opt" / "cmake" / "bin" / "cmake").unlink()
    assert run()["state"] == "half" and run(src=source)["changed"] and run()["complete"]


def theirs(prefix, kind):
    """Something of somebody else's, and what of it must be there afterwards."""
    prefix.parent.mkdir()
    if kind == "a file":
        prefix.write_text("mine")
        return prefix
    folder = prefix
    if kind == "a link":
        folder = prefix.parent / "elsewhere"
        prefix.symlink_to(folder)
    (folder / "bin").mkdir(parents=True)
    (folder / "weights.ckpt").write_text("mine")
    if kind == "a tool":
        (folder / "bin" / "cmake").write_bytes(PROGRAM)
        (folder / "bin" / "cmake").chmod(0o755)
    if kind == "a copy of ours":
        (folder / tool_prefix.MARK).write_text(json.dumps({"path": "/opt/ascend/cmake"}))
    if kind == "a mark of theirs":
        (folder / tool_prefix.MARK).write_text(json.dumps({"path": str(prefix)}))
        os.chown(folder / tool_prefix.MARK, nobody.UID, nobody.UID)
    if kind == "a mark by link":
        (prefix.parent / "mark").write_text(json.dumps({"path": str(prefix)}))
        (folder / tool_prefix.MARK).symlink_to(prefix.parent / "mark")
    if kind == "a deep mark":
        (folder / tool_prefix.MARK).write_text("[" * 60000)
    return folder / "weights.ckpt"


KINDS = [
    "a file",
    "a link",
    "a folder",
    "a tool",
    "a copy of ours",
    "a mark of theirs",
    "a mark by link",
    "a deep mark",
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_ours_stays(tmp_path, run, kind, check_mode):
    kept = theirs(tmp_path / "opt" / "cmake", kind)
    result = run(src=archive(tmp_path / "cmake.tar.gz"), _ansible_check_mode=check_mode)
    assert result["failed"] and "is not ours" in result["msg"] and "python_toolchain_*_prefix" in result["fix"]
    assert kept.read_text() == "mine"


def test_a_tool_that_is_there_may_be_used_as_it_is(tmp_path, run):
    prefix = tmp_path / "opt" / "cmake"
    kept = theirs(prefix, "a tool")
    result = run(src=archive(tmp_path / "cmake.tar.gz"), foreign="use")
    assert not result["changed"] and result["complete"] and result["state"] == "theirs" and kept.exists()
    os.chown(prefix / "bin", nobody.UID, nobody.UID)
    assert run(foreign="use")["failed"]  # root would run what somebody else can change
    os.chown(prefix / "bin", 0, 0)
    (prefix / "bin" / "cmake").write_bytes(b"\x7fELF half")
    assert run(foreign="use")["failed"]


INSTALLER = """#!/bin/bash
[ "$1 $2 $3" = "-b -u -p" ] || exit 9
[ ! -e "$4" ] || exit 8
mkdir -p "$4/bin"
printf '#!/bin/sh\\n' > "$4/bin/cmake"; chmod 755 "$4/bin/cmake"
[ ! -e {base}/break ] || {{ echo 'No space left on device'; exit 1; }}
touch "$4/conda-meta"
"""


def test_an_installer_that_broke_off_is_begun_anew(tmp_path, run):
    """It leaves its program, and so what looks like a conda."""
    script = tmp_path / "conda.sh"
    script.write_text(INSTALLER.format(base=tmp_path))
    (tmp_path / "break").touch()
    broken = run(src=str(script), installer=True, foreign="use")
    assert broken["failed"] and "No space left" in broken["cause"]
    assert (tmp_path / "opt" / "cmake" / "bin" / "cmake").exists()
    assert run(foreign="use") | {"invocation": None} == {
        "changed": False,
        "complete": False,
        "state": "half",
        "invocation": None,
    }
    (tmp_path / "break").unlink()
    assert run(src=str(script), installer=True, foreign="use")["changed"]
    assert (tmp_path / "opt" / "cmake" / "conda-meta").exists() and run()["state"] == "ours"
    assert [entry.name for entry in (tmp_path / "opt").iterdir()] == ["cmake"]


@pytest.mark.parametrize("prefix", ["/", "/opt", "relative/cmake", "/opt/x/../../etc"])
def test_no_place_for_a_tool(run, prefix):
    assert "at least two folders" in run(prefix=prefix)["msg"]


def test_a_place_that_others_can_write_is_refused(tmp_path, run):
    (tmp_path / "opt").mkdir()
    (tmp_path / "opt").chmod(0o1777)
    assert "is not safe" in run(src=archive(tmp_path / "cmake.tar.gz"))["msg"]


def test_another_archive_is_said(tmp_path, run):
    result = run(src=archive(tmp_path / "x.tar.gz", [("bin/other", PROGRAM)]))
    assert result["failed"] and "does not hold bin/cmake" in result["msg"] and list((tmp_path / "opt").iterdir()) == []
