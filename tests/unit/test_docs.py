"""Documentation that would otherwise fall behind the code."""

import re
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.desired import OWN, VARIABLES

ROOT = Path(__file__).resolve().parents[2]


def test_every_variable_is_documented():
    text = (ROOT / "docs" / "variables.md").read_text(encoding="utf-8")
    assert [name for name in VARIABLES if f"`{name}`" not in text] == []


def test_every_shared_variable_of_roles_and_playbooks_is_known():
    """A variable that a role sets and desired.py does not know would be refused as a misspelt wish."""
    names = set()
    for path in [*(ROOT / "roles").rglob("*.yml"), *(ROOT / "playbooks").glob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        names.update(re.findall(r"^\s+(ascend_\w+):(?:\s|$)", text, re.M))
        names.update(re.findall(r"register: (ascend_\w+)", text))
    entry_points = {path.stem for path in (ROOT / "roles" / "ascend" / "tasks").glob("*.yml")}
    assert names - set(VARIABLES) - OWN - entry_points == set()
