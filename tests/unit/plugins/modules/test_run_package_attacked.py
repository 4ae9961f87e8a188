"""run_package where an ordinary user of the host is in the way, or the state folder is lost."""

import os
import shutil
import stat

import nobody
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    checks as package_checks,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    files as package_io,
)
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    private_copy as package_copy,
)
from run_package_fakes import Fake, sha256

GOOD = 'put 25.3.rc1; say "Driver package installed successfully! The new version takes effect immediately. "; exit 0'


@pytest.fixture
def host(tmp_path):
    return Fake(tmp_path)


def _theirs(host, name="driver.run"):
    """A package in a folder of an ordinary user's."""
    folder = host.base / "home"
    folder.mkdir(exist_ok=True)
    path = folder / name
    os.replace(host.package(GOOD), path)
    os.chown(folder, nobody.UID, nobody.UID)
    return path


def _exchange_after_the_hash(host, monkeypatch, path):
    """The owner of the folder puts another package there as soon as this one was found good."""
    real = package_checks.package_file

    def then_exchange(*args):
        found = real(*args)
        evil = host.base / "evil"
        evil.write_text(f"#!/bin/bash\n[ $1 = --check ] || touch {host.base}/root-ran-it\n{path.read_text()}")
        os.replace(evil, path)
        return found

    monkeypatch.setattr(package_checks, "package_file", then_exchange)


@pytest.mark.parametrize("place", ["their folder", "their file", "for all to write", "by a link of theirs"])
def test_a_package_that_is_exchanged_after_its_hash_is_not_run(host, monkeypatch, place):
    path = _theirs(host)
    given = path
    if place != "their folder":
        os.chown(path.parent, 0, 0)
    if place == "their file":
        os.chown(path, nobody.UID, nobody.UID)
    if place == "for all to write":
        path.parent.chmod(0o777)
    if place == "by a link of theirs":
        (host.base / "links").mkdir()
        given = host.base / "links" / "driver.run"
        given.symlink_to(path)
        os.chown(host.base / "links", nobody.UID, nobody.UID)
    promised = sha256(str(path))
    _exchange_after_the_hash(host, monkeypatch, path)
    result = host.run(path=str(given), checksum="sha256:" + promised)
    assert result["changed"] and result["after"] == "25.3.rc1" and not (host.base / "root-ran-it").exists()
    assert str(host.state) in result["argv"][1] and not (host.state / "packages").exists()


def test_a_package_in_roots_own_folder_is_not_copied(host):
    path = host.package(GOOD)
    assert host.run(path=path, checksum="sha256:" + sha256(path))["argv"][1] == path


def test_the_hash_that_a_folders_name_promises_counts_for_the_copy(host):
    folder = host.base / "cache" / ("0" * 64)
    folder.mkdir(parents=True)
    os.replace(host.package(GOOD), folder / "driver.run")
    os.chown(folder, nobody.UID, nobody.UID)
    result = host.run(path=str(folder / "driver.run"))
    assert result["failed"] and "is not what it should be" in result["msg"] and host.calls == []


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.run")
    with pytest.raises(package_copy.CannotCopy, match="no regular file"):
        package_copy.secured(str(tmp_path / "x.run"), str(tmp_path / "state"))
    assert not (tmp_path / "state" / "packages").exists()


def test_a_copy_needs_space(host, monkeypatch):
    path = _theirs(host)
    monkeypatch.setattr(package_io, "free_mb", lambda _path: 60)
    result = host.run(path=str(path))
    assert result["failed"] and "no space for a copy" in result["msg"] and "only root can write" in result["fix"]
    assert host.calls == [] and not (host.state / "packages").exists()


def test_no_umask_opens_journal_or_logs(host):
    old = os.umask(0)
    try:
        assert host.run(path=host.package(GOOD))["changed"]
    finally:
        os.umask(old)
    found = [path for path in [host.state, *host.state.rglob("*")] if path.stat().st_mode & 0o022]
    assert found == []
    logs = list(host.state.rglob("output.log"))
    assert logs and {stat.S_IMODE(log.stat().st_mode) for log in logs} == {0o600}
    assert stat.S_IMODE((host.state / "journal.jsonl").stat().st_mode) == 0o644


def test_a_journal_that_was_open_to_all_is_closed(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text("one\n")
    path.chmod(0o666)
    package_io.append_line(str(path), "two\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_lock_of_the_host_is_roots_alone(host):
    host.run(path=host.package(GOOD))
    assert stat.S_IMODE((host.state / "lock").stat().st_mode) == 0o600


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("harm", ["theirs", "open to all"])
def test_a_state_folder_of_somebody_elses_is_refused(host, harm, check_mode):
    host.state.mkdir(mode=0o755)
    if harm == "theirs":
        os.chown(host.state, nobody.UID, nobody.UID)
    else:
        host.state.chmod(0o1777)
    result = host.run(path=host.package(GOOD), _ansible_check_mode=check_mode)
    assert result["failed"] and "is not safe" in result["msg"] and "ascend_state_dir" in result["fix"]
    assert result["msg"].count("Fix: ") == 1 and host.calls == [] and list(host.state.iterdir()) == []


def test_a_state_folder_that_is_lost_meanwhile_ends_neither_the_watch_nor_the_lock(host):
    """Two installers at once would break each other."""
    package = host.package(
        f"rm -rf {host.state}; touch {host.base}/lost; say 'at work'; "
        f"while [ ! -e {host.base}/go ]; do sleep 0.1; done; {GOOD}"
    )
    first = host.start(path=package)
    host.wait_for("lost")
    second = host.run(path=host.package(f"touch {host.base}/two; {GOOD}", "second.run"))
    (host.base / "go").touch()
    assert second["failed"] and "Another run is changing this host" in second["msg"]
    result = first.result()
    assert result["changed"] and result["after"] == "25.3.rc1" and not (host.base / "two").exists()
    assert [(line["event"], line["result"]) for line in host.journal()] == [("end", "ok")]
    assert not host.run(path=package)["changed"]


def test_copies_that_a_killed_run_left_are_cleared(host):
    left = host.state / "packages" / "old"
    left.mkdir(parents=True)
    (left / "driver.run").write_text("x")
    assert host.run(path=host.package(GOOD))["changed"] and not left.exists()
    shutil.rmtree(host.state)
