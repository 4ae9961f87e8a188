"""Second names of cached files: a user's file or folder of such a name is never replaced (406)."""

import os

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import links
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import store as artifact_store
from ansible_collections.ascend.fleet.plugins.module_utils.artifact.names import ArtifactError

OLD, NEW = "0" * 64, "1" * 64


@pytest.fixture
def host(tmp_path):
    """A cache with two versions of a checkpoint, and a folder for models."""

    class Host:
        state, models = tmp_path / "state", tmp_path / "models" / "gpt2"

        def cached(self, sha256=NEW, text="new"):
            path = self.state / "cache" / sha256 / "gpt2.ckpt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            return str(path)

        def link(self, path, check_mode=False):
            return artifact_store.link_in(str(self.models), path, "models/gpt2/gpt2.ckpt", check_mode)

        def foreign(self):
            return links.Links(host_view.HostView(), str(self.state)).foreign(str(self.models))["foreign"]

        @property
        def target(self):
            return self.models / "gpt2.ckpt"

    return Host()


def test_a_name_is_given_once(host):
    path = host.cached()
    assert host.link(path, check_mode=True) and not host.models.exists()
    assert host.link(path) and host.target.read_text() == "new" and host.foreign() == []
    assert not host.link(path) and sorted(os.listdir(host.models)) == ["gpt2.ckpt"]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("theirs", ["file", "folder", "link", "dangling", "hard link", "fifo"])
def test_what_somebody_else_put_there_stays(host, theirs, check_mode):
    path = host.cached()
    host.models.mkdir(parents=True)
    mine = host.models.parent / "mine"
    if theirs == "folder":
        host.target.mkdir()
        (host.target / "weights").write_text("weeks of work")
    elif theirs == "fifo":
        os.mkfifo(host.target)
    elif theirs == "file":
        host.target.write_text("weeks of work")
    else:
        if theirs != "dangling":
            mine.write_text("weeks of work")
        (os.link if theirs == "hard link" else os.symlink)(mine, host.target)
    before = os.lstat(host.target)
    with pytest.raises(ArtifactError, match=r"did not put there.*move it away"):
        host.link(path, check_mode)
    assert os.lstat(host.target) == before and host.foreign() == ["gpt2.ckpt"]
    if theirs == "folder":
        assert (host.target / "weights").read_text() == "weeks of work"
    assert os.listdir(host.models) == ["gpt2.ckpt"], "no draft stays"


def test_an_older_model_of_ours_is_replaced(host):
    host.link(host.cached(OLD, "old"))
    assert host.link(host.cached()) and host.target.read_text() == "new"
    assert (host.state / "cache" / OLD / "gpt2.ckpt").read_text() == "old"


def test_an_older_model_of_ours_that_the_cache_has_let_go_is_replaced(host):
    path = host.cached(OLD, "old")
    host.link(path)
    os.unlink(path)
    assert os.lstat(host.target).st_nlink == 1 and host.foreign() == []
    assert host.link(host.cached()) and host.target.read_text() == "new"


def test_the_same_content_is_no_loss_though_the_record_is_gone(host):
    host.models.mkdir(parents=True)
    host.target.write_text("new")
    assert host.link(host.cached()) and host.target.read_text() == "new"


def test_a_file_that_was_written_over_ours_is_theirs(host):
    path = host.cached(OLD, "old")
    host.link(path)
    host.target.unlink()
    host.target.write_text("weeks of work")
    with pytest.raises(ArtifactError, match="did not put there"):
        host.link(host.cached())
    assert host.target.read_text() == "weeks of work"


def test_another_file_system_gets_a_link_which_is_ours(host, monkeypatch):
    def other_device(source, target):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(artifact_store.os, "link", other_device)
    assert host.link(host.cached(OLD, "old")) and host.target.is_symlink() and host.foreign() == []
    assert host.link(host.cached()) and host.target.read_text() == "new"
    assert not host.link(host.cached())


@pytest.mark.parametrize("record", ["[]", "{", "[" * 100000, '{"a": {}}', "\0"])
def test_a_broken_record_makes_nothing_ours(host, record):
    host.models.mkdir(parents=True)
    host.state.mkdir()
    host.target.write_text("weeks of work")
    (host.state / links.RECORD).write_text(record)
    assert host.foreign() == ["gpt2.ckpt"]


@pytest.mark.parametrize("folder", ["models", "/", "/models", "/opt/../etc/models", "/opt//models", ""])
def test_a_folder_that_is_none_of_ours_to_make(host, folder):
    with pytest.raises(ArtifactError, match="link_dir is"):
        artifact_store.link_in(folder, host.cached(), "gpt2.ckpt", True)
