"""Folders that root may trust: who owns each on the way, who may write, and where links lead."""

import os

import nobody
import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder


def mode(path):
    return path.stat().st_mode & 0o7777


def test_what_lacks_is_made_whatever_the_umask(tmp_path):
    for number, umask in enumerate((0o000, 0o077, 0o777)):
        old = os.umask(umask)
        try:
            safe_folder.ensure(str(tmp_path / f"a{number}" / "b"))
        finally:
            os.umask(old)
        assert mode(tmp_path / f"a{number}") == mode(tmp_path / f"a{number}" / "b") == 0o755
    safe_folder.check(str(tmp_path / "not" / "there"))
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize("harm", ["owner", "group", "others", "sticky"])
@pytest.mark.parametrize("above", [False, True], ids=["the folder itself", "a folder above"])
def test_what_others_can_write_is_refused(tmp_path, harm, above):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    if harm == "owner":
        os.chown(folder, nobody.UID, nobody.UID)
    else:
        folder.chmod({"group": 0o775, "others": 0o757, "sticky": 0o1777}[harm])
    path = folder / "below" if above else folder
    for look in (safe_folder.ensure, safe_folder.check):
        with pytest.raises(safe_folder.UnsafeFolder) as caught:
            look(str(path))
        assert str(folder) in caught.value.facts["cause"] and "ascend_state_dir" in caught.value.facts["fix"]
    assert not (folder / "below").exists()


def test_links_are_followed_where_only_root_can_change_them(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    safe_folder.ensure(str(tmp_path / "link" / "state"))
    assert (tmp_path / "real" / "state").is_dir()
    os.chown(tmp_path / "real", nobody.UID, nobody.UID)
    with pytest.raises(safe_folder.UnsafeFolder, match="belongs to uid 65534"):
        safe_folder.ensure(str(tmp_path / "link" / "state"))
    (tmp_path / "ring").symlink_to(tmp_path / "ring")
    with pytest.raises(OSError, match="Too many levels"):
        safe_folder.ensure(str(tmp_path / "ring" / "state"))


def test_dots_lead_where_they_lead(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", nobody.UID, nobody.UID)
    safe_folder.ensure(str(tmp_path / "a") + "/./../b//c/")
    assert (tmp_path / "b" / "c").is_dir()
    with pytest.raises(safe_folder.UnsafeFolder):
        safe_folder.ensure(str(tmp_path / "a" / ".." / "theirs" / "x"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("relative/path", "no absolute path"),
        ("/etc/passwd/state", "is no folder"),
    ],
)
def test_what_is_no_folder(path, words):
    with pytest.raises(safe_folder.UnsafeFolder, match=words):
        safe_folder.ensure(path)


def test_the_real_tmp_is_not_safe(monkeypatch):
    monkeypatch.setattr(safe_folder, "TOP", "/")
    with pytest.raises(safe_folder.UnsafeFolder, match="/tmp can be written by others"):
        safe_folder.check("/tmp/ascend-fleet")


def test_private_folders_are_closed(tmp_path):
    (tmp_path / "run").mkdir(mode=0o755)
    safe_folder.private(str(tmp_path / "run"))
    assert mode(tmp_path / "run") == 0o700
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with pytest.raises(OSError):
        safe_folder.close(str(tmp_path / "link"))


def test_a_folder_that_everybody_could_write_to_is_closed_and_what_is_in_it_not_believed(tmp_path):
    """Ansible makes /run/ascend-fleet with the umask it finds, which may be 0000."""
    run = tmp_path / "run"
    (run / "async").mkdir(parents=True)
    run.chmod(0o777)
    safe_folder.private(str(run))
    assert mode(run) == 0o700
    run.chmod(0o777)
    (run / "lock-1").write_text("")
    os.chown(run / "lock-1", nobody.UID, nobody.UID)
    with pytest.raises(safe_folder.UnsafeFolder, match=f"lock-1 in it belongs to uid {nobody.UID}"):
        safe_folder.private(str(run))
    assert mode(run) == 0o700 and (run / "lock-1").exists()


def test_whose_a_file_is(tmp_path):
    file, link = tmp_path / "x.run", tmp_path / "link.run"
    file.write_text("x")
    link.symlink_to(file)
    assert safe_folder.file_is_ours(str(file)) and safe_folder.file_is_ours(str(link))
    file.chmod(0o666)
    assert not safe_folder.file_is_ours(str(file)) and not safe_folder.file_is_ours(str(link))
    file.chmod(0o644)
    os.chown(file, nobody.UID, nobody.UID)
    assert not safe_folder.file_is_ours(str(file))
    assert not safe_folder.file_is_ours(str(tmp_path)) and not safe_folder.file_is_ours(str(tmp_path / "gone"))
