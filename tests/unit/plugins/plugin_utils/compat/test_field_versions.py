"""Version sets that other people have, with the verdict that is right for them; docs/field-versions.md counts them."""

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import codes, pairing
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import input as compat_input
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import judge as compat

DATA = catalog.load()
CASES = yaml.safe_load((Path(__file__).parent / "fixtures" / "field_versions.yml").read_text(encoding="utf-8"))
PAGE = (Path(__file__).resolve().parents[5] / "docs" / "field-versions.md").read_text(encoding="utf-8")


def judge(versions, host):
    host = compat_input.read_host(host, DATA)
    return compat.judge(DATA, compat_input.read_versions(versions), host, host.get("installed"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_verdict_is_the_right_one(case):
    found = judge(case["versions"], case["host"])["findings"]
    blocking = compat.blocking(found)
    assert (not blocking) == case["compatible"], blocking
    said = {item["rule"] for item in found}
    assert set(case.get("says") or []) <= said
    assert case["compatible"] or {item["rule"] for item in blocking} == set(case["says"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_no_fix_names_what_was_refused(case):
    for item in compat.blocking(judge(case["versions"], case["host"])["findings"]):
        fix = item["message"].rpartition("Set ascend_")[2] if "Set ascend_" in item["message"] else ""
        refused = case["versions"].get((item["variable"] or "").replace("ascend_", "").replace("_version", ""))
        assert not refused or not re.search(rf"(?<![\w.]){re.escape(refused)}(?![\w.])", fix), item


def test_the_table_of_the_page_is_this_one():
    for verdict in ("right", "wrong", "silent"):
        assert f"| {verdict} | {sum(case['before'] == verdict for case in CASES)} |" in PAGE
    assert f"{len(CASES)} sets" in PAGE


def test_desk_and_host_say_the_same():
    """Every driver of the catalog with codes, as it declares them on a host, with every CANN."""
    compared = 0
    for row in DATA["hdk"]:
        if not row.get("codes"):
            continue
        declared = {"installed": row["driver"], "compatible_cann": [f"V100R001{code}" for code in row["codes"]]}
        for cann in DATA["cann"]:
            at_desk = pairing.driver_and_cann(DATA, row["driver"], cann["cann"])
            on_host = pairing.driver_and_cann(DATA, row["driver"], cann["cann"], {}, {"driver": declared})
            assert at_desk.acceptable == on_host.acceptable, (row["driver"], cann["cann"])
            assert (at_desk.status == "refused") == (on_host.status == "refused"), (row["driver"], cann["cann"])
            compared += 1
    assert compared > 300


@pytest.mark.parametrize(
    ("code", "entries", "driver", "held"),
    [
        ("C12", ["V100R001C21,V100R001C12"], "26.2.0", True),
        ("C25", ["V100R001C21,V100R001C12"], "26.2.0", False),  # of CANN 9.x no release had it
        ("C10", ["C21", "C22", "C23", "C25", "C10"], "25.5.1", True),
        ("C11", ["C21", "C22", "C23", "C25", "C10"], "25.5.1", False),
        ("C10", ["V100R001C30", "V100R001C13", "V100R001C10"], "24.1.rc1", False),  # a code of 2022
        ("C11", ["V100R003C11"], "25.5.1", False),  # another R
        ("C15", ["C10", "C11", "C15"], "28.0.0", True),
    ],
)
def test_codes_of_cann_9_in_a_drivers_list(code, entries, driver, held):
    assert codes.listed_by_driver(codes.of_cann(code, "9.9.0"), entries, driver) is held


def test_codes_before_cann_9():
    assert codes.listed_by_driver(codes.of_cann("C25", "8.5.0"), ["V100R001C21,V100R001C12"], "26.2.0")
    assert codes.listed_by_cann(codes.of_driver("C10", "26.0.rc1"), ["C15", "C10"], "8.0.RC1") is False
    assert codes.of_cann("", "8.5.0") is None and codes.of_driver(None, None) is None
    assert codes.names(["V100R001C13,V100R001C19", "C30", "?"]) == "C13 to C19, C30, ?"


def test_nothing_known_is_said_so():
    assert pairing.driver_and_cann(DATA, None, "8.5.0").status == "unknown"
    assert pairing.driver_and_cann(DATA, "1.2.3", "8.5.0").status == "refused"  # older than what 8.3 does not run on
    assert not pairing.driver_and_cann(DATA, "99.0.0", "8.5.0").acceptable
