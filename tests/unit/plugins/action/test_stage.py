# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage action against an in-process host: how often it asks, what it sends, what it refuses."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.ascend.fleet.plugins.action import stage
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names as artifacts
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import store as artifact_store
from ansible_collections.ascend.fleet.plugins.modules import artifact
from http_faults import serving

FILES = {"a.run": b"a" * 100, "wheels/b.whl": b"b" * 50}


class Host(stage.ActionModule):
    """The action with its connection replaced by a folder: the real module code answers."""

    def __init__(self, root, args, check_mode=False, diff=False):
        self.root = root
        self.calls: list[dict] = []
        self.transfers: list[str] = []
        self.damage = 0
        self.drop_after = -1
        self._task = SimpleNamespace(module_defaults=[], args=args, check_mode=check_mode, diff=diff, async_val=0)
        shell = SimpleNamespace(tmpdir=None, join_path=lambda *parts: "/".join(parts))
        self._connection = SimpleNamespace(_shell=shell)
        self._templar = SimpleNamespace(template=lambda value: value)

    def validate_argument_spec(self, argument_spec):
        defaults = {key: value.get("default") for key, value in argument_spec.items()}
        return None, {**defaults, **self._task.args}

    def _make_tmp_path(self):
        (self.root / "tmp").mkdir(exist_ok=True)
        return str(self.root / "tmp")

    def _transfer_file(self, local, remote):
        if len(self.transfers) == self.drop_after:
            raise AnsibleError("connection lost")
        self.transfers.append(local)
        assert Path(remote).parent == self.root / "tmp", "every piece goes to the login user's temporary folder"
        shutil.copyfile(local, remote)
        if self.damage:
            self.damage -= 1
            with open(remote, "r+b") as stream:
                stream.write(b"X")
        return remote

    def _execute_module(self, module_name, module_args, task_vars):
        self.calls.append(module_args)
        store = artifact_store.Store(module_args["state_dir"], self._task.check_mode)
        module = SimpleNamespace(params={**module_args, "retries": 1}, check_mode=self._task.check_mode)
        if not self._task.check_mode:
            store.lock()
        try:
            return artifact.run(module, store, artifact.make_opener(5))
        finally:
            if store._lock:
                store._lock.close()


@pytest.fixture(autouse=True)
def quiet(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr("ansible.plugins.action.ActionBase.run", lambda self, tmp, task_vars: {})
    warnings: list[str] = []
    monkeypatch.setattr(stage.Display, "warning", lambda self, text: warnings.append(text))
    return warnings


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "artifacts"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def args(tmp_path, folder):
    return {"source": str(folder), "state_dir": str(tmp_path / "state"), "files": list(FILES)}


def write_lock(folder):
    rows = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in FILES.items()
    ]
    text = yaml.safe_dump({"version": 1, "artifacts": rows, "sets": {"wheels": ["wheels/b.whl"]}})
    (folder / artifacts.LOCK_NAME).write_text(text)


def test_first_sends_then_asks_once_and_sends_nothing(tmp_path, args):
    first = Host(tmp_path, args)
    result = first.run()
    assert result["changed"] and result["bytes_sent"] == 150 and len(first.calls) == 2
    assert Path(result["files"]["a.run"]).read_bytes() == FILES["a.run"]
    assert result["sha256"]["a.run"] == hashlib.sha256(FILES["a.run"]).hexdigest()
    second = Host(tmp_path, args, diff=True)
    result = second.run()
    assert not result["changed"] and result["bytes_sent"] == 0 and result["from_cache"] == list(FILES)
    assert len(second.calls) == 1 and second.transfers == []
    assert result["diff"]["before"] == result["diff"]["after"]


