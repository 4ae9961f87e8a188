# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a stack needs has one answer: what resolve lists, what bundle collects and what a plan installs."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from ansible_collections.ascend.fleet.plugins.action import bundle, resolve
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import names
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, control_action
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes

CATALOG = catalog.load()
FRAMEWORKS = [row["mindspore"] for row in CATALOG["mindspore"]]
CHIPS = [row["chip"] for row in CATALOG["chips"]]
ARCHES = ("aarch64", "x86_64")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(control_action.ActionBase, "run", lambda self, tmp, task_vars: {})
    monkeypatch.setattr(bundle.wishes, "of_host", lambda _templar, variables: wish(variables))
    monkeypatch.setattr(bundle.role_requirements, "environment", lambda *_args: ([], []))
    monkeypatch.setattr(bundle.Display, "warning", lambda self, text: pytest.fail(text))


def wish(variables):
    values, problems = desired.read({key: variables[key] for key in desired.names(variables)})
    return Wishes(values, CATALOG, problems)


def facts(chip="910b", arch="aarch64", variant=None, driver=None, firmware=None, **changes):
    return {
        "accelerators": {"family": chip, "variant": variant, "count": 8},
        "arch": arch,
        "os": {"id": "openeuler", "version": "22.03"},
        "host_kind": "physical",
        "glibc": "2.34",
        "driver": {"installed": None, "loaded": None, "damaged": None, **(driver or {})},
        "firmware": {"installed": None, "damaged": None, **(firmware or {})},
        "cann": [],
        "environments": [],
        "journal": {"entries": []},
        "tools": {"gcc": None, "cmake": None},
        "busy": [],
        "proofs": {},
        "reboot_required": False,
        "reboot_reasons": [],
        **changes,
    }


def observed(found):
    return {"ansible_facts": {"ascend": found}}


def collected(variables, found=None, **described):
    """What bundle would collect: every file and every wheel of no index; None when there is no stack."""
    action = object.__new__(bundle.ActionModule)
    action._task, action._templar = SimpleNamespace(module_defaults=[], args={}, check_mode=True), None
    args = {"hosts": ["h"], "chips": [], "files": [], "wheels": True, "requirements": [], "glibc": None}
    args.update(described)
    variables = {**variables, **({"ascend_observation": observed(found)} if found else {})}
    task_vars = {"hostvars": SimpleNamespace(raw_get=lambda _host: variables), **variables}
    try:
        wants, sets, _rests_on = action._needs(args, task_vars)
    except bundle.ArtifactError as error:
        assert "no stack" in str(error)
        return None
    return [*wants, *(want for one in sets for want in one.direct)]


def resolved(framework, host):
    """What resolve lists; None when there is no stack."""
    action = object.__new__(resolve.ActionModule)
    action._task = SimpleNamespace(
        module_defaults=[], action="ascend.fleet.resolve", args={"pins": {"mindspore": framework}, "host": host}
    )
    action._templar, action._loader = None, None
    result = action.run(None, {})
    return None if result.get("failed") else result["files"]


def as_listed(wants):
    return sorted(
        (
            names.base_name(want.name),
            want.component,
            want.version,
            want.url,
            want.headers,
            *(getattr(want.archive, key, None) for key in ("name", "url", "sha256")),
        )
        for want in wants
    )


def as_returned(rows):
    keys = ("file", "component", "version", "url", "headers", "zip", "zip_url", "zip_sha256")
    return sorted(tuple(row[key] for key in keys) for row in rows)


@pytest.mark.parametrize("chip", CHIPS)
def test_resolve_lists_what_bundle_collects(chip):
    compared = 0
    for framework, arch in itertools.product(FRAMEWORKS, ARCHES):
        rows = resolved(framework, {"chip": chip, "arch": arch, "host_kind": "physical"})
        variables = {"ascend_mindspore_version": framework}
        wants = collected(variables, chips=[chip], arches=[arch], host_kind="physical")
        assert (rows is None) == (wants is None), (framework, arch)
        if rows is not None:
            assert as_returned(rows) == as_listed(wants), (framework, arch)
            compared += len(rows)
    assert compared or all(row["driver"] is None for row in CATALOG["hdk"] if chip in row["chips"])


@pytest.mark.parametrize("variant", ["ep", "soc"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_board_that_is_its_own_host_gets_the_same_files_from_both(framework, variant):
    host = {"chip": "310b", "arch": "aarch64", "host_kind": "physical", "variant": variant}
    rows = resolved(framework, host)
    found = facts("310b", variant=variant)
    wants = collected({"ascend_mindspore_version": framework}, found)
    assert (rows is None) == (wants is None)
    if rows is not None:
        assert as_returned(rows) == as_listed(wants)
        drivers = [row["file"] for row in rows if row["component"] in ("driver", "firmware")]
        assert drivers and all(("-soc_" in name) == (variant == "soc") for name in drivers)


def test_a_310_has_addresses_without_a_zip():
    rows = resolved("1.10.1", {"chip": "310", "arch": "aarch64", "host_kind": "physical"})
    wants = {want.name: want for want in collected({"ascend_mindspore_version": "1.10.1"}, facts("310"))}
    mine = [row for row in rows if row["component"] in ("driver", "firmware")]
    assert mine and all(row["url"] and row["zip"] is None for row in mine)
    assert all(wants[row["file"]].url == row["url"] for row in mine)


CODES = [f"V100R001C{number}" for number in range(10, 31)]
DECLARED = [
    {},
    {"installed": "25.5.0", "compatible_cann": CODES},
    {"installed": "25.5.0", "compatible_cann": CODES[5:10]},
    {"installed": "24.1.rc3", "compatible_cann": CODES[3:8]},
    {"installed": "23.0.0"},
]


def planned(variables, found):
    plan = Planner().plan("h", observed(found), wish(variables))
    entries = [plan["stack"][name] for name in ("driver", "firmware", "cann", "kernels")] if plan["stack"] else []
    return plan["stack"], {entry["package"] for entry in entries if entry and entry.get("package")}


@pytest.mark.parametrize("driver", DECLARED, ids=lambda row: f"{row.get('installed')}-{len(row)}")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_bundle_collects_what_the_plan_of_the_host_wants(framework, driver):
    variables = {"ascend_mindspore_version": framework}
    for chip in ("910", "910b", "310p"):
        found = facts(chip, driver={**driver, "loaded": driver.get("installed")})
        stack, wanted = planned(variables, found)
        wants = collected(variables, found)
        assert (stack is None) == (wants is None)
        assert {want.name for want in wants or [] if want.kind == "package"} == wanted, chip


def test_a_driver_that_declares_more_than_the_catalog_knows_is_kept_by_both():
    variables = {"ascend_mindspore_version": "2.4.1"}
    found = facts(driver={"installed": "25.5.0", "loaded": "25.5.0", "compatible_cann": CODES})
    stack, wanted = planned(variables, found)
    assert (stack["driver"]["version"], stack["firmware"]["version"]) == ("25.5.0", "7.8.0.5.216")
    assert {want.name for want in collected(variables, found)} >= wanted
    described = collected(variables, chips=["910b"], arches=["aarch64"], host_kind="physical")
    assert "24.1" in next(want.version for want in described if want.component == "driver"), "nobody asked the host"


def test_the_device_that_the_variables_name_counts_in_both():
    variables = {"ascend_mindspore_version": "2.7.1", "ascend_device_target": "CPU"}
    found = facts()
    answer = Planner().resolution(wish(variables), found)
    assert answer["stack"] == planned(variables, found)[0]
    assert answer["stack"]["inference"]["device_target"] == "CPU"
