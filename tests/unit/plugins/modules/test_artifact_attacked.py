"""The host's cache where somebody else than root has been before, or the transfer never ends."""

import fcntl
import hashlib
import json
import os
import resource
import time

import nobody
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import store as artifact_store
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.modules import artifact
from http_faults import serving
from module_args import module_args

DATA = b"vendor package\n" * 5000
SHA = hashlib.sha256(DATA).hexdigest()


def run(capsys, state, *files, **more):
    """The module as Ansible runs it; its result."""
    with module_args({"files": list(files), "state_dir": str(state), **more}), pytest.raises(SystemExit):
        artifact.main()
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _usual_umask():
    """The module sets it for its process."""
    old = os.umask(0o022)
    yield
    os.umask(old)


@pytest.fixture
def item(tmp_path):
    (tmp_path / "upload").write_bytes(DATA)
    return {"name": "a.run", "sha256": SHA, "size": len(DATA), "src": str(tmp_path / "upload")}


def forge(state, owner):
    """A file that was never checked, and the marker that says it was; returns the file."""
    folder = state / "cache" / SHA
    folder.mkdir(parents=True)
    path = folder / "a.run"
    path.write_bytes(b"X" + DATA[1:])
    facts = path.stat()
    (folder / "a.run.ok").write_text(f"{facts.st_size} {facts.st_mtime_ns}\n")
    for entry in [state, *state.rglob("*")]:
        os.chown(entry, owner, owner)
    return path


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_cache_that_somebody_else_made_is_refused(tmp_path, capsys, check_mode):
    forge(tmp_path / "state", nobody.UID)
    result = run(capsys, tmp_path / "state", {"name": "a.run", "sha256": SHA}, _ansible_check_mode=check_mode)
    assert result["failed"] and "belongs to uid 65534" in result["msg"] and "ascend_state_dir" in result["msg"]


def test_a_folder_of_the_cache_that_is_somebody_elses_is_refused(tmp_path, capsys):
    path = forge(tmp_path / "state", 0)
    os.chown(path.parent, nobody.UID, nobody.UID)
    result = run(capsys, tmp_path / "state", {"name": "a.run", "sha256": SHA})
    assert result["failed"] and SHA in result["msg"]


@pytest.mark.parametrize("harm", ["their file", "their marker", "file open to all", "marker open to all"])
def test_no_marker_counts_that_somebody_else_could_write(tmp_path, capsys, harm):
    path = forge(tmp_path / "state", 0)
    victim = path if "file" in harm else path.with_name("a.run.ok")
    if "their" in harm:
        os.chown(victim, nobody.UID, nobody.UID)
    else:
        victim.chmod(0o666)
    result = run(capsys, tmp_path / "state", {"name": "a.run", "sha256": SHA})
    assert result["files"] == {} and not path.exists()


def test_the_caches_lock_is_roots_alone_and_names_its_holder(monkeypatch):
    with nobody.seen_by_all() as folder:
        monkeypatch.setattr(safe_folder, "TOP", str(folder))
        store = artifact_store.Store(str(folder / "state"))
        store.lock()
        held_by = (folder / "state" / "cache" / ".lock").read_text()
        store._lock.close()

        def hold():
            with open(folder / "state" / "cache" / ".lock") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)

        assert nobody.can(lambda: os.listdir(folder / "state" / "cache")) and not nobody.can(hold)
        assert json.loads(held_by)["pid"] == os.getpid()


def test_a_lock_that_an_older_release_left_open_to_all_is_closed(tmp_path, capsys, item):
    (tmp_path / "state" / "cache").mkdir(parents=True)
    lock = tmp_path / "state" / "cache" / ".lock"
    lock.touch(0o644)
    assert run(capsys, tmp_path / "state", item)["changed"]
    assert lock.stat().st_mode & 0o777 == 0o600


def test_a_lock_that_is_held_for_ever_is_given_up_in_words(tmp_path, capsys, item):
    assert run(capsys, tmp_path / "state", item)["changed"]
    begun = time.monotonic()
    with open(tmp_path / "state" / "cache" / ".lock") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        result = run(capsys, tmp_path / "state", item, lock_timeout=1)
    assert result["failed"] and "in use by another run" in result["msg"] and "Fix: " in result["msg"]
    assert time.monotonic() - begun < 20


def test_a_download_without_end_leaves_no_part(tmp_path, capsys, monkeypatch):
    """Of a file whose size nobody knows, from a server that announces none."""
    real = os.statvfs

    def small(path):
        written = sum(entry.stat().st_size for entry in tmp_path.rglob("*.part"))
        facts = list(real(path))
        facts[0], facts[1], facts[4] = 1, 1, 80 * 1000 * 1000 - written
        return os.statvfs_result(facts)

    monkeypatch.setattr(os, "statvfs", small)
    with serving({"a.run": DATA}, ["long:40"]) as server:
        result = run(capsys, tmp_path / "state", {"name": "a.run", "sha256": SHA, "url": server.url + "/a.run"})
        assert len(server.requests) == 1
    assert result["files"] == {} and "64.0 MB are left free" in result["missing"][0]["why"]
    assert result["bytes_received"] < 25 * 1000 * 1000 and list(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize("kind", ["fifo", "device", "longer"])
def test_what_was_sent_is_a_file_of_its_size(tmp_path, capsys, item, kind):
    """The login user could have put something else there meanwhile."""
    upload = tmp_path / "upload"
    upload.unlink()
    if kind == "fifo":
        os.mkfifo(upload)
    elif kind == "device":
        upload.symlink_to("/dev/zero")
    else:
        upload.write_bytes(DATA * 2)
    # Should it be read without end after all, this test must not fill the disk.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10 * 1000 * 1000, limits[1]))
    try:
        result = run(capsys, tmp_path / "state", item)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result["files"] == {} and result["missing"] and list(tmp_path.rglob("*.part")) == []


def test_a_disk_that_is_full_when_a_file_is_taken_in_is_freed(tmp_path, item, monkeypatch):
    store = artifact_store.Store(str(tmp_path / "state"))
    store.lock()
    real = store._part
    monkeypatch.setattr(store, "_part", lambda what: real(what) and "/dev/full")
    dropped = []
    monkeypatch.setattr(download, "_drop", dropped.append)
    with pytest.raises(OSError, match="No space left"):
        store.adopt(item, item["src"])
    store._lock.close()
    assert dropped == ["/dev/full"]
