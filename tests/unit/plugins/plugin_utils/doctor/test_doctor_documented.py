"""Every diagnosis stands in docs/doctor.md, with its severity, and nothing else does."""

import re
from pathlib import Path

from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import diagnosis, network, unobserved
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor

PAGE = (Path(__file__).resolve().parents[5] / "docs" / "doctor.md").read_text(encoding="utf-8")
RULES = (*unobserved.RULES, *doctor.RULES, *doctor.PROBE_RULES, *diagnosis.WISH_RULES, *network.FLEET_RULES)


def test_rules_and_rows_are_the_same():
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \| ([^|]+?) \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted((rule["id"], rule["severity"], rule["problem"]) for rule in RULES)


def test_messages_lead_to_rules_that_exist():
    table = PAGE.partition("## From a message to its diagnosis")[2]
    named = re.findall(r"`([a-z0-9-]+)`", table)
    assert len(named) > 40
    assert set(named) <= {rule["id"] for rule in RULES} | set(compat.RULES)
