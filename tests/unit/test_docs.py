"""Documentation that would otherwise fall behind the code."""

import re
from pathlib import Path

import variables_page
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.desired import OWN, VARIABLES

ROOT = Path(__file__).resolve().parents[2]


def test_every_variable_is_documented():
    words, rows = variables_page.written()
    assert rows == variables_page.table(), "make it anew: python tests/unit/variables_page.py"
    assert words.startswith("# Variables") and all(f"| `{name}` |" in rows for name in VARIABLES)


def test_pages_that_the_table_names_are_there():
    pages = re.findall(r"\]\(([\w-]+\.md)(?:#([\w-]+))?\)", variables_page.table())
    assert pages
    for page, anchor in pages:
        titles = re.findall(r"^#+ (.*)$", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.M)
        assert not anchor or anchor in {title.lower().replace(" ", "-") for title in titles}


def test_every_shared_variable_of_roles_and_playbooks_is_known():
    """A variable that a role sets and desired.py does not know would be refused as a misspelt wish."""
    names = set()
    for path in [*(ROOT / "roles").rglob("*.yml"), *(ROOT / "playbooks").glob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        names.update(re.findall(r"^\s+(ascend_\w+):(?:\s|$)", text, re.M))
        names.update(re.findall(r"register: (ascend_\w+)", text))
    entry_points = {path.stem for path in (ROOT / "roles" / "ascend" / "tasks").glob("*.yml")}
    assert names - set(VARIABLES) - OWN - entry_points == set()
