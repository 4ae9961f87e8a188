"""Locks that nobody but their owner can hold, and that a lost folder does not open."""

import fcntl
import os
import shutil

import nobody
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import files as package_io
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_only_its_owner_can_open_it(path, umask):
    old = os.umask(umask)
    try:
        held_lock.release(held_lock.take(str(path), {}))
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_had_open_is_no_lock_any_more(path):
    """Somebody opened the lock of an older release, and holds it from now on: that is another file."""
    path.write_text("")
    path.chmod(0o644)
    with open(path) as theirs:
        handle = held_lock.take(str(path), {"what": "ours"})
        assert not os.path.samestat(os.fstat(theirs.fileno()), path.stat()) and path.stat().st_mode & 0o777 == 0o600
        held_lock.release(handle)
        fcntl.flock(theirs, fcntl.LOCK_EX)
        held_lock.release(held_lock.take(str(path), {}))


def test_one_that_is_held_all_the_same_is_not_replaced(path):
    """It may be held by an older release that works."""
    path.write_text('{"pid": 7}')
    path.chmod(0o644)
    with open(path) as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        with pytest.raises(held_lock.LockHeld) as caught:
            held_lock.take(str(path), {}, 0.1, lambda holder: True)
        assert caught.value.holder == {"pid": 7} and os.path.samestat(os.fstat(theirs.fileno()), path.stat())


@pytest.mark.parametrize("make", [lambda path: os.symlink("/etc/passwd", path), os.mkfifo, os.mkdir])
def test_what_is_no_file_is_neither_followed_nor_waited_for(path, make):
    make(path)
    with pytest.raises(OSError):
        held_lock.take(str(path), {})


def test_a_holders_text_may_be_anything(path):
    handle = held_lock.take(str(path), {})
    for text in (b"[" * 60000, b"\xff\x00", b"[1]", b"{"):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text, 0)
        with pytest.raises(held_lock.LockHeld) as caught:
            held_lock.take(str(path), {})
        assert caught.value.holder == {}


def test_the_hosts_lock_stays_when_the_state_folder_is_lost(tmp_path):
    state = tmp_path / "state"
    taken = package_io.take_host_lock(str(state), {"what": "present driver"})
    shutil.rmtree(state)
    with pytest.raises(held_lock.LockHeld) as caught:
        package_io.take_host_lock(str(state), {})
    assert caught.value.holder["what"] == "present driver"
    package_io.release_host_lock(taken)
    package_io.release_host_lock(package_io.take_host_lock(str(state), {}))
    assert os.stat(safe_folder.RUN_DIR).st_mode & 0o777 == 0o700


def test_an_ordinary_user_cannot_hold_it(monkeypatch):
    with nobody.seen_by_all() as folder:
        monkeypatch.setattr(safe_folder, "TOP", str(folder))
        taken = package_io.take_host_lock(str(folder / "state"), {})
        package_io.release_host_lock(taken)
        assert nobody.can(lambda: os.listdir(folder / "state"))
        for flags in (os.O_RDONLY, os.O_WRONLY):
            assert not nobody.can(lambda flags=flags: os.open(folder / "state" / "lock", flags))