def test_what_was_brought_before_is_told_again_and_nobody_is_asked(tmp_path, args):
    first = Host(tmp_path, args).act({})
    host = Host(tmp_path, {**args, "before": {**first, "work": {"first": "driver-install"}, "failed": False}})
    assert host.act({}) == {
        **{key: first[key] for key in ("files", "sha256", "from_cache", "evicted", "steps")},
        "work": {"first": "driver-install"}, "changed": False, "bytes_sent": 0, "relay_bytes": 0,
    }  # fmt: skip
    assert not host.calls and not host.transfers
    again = Host(tmp_path, {**args, "before": {}})
    assert again.act({})["from_cache"] and again.calls


def test_only_what_is_lacking_is_sent(tmp_path, args):
    Host(tmp_path, {**args, "files": ["a.run"]}).run()
    host = Host(tmp_path, args)
    assert host.run()["bytes_sent"] == 50 and len(host.transfers) == 1


def test_check_mode_says_what_would_be_sent(tmp_path, args):
    host = Host(tmp_path, args, check_mode=True, diff=True)
    result = host.run()
    assert result["changed"] and result["bytes_sent"] == 0 and result["bytes_to_send"] == 150
    assert host.transfers == [] and not (tmp_path / "state").exists()
    assert result["files"]["a.run"].startswith(str(tmp_path / "state" / "cache"))
    assert "a.run (100 bytes" in result["diff"]["after"] and result["diff"]["before"] == ""


def test_damage_on_the_way_is_sent_again(tmp_path, args):
    host = Host(tmp_path, {**args, "files": ["a.run"]})
    host.damage = 1
    assert host.run()["bytes_sent"] == 200
    assert len(host.transfers) == 2


def test_of_several_only_what_arrived_damaged_is_sent_again(tmp_path, args):
    host = Host(tmp_path, args)
    host.damage = 1  # in the first of the two, which are sent as one
    result = host.run()
    assert result["bytes_sent"] == 250 and len(host.transfers) == 2
    assert {name: Path(path).read_bytes() for name, path in result["files"].items()} == FILES


def test_a_host_with_an_empty_cache_gets_the_files_with_the_question(tmp_path, args):
    host = Host(tmp_path, args)
    result = host.run(task_vars={"ascend_facts": {"cached": 0}})
    assert result["changed"] and result["bytes_sent"] == 150
    assert (len(host.transfers), len(host.calls)) == (1, 1)
    assert {name: Path(path).read_bytes() for name, path in result["files"].items()} == FILES


def test_what_arrives_damaged_with_the_question_is_sent_again(tmp_path, args):
    host = Host(tmp_path, args)
    host.damage = 1
    assert host.run(task_vars={"ascend_facts": {"cached": 0}})["bytes_sent"] == 250
    assert (len(host.transfers), len(host.calls)) == (2, 2)


@pytest.mark.parametrize(
    "seen", [{"ascend_facts": {"cached": 3}}, {"ascend_facts": {"cached": 0}, "ascend_staged": {}}, {}]
)
def test_a_host_that_may_have_some_is_asked_first(tmp_path, args, seen):
    host = Host(tmp_path, args)
    assert host.run(task_vars=seen)["bytes_sent"] == 150 and len(host.calls) == 2
    assert not any(item.get("src") for item in host.calls[0]["files"])


def test_in_check_mode_nothing_is_sent_to_an_empty_cache(tmp_path, args):
    host = Host(tmp_path, args, check_mode=True)
    assert host.run(task_vars={"ascend_facts": {"cached": 0}})["bytes_to_send"] == 150 and host.transfers == []


def test_damage_every_time_fails_and_names_nothing(tmp_path, args):
    host = Host(tmp_path, {**args, "files": ["a.run"]})
    host.damage = 9
    with pytest.raises(AnsibleActionFail, match="arrived damaged 2 times"):
        host.run()
    assert not list((tmp_path / "state").rglob("a.run"))


