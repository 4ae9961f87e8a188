"""Every rule id in the code has its section in docs/rules.md, and every section a rule."""

import re
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat

ROOT = Path(__file__).resolve().parents[4]
UTILS = ROOT / "plugins" / "plugin_utils"
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_rules_and_sections_are_the_same():
    assert sorted(re.findall(r"^### (\S+)$", PAGE, re.MULTILINE)) == sorted(compat.RULES)


def test_every_section_has_a_fix_and_a_source():
    for section in PAGE.split("\n### ")[1:]:
        assert "**Fix:**" in section and "**Source:**" in section, section.split("\n")[0]


def test_every_id_the_code_reports_is_listed():
    rooms = ("compat", "resolve", "components")
    paths = [path for room in rooms for path in sorted((UTILS / room).glob("*.py"))]
    reported = {
        found
        for path in paths
        for found in re.findall(
            r"(?:error|warn|info|unknown|confirm|say)\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")
        )
    }
    assert len(paths) > 15 and len(reported) > 30
    assert reported <= set(compat.RULES)


def test_findings_of_the_plan_itself_are_in_the_table():
    table = PAGE.split("## Findings of the plan itself")[1].split("\n## ")[0]
    listed = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", table))
    paths = [*(UTILS / "plan").glob("*.py"), ROOT / "plugins" / "action" / "plan.py"]
    reported = {
        found for path in paths for found in re.findall(r"finding\(\s*\"([a-z-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert {"not-ours", "left-alone", "npu-busy"} <= reported
    assert reported <= listed
