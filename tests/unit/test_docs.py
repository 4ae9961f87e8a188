"""Documentation that would otherwise fall behind the code."""

from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.desired import VARIABLES

ROOT = Path(__file__).resolve().parents[2]


def test_every_variable_is_documented():
    text = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8")
    assert [name for name in VARIABLES if f"`{name}`" not in text] == []
