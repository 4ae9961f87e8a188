# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's cache: what it trusts, what it refuses, what it forgets."""

import hashlib
import os

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import download
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import store as artifact_store
from ansible_collections.ascend.fleet.plugins.modules import artifact
from http_faults import serving
from module_args import module_args

DATA = b"vendor package\n" * 5000
SHA = hashlib.sha256(DATA).hexdigest()
OTHER = b"another\n" * 100
OTHER_SHA = hashlib.sha256(OTHER).hexdigest()


class Failed(Exception):
    pass


class FakeModule:
    def __init__(self, check_mode=False, **params):
        self.check_mode = check_mode
        self.params = {"cache_max_mb": 8192, "retries": 5, "link_dir": None, "files": [], **params}

    def fail_json(self, msg):
        raise Failed(msg)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


def stage(state, *files, check_mode=False, **params):
    store = artifact_store.Store(str(state), check_mode)
    if not check_mode:
        store.lock()
    module = FakeModule(check_mode=check_mode, files=[dict(item) for item in files], **params)
    try:
        return artifact.run(module, store, artifact.make_opener(5))
    finally:
        if store._lock:
            store._lock.close()


@pytest.fixture
def sent(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(DATA)
    return {"name": "wheels/a.run", "sha256": SHA, "size": len(DATA), "src": str(path)}


def test_a_sent_file_is_taken_in_once(tmp_path, sent):
    first = stage(tmp_path / "state", sent)
    path = first["files"]["wheels/a.run"]
    assert path == str(tmp_path / "state" / "cache" / SHA / "a.run")
    assert first["changed"] and first["bytes_wanted"] == len(DATA)
    assert oct(os.stat(path).st_mode & 0o777) == "0o644"
    second = stage(tmp_path / "state", {**sent, "src": None})
    assert not second["changed"] and second["from_cache"] == ["wheels/a.run"] and second["bytes_wanted"] == 0


def test_a_damaged_sent_file_is_missing_not_used(tmp_path, sent):
    (tmp_path / "upload").write_bytes(b"X" + DATA[1:])
    result = stage(tmp_path / "state", sent)
    assert result["files"] == {} and "does not have the sha256" in result["missing"][0]["why"]
    assert not result["changed"]
    assert [name for _p, _d, names in os.walk(tmp_path / "state") for name in names] == [".lock"]


def test_a_download_with_faults(tmp_path):
    with serving({"a.run": DATA}, ["cut:100", "reset:200", "503"]) as server:
        item = {"name": "a.run", "sha256": SHA, "size": len(DATA), "url": server.url + "/a.run"}
        result = stage(tmp_path / "state", item)
        assert result["bytes_received"] == len(DATA) and result["changed"]
        requests = len(server.requests)
        assert stage(tmp_path / "state", item)["from_cache"] == ["a.run"]
        assert len(server.requests) == requests


def test_a_tampered_mirror_leaves_nothing_usable(tmp_path):
    with serving({"a.run": OTHER}) as server:
        result = stage(tmp_path / "state", {"name": "a.run", "sha256": SHA, "url": server.url + "/a.run"})
    assert "its sha256 is" in result["missing"][0]["why"] and not result["changed"]
    assert os.listdir(tmp_path / "state" / "cache" / SHA) == []


def test_what_changed_in_the_cache_is_hashed_again(tmp_path, sent, monkeypatch):
    path = stage(tmp_path / "state", sent)["files"]["wheels/a.run"]
    hashed = []
    real = whole_file.sha256
    monkeypatch.setattr(whole_file, "sha256", lambda name: hashed.append(name) or real(name))
    bare = {**sent, "src": None}
    assert stage(tmp_path / "state", bare)["files"] and hashed == []
    os.utime(path, (1, 1))
    assert stage(tmp_path / "state", bare)["files"] and hashed == [path]
    assert stage(tmp_path / "state", bare)["files"] and hashed == [path]
    with open(path, "r+b") as stream:
        stream.write(b"X")
    result = stage(tmp_path / "state", bare)
    assert result["missing"] and not os.path.exists(path)


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path, sent):
    path = stage(tmp_path / "state", sent)["files"]["wheels/a.run"]
    os.unlink(path)
    os.symlink(tmp_path / "upload", path)
    assert stage(tmp_path / "state", {**sent, "src": None})["missing"]
    assert not os.path.lexists(path)


