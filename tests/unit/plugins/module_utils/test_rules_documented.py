"""Every rule id in the code has its section in docs/rules.md, and every section a rule."""

import re
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_rules_and_sections_are_the_same():
    assert sorted(re.findall(r"^### (\S+)$", PAGE, re.MULTILINE)) == sorted(compat.RULES)


def test_every_section_has_a_fix_and_a_source():
    for section in PAGE.split("\n### ")[1:]:
        assert "**Fix:**" in section and "**Source:**" in section, section.split("\n")[0]


def test_every_id_the_code_reports_is_listed():
    for path in sorted((ROOT / "plugins" / "module_utils").glob("*.py")):
        if path.name.startswith(("compat", "resolver")):
            reported = re.findall(
                r"(?:error|warn|info|unknown|confirm|severity)\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8")
            )
            assert set(reported) <= set(compat.RULES), path.name


def test_findings_of_the_plan_itself_are_in_the_table():
    table = PAGE.split("## Findings of the plan itself")[1].split("\n## ")[0]
    listed = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", table))
    reported = set()
    for folder, pattern in (("module_utils", "planning*.py"), ("plugin_utils", "plan*.py"), ("action", "plan.py")):
        for path in (ROOT / "plugins" / folder).glob(pattern):
            reported |= set(re.findall(r"finding\(\s*\"([a-z-]+)\"", path.read_text(encoding="utf-8")))
    assert {"not-ours", "left-alone", "npu-busy"} <= reported
    assert reported <= listed