def test_a_tampered_artifact_leaves_the_host_untouched(tmp_path, args, folder):
    write_lock(folder)
    (folder / "a.run").write_bytes(b"c" * 100)
    host = Host(tmp_path, args)
    with pytest.raises(AnsibleActionFail, match="damaged or was exchanged"):
        host.run()
    assert host.calls == []


def test_requirement_set(tmp_path, args, folder):
    with pytest.raises(AnsibleActionFail, match="requirement_set wheels is not in the lock"):
        Host(tmp_path, {**args, "requirement_set": "wheels"}).run()
    write_lock(folder)
    result = Host(tmp_path, {**args, "files": [], "requirement_set": "wheels"}).run()
    assert list(result["files"]) == ["wheels/b.whl"]
    with pytest.raises(AnsibleActionFail, match="it has: wheels"):
        Host(tmp_path, {**args, "requirement_set": "other"}).run()


def test_nothing_wanted_asks_nobody(tmp_path, args):
    host = Host(tmp_path, {**args, "files": []})
    assert not host.run()["changed"] and host.calls == []


def test_hosts_fetch_from_a_served_folder(tmp_path, args):
    with serving(dict(FILES)) as server:
        host = Host(tmp_path, args)
        result = host.run(task_vars={"ascend_artifacts_url": server.url})
    assert result["bytes_sent"] == 150 and host.transfers == [] and len(host.calls) == 1


def test_a_served_folder_that_is_down_falls_back_to_sending(tmp_path, args, quiet):
    host = Host(tmp_path, {**args, "source_url": "http://127.0.0.1:9"})
    assert host.run()["bytes_sent"] == 150 and len(host.transfers) == 1
    assert "sent over the connection" in quiet[0]


def test_a_mirror_that_a_host_cannot_use_is_an_error(tmp_path, args, folder):
    write_lock(folder)
    lock = (folder / artifacts.LOCK_NAME).read_bytes()
    pinned = {"ascend_artifacts_lock_sha256": hashlib.sha256(lock).hexdigest()}
    with serving({artifacts.LOCK_NAME: lock, "a.run": FILES["a.run"]}) as server:
        assert Host(tmp_path, {**args, "source": server.url, "files": ["a.run"]}).run(None, pinned)["bytes_sent"] == 100
        with pytest.raises(AnsibleActionFail, match=r"HTTP 404.*no copy to send"):
            Host(tmp_path, {**args, "source": server.url}).run(None, pinned)


def test_large_files_travel_in_pieces_and_resume(tmp_path, args, monkeypatch):
    monkeypatch.setattr(stage, "PIECE_BYTES", 30)
    args = {**args, "files": ["a.run"]}
    host = Host(tmp_path, args)
    host.drop_after = 2
    with pytest.raises(AnsibleActionFail, match="rerun to go on"):
        host.run()
    again = Host(tmp_path, args)
    result = again.run()
    assert result["bytes_sent"] == 40 and len(again.transfers) == 2
    assert Path(result["files"]["a.run"]).read_bytes() == FILES["a.run"]


def test_a_damaged_piece_starts_the_file_over(tmp_path, args, monkeypatch):
    monkeypatch.setattr(stage, "PIECE_BYTES", 60)
    host = Host(tmp_path, {**args, "files": ["a.run"]})
    host.damage = 1
    assert host.run()["bytes_sent"] == 200 and len(host.transfers) == 4


def test_what_http_left_is_not_sent_again(tmp_path, args):
    with serving(dict(FILES), ["cut:70", "404"]) as server:
        host = Host(tmp_path, {**args, "files": ["a.run"], "source_url": server.url})
        assert host.run()["bytes_sent"] == 100
    assert len(host.transfers) == 1


def test_a_failing_host_is_reported_without_its_arguments(tmp_path, args):
    host = Host(tmp_path, args)
    host._execute_module = lambda **_more: {"failed": True, "msg": "disk full", "invocation": {"url": "secret"}}
    with pytest.raises(AnsibleActionFail, match="disk full") as error:
        host.run()
    assert "invocation" not in error.value.result