def test_check_mode_changes_nothing(tmp_path, sent):
    bare = {**sent, "src": None}
    result = stage(tmp_path / "state", bare, check_mode=True)
    assert result["missing"] and not result["changed"] and not (tmp_path / "state").exists()
    result = stage(tmp_path / "state", {**bare, "url": "http://127.0.0.1:9/a"}, check_mode=True)
    assert result["changed"] and result["bytes_wanted"] == len(DATA) and not (tmp_path / "state").exists()


def test_the_cache_keeps_its_bound(tmp_path, sent):
    state = tmp_path / "state"
    stage(state, sent)
    os.utime(state / "cache" / SHA / "a.run", (1, 1))
    os.utime(state / "cache" / SHA / "a.run.ok", (1, 1))
    (tmp_path / "other").write_bytes(OTHER)
    item = {"name": "b.run", "sha256": OTHER_SHA, "size": len(OTHER), "src": str(tmp_path / "other")}
    result = stage(state, item, cache_max_mb=0)
    assert result["evicted"] == [SHA] and not (state / "cache" / SHA).exists()
    assert result["files"]["b.run"]


def test_link_dir_gives_names(tmp_path, sent):
    links = tmp_path / "links"
    assert stage(tmp_path / "state", sent, link_dir=str(links))["changed"]
    assert (links / "a.run").read_bytes() == DATA
    assert not stage(tmp_path / "state", sent, link_dir=str(links))["changed"]
    (links / "a.run").unlink()
    assert stage(tmp_path / "state", sent, link_dir=str(links), check_mode=True)["changed"]
    assert not (links / "a.run").exists()


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, sent, monkeypatch):
    monkeypatch.setattr(artifact_store.whole_file, "free_bytes", lambda path: 1000)
    with pytest.raises(Failed, match="free space there or set ascend_state_dir"):
        stage(tmp_path / "state", sent)
    assert not (tmp_path / "state" / "cache" / SHA).exists()


URL = "https://user:geh%20eim@mirror.invalid:1/ascend/a.run?token=query-token"


def test_no_secret_of_an_address_or_a_header_may_be_shown():
    files = [
        {"url": URL, "headers": {"X-Token": "header-token"}},
        {"url": "https://lonely-token@mirror.invalid/b"},
        {"url": None, "headers": None},
        {"url": "https://mirror.invalid/c"},
    ]
    found = artifact.secrets_of(files)
    assert found == {"user:geh%20eim", "geh%20eim", "geh eim", "token=query-token", "header-token", "lonely-token"}


def test_neither_answer_nor_log_shows_a_secret(tmp_path, capsys, monkeypatch):
    """With the arguments that Ansible adds to the answer, which -vvv prints, and writes to the system's log."""
    logged = []
    monkeypatch.setattr(artifact.AnsibleModule, "log", lambda self, *said, **more: logged.append(f"{said} {more}"))
    row = {"name": "a.run", "sha256": SHA, "url": URL, "headers": {"X-Token": "header-token"}}
    # The task's own no_log, which Ansible always hands over, replaces that of a module.
    arguments = {"files": [row], "state_dir": str(tmp_path), "_ansible_check_mode": True, "_ansible_no_log": False}
    with module_args(arguments), pytest.raises(SystemExit):
        artifact.main()
    said = capsys.readouterr().out
    assert '"module_args"' in said and "mirror.invalid" in said and logged
    secrets = ("geh%20eim", "geh eim", "query-token", "header-token")
    assert [text for text in secrets if text in said or text in str(logged)] == []
