"""kept_file: a file comes back byte for byte, or is gone again."""

import os

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import kept_file


@pytest.mark.parametrize("content", [b"", b"{}\r\n", b"\xff\x00 no text", b'{"a": "\xc3\xa4"}'])
def test_a_file_comes_back_as_it_was(tmp_path, content):
    path = tmp_path / "daemon.json"
    path.write_bytes(content)
    path.chmod(0o640)
    kept = kept_file.keep(str(path))
    assert kept_file.is_kept(kept) and not kept_file.put_back(kept)
    path.write_text("other")
    path.chmod(0o600)
    assert kept_file.put_back(kept) and path.read_bytes() == content
    assert os.stat(path).st_mode & 0o777 == 0o640


def test_what_was_not_there_is_removed(tmp_path):
    path = tmp_path / "daemon.json"
    kept = kept_file.keep(str(path))
    assert kept["content"] is None and not kept_file.put_back(kept) and kept_file.text_of(kept) == ""
    path.write_text("{}")
    assert kept_file.put_back(kept) and not path.exists()


def test_a_link_is_followed_and_stays_one(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("a")
    link.symlink_to(real)
    kept = kept_file.keep(str(link))
    real.write_text("b")
    assert kept_file.put_back(kept) and link.is_symlink() and real.read_text() == "a"


def test_what_is_no_file_is_not_kept(tmp_path):
    with pytest.raises(OSError):
        kept_file.keep(str(tmp_path))
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError):
        kept_file.keep(str(tmp_path / "fifo"))


@pytest.mark.parametrize(
    "value", [None, [], {}, {"path": "a", "content": None}, {"path": "/a", "content": "", "mode": "0644"}]
)
def test_a_record_that_is_none_is_none(value):
    assert not kept_file.is_kept(value)