def test_batches_follow_the_bytes(monkeypatch):
    monkeypatch.setattr(stage, "PIECE_BYTES", 10)
    groups = stage._batches([{"size": size} for size in (4, 4, 4, 30, 1)])
    assert [[item["size"] for item in group] for group in groups] == [[4, 4], [4], [30], [1]]


def test_plain_http_without_a_pinned_lock_reaches_no_host(tmp_path, args, folder):
    write_lock(folder)
    lock = (folder / artifacts.LOCK_NAME).read_bytes()
    with serving({artifacts.LOCK_NAME: lock, **FILES}) as server:
        host = Host(tmp_path, {**args, "source": server.url})
        with pytest.raises(AnsibleActionFail, match="ascend_artifacts_lock_sha256"):
            host.run()
        assert host.calls == []
        with pytest.raises(AnsibleActionFail, match="not the lock that was reviewed"):
            Host(tmp_path, {**args, "source": server.url, "lock_sha256": "0" * 64}).run()
        right = hashlib.sha256(lock).hexdigest()
        assert Host(tmp_path, {**args, "source": server.url, "lock_sha256": right}).run()["bytes_sent"] == 150


def test_a_link_to_a_private_file_is_sent_to_no_host(tmp_path, args, folder):
    (tmp_path / "id_ed25519").write_bytes(b"secret")
    (folder / "b.run").symlink_to(tmp_path / "id_ed25519")
    host = Host(tmp_path, {**args, "files": ["b.run"]})
    with pytest.raises(AnsibleActionFail, match="is a link that leaves the folder"):
        host.run()
    assert host.calls == [] and host.transfers == []


def sets(tmp_path, folder, name="other.run"):
    """Two folders of artifacts and what two steps take of them."""
    other = tmp_path / "other"
    other.mkdir(exist_ok=True)
    (other / name).write_bytes(b"other")
    given = [
        {"source": str(folder), "files": ["a.run"], "step": "driver-install"},
        {"source": str(other), "files": [name], "step": "proof", "link_dir": str(tmp_path / "model")},
        {"source": str(folder), "files": ["a.run", "wheels/b.whl"], "step": "again"},
    ]
    return {"state_dir": str(tmp_path / "state"), "sets": given}


def test_sets_of_several_sources_are_one_question(tmp_path, folder):
    first = Host(tmp_path, sets(tmp_path, folder))
    result = first.run()
    assert len(first.calls) == 2 and len(first.transfers) == 1 and result["bytes_sent"] == 155
    assert sorted(result["steps"]) == ["again", "driver-install", "proof"]
    assert list(result["steps"]["again"]["files"]) == ["a.run", "wheels/b.whl"]
    assert result["steps"]["proof"]["sha256"] == {"other.run": hashlib.sha256(b"other").hexdigest()}
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["other.run"]
    second = Host(tmp_path, sets(tmp_path, folder))
    assert not second.run()["changed"] and len(second.calls) == 1


def test_a_name_that_means_two_files_is_asked_for_twice(tmp_path, folder):
    host = Host(tmp_path, sets(tmp_path, folder, "a.run"))
    result = host.run()
    assert len(host.calls) == 4
    assert Path(result["steps"]["proof"]["files"]["a.run"]).read_bytes() == b"other"
    assert Path(result["steps"]["driver-install"]["files"]["a.run"]).read_bytes() == FILES["a.run"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"sets": [{"files": ["a.run"]}]}, "source is not set"), ({"sets": [{"folder": "/x"}]}, "sets names folder")],
)
def test_sets_that_cannot_be_understood_reach_no_host(tmp_path, wrong, words):
    host = Host(tmp_path, {"state_dir": str(tmp_path / "state"), **wrong})
    with pytest.raises(AnsibleActionFail, match=words):
        host.run()
    assert host.calls == []
