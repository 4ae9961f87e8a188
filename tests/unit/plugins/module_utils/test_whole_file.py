"""A file is there whole or not at all, with the mode that was asked for."""

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils import whole_file


def test_replaces_what_was_there(tmp_path):
    path = tmp_path / "report.prom"
    for text, mode in (("old\n", 0o600), ("new \udcff\n", 0o644)):
        whole_file.put(str(path), text, mode)
        assert path.stat().st_mode & 0o777 == mode
    assert path.read_text(encoding="utf-8") == "new ?\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.prom"]


def test_what_cannot_take_its_place_leaves_nothing(tmp_path):
    (tmp_path / "taken" / "by a folder").mkdir(parents=True)
    with pytest.raises(OSError):
        whole_file.put(str(tmp_path / "taken"), "text")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]
