"""ascend_extra_packages: judged before any host is touched, planned by what the host has, removed by its record."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components, extra_packages
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import back, beside, desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.report import collect
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import files, resolver

TABLES = catalog.load()
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
SDK = {
    "file": "Widget-sdk_{arch}.run", "name": "widget", "version": "1.2.0", "options": ["--install"],
    "proof": "widget/version.info",
}  # fmt: skip
TOOLBOX = {"file": "Ascend-mindx-toolbox_6.0.0_linux-aarch64.run"}
VISION = {
    "file": "Ascend-mindxsdk-mxvision_7.3.0_linux-{arch}.run", "user": "sdk", "install_path": "/home/sdk/Ascend",
}  # fmt: skip
FACTS = {
    "arch": "aarch64", "accelerators": {"family": "910b", "count": 8}, "cann": [], "environments": [], "busy": [],
    "proofs": {}, "driver": {"installed": None, "loaded": None, "damaged": None},
    "firmware": {"installed": None, "loaded": None, "damaged": None}, "journal": {"entries": []},
    "tools": {"gcc": None, "cmake": None}, "reboot_required": False, "reboot_reasons": [], "extra_packages": [],
}  # fmt: skip


def judged(*entries):
    values, problems = desired.read(
        {"ascend_extra_packages": list(entries), "ascend_cann_version": "8.3.RC1", "ascend_mindspore_version": "2.7.1"}
    )
    assert problems == []
    problems = beside.complete(values, TABLES)
    return values["ascend_extra_packages"], [str(problem) for problem in problems]


def plan(*entries, facts=None, parts=("cann", "extra"), cann="8.3.RC1"):
    rows, problems = judged(*entries)
    assert problems == []
    pins = {"cann": cann, "components": list(parts), "extra_packages": rows}
    found = resolver.resolve(TABLES, {key: value for key, value in pins.items() if value}, HOST)
    return steps.plan_host("a", {**FACTS, **(facts or {})}, found, [], steps.Options(parts, "mindspore"))


def mine(made):
    return [step for step in made["steps"] if step["component"] == "extra"]


def on_host(**more):
    return {
        "name": "widget", "version": "1.2.0", "damaged": None, "ours": True, "open": False, "user": None,
        "install_path": "/usr/local/Ascend", "stands_on": {}, "package": "Widget-sdk_aarch64.run", "before": None,
        "proof": "/usr/local/Ascend/widget/version.info", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([{**SDK, "optoins": []}], "Did you mean options?"),
        ([{**SDK, "colour": "red"}], "colour is no key"),
        ([{**SDK, "file": None}], "file is None"),
        ([{**SDK, "file": "../Widget.run"}], "file is '../Widget.run'"),
        ([{**SDK, "file": "/srv/Widget.run"}], "file is '/srv/Widget.run'"),
        ([{**SDK, "file": "Ascend-cann-amct_8.3.RC1_linux-aarch64.tar.gz"}], "ascend_python_extra"),
        ([{**SDK, "file": "msit-8.2.0-py3-none-any.whl"}], "ascend_python_extra"),
        ([{**SDK, "file": "Ascend-mindx-toolbox_6.0.0_linux-aarch64.zip"}], "ascend.fleet.bundle"),
        ([{"file": "Widget-sdk.run"}], "name and version and options and proof are not set"),
        ([{**SDK, "version": 1.2}], "Put it in quotes"),
        ([{**SDK, "options": "--install --quiet"}], "takes a list of words"),
        ([{**SDK, "options": []}], "options is not set"),
        ([{**SDK, "options": ["--install", ""]}], "each word is one option"),
        ([{**SDK, "options": ["--install\n--quiet"]}], "without line breaks"),
        ([{**SDK, "options": ["--uninstall"]}], "does not install"),
        ([{**SDK, "proof": "/etc/passwd"}], "a path below install_path"),
        ([{**SDK, "proof": "../version.info"}], "a path below install_path"),
        ([{**SDK, "pattern": "version=("}], "no regular expression"),
        ([{**SDK, "pattern": "version"}], "needs a group"),
        ([{**SDK, "remove": ["/bin/rm", "-rf"]}], "a script below install_path"),
        ([{**SDK, "install_path": "/"}], "install_path is '/'"),
        ([{**SDK, "install_path": "sdk"}], "install_path is 'sdk'"),
        ([{**SDK, "name": "my sdk"}], "name is 'my sdk'"),
        ([{**SDK, "user": "a;b"}], "user is 'a;b'"),
        ([{**SDK, "user": "sdk"}], "install_path is not set"),
        ([{**SDK, "stands_on": ["toolkit"]}], "stands_on names toolkit; it takes components"),
        ([{**SDK, "name": "driver"}], "which a component of the collection is called"),
        ([{"file": "Ascend-cann-nnae_8.3.RC1_linux-aarch64.run"}], "choose the version with ascend_cann_version"),
        ([{"file": "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run"}], "ascend_driver_version"),
        ([{**TOOLBOX, "version": "7.0.0"}], "6.0.0 by its name"),
        ([{"file": VISION["file"]}], "user is not set"),
        ([SDK, {**SDK, "file": "Widget-sdk-new.run", "version": "2.0.0"}], "named twice"),
        ([SDK, {**SDK, "name": "gadget"}], "would overwrite each other"),
    ],
)
def test_what_is_wrong_is_told_with_the_variable(entries, words):
    rows, problems = judged(*entries)
    assert rows == [] and len(problems) == 1, problems
    assert problems[0].startswith("ascend_extra_packages, entry ") and words in problems[0], problems


@pytest.mark.parametrize("value", [["toolbox.run"], "toolbox.run", 5, {"file": "toolbox.run"}])
def test_what_is_no_list_of_entries_is_refused(value):
    (problem,) = desired.read({"ascend_extra_packages": value, "ascend_cann_version": "8.3.RC1"})[1]
    assert problem.variable == "ascend_extra_packages"


def test_a_wrong_entry_has_its_number():
    assert judged(TOOLBOX, {**SDK, "user": 5})[1][0].startswith("ascend_extra_packages, entry 2")


def test_the_catalog_knows_the_rest():
    (row,), problems = judged(TOOLBOX)
    assert problems == [] and (row["name"], row["version"]) == ("toolbox", "6.0.0")
    assert row["options"] == ["--install", "--quiet"] and row["install_path"] == "/usr/local/Ascend"
    (row,), _problems = judged({**TOOLBOX, "options": ["--install", "--install-path={install_path}"]})
    assert row["options"] == ["--install", "--install-path={install_path}"], "what an entry says goes before"


@pytest.mark.parametrize("row", TABLES["extra"], ids=lambda row: row["extra"])
def test_every_row_of_the_catalog_makes_an_entry(row):
    names = {
        "toolbox": TOOLBOX["file"],
        "mxvision": VISION["file"],
        "mindie": "Ascend-mindie_2.1.RC1_linux-aarch64_abi1.run",
    }
    user = {"user": "sdk", "install_path": "/home/sdk"} if row.get("user") else {}
    (found,), problems = judged({"file": names[row["extra"]], **user})
    assert problems == [] and found["name"] == row["extra"] and set(found["stands_on"]) <= set(components.NAMES)


def test_what_is_lacking_is_a_step_each():
    first, second = mine(plan(SDK, VISION))
    assert (first["id"], first["to"], first["package"]) == ("extra-install-widget", "1.2.0", "Widget-sdk_aarch64.run")
    assert second["product"] == "mxvision" and second["stands_on"] == {"cann": "nnae 8.3.RC1"}
    assert [steps.describe(step) for step in (first, second)] == ["widget 1.2.0", "mxvision 7.3.0"]


@pytest.mark.parametrize(
    ("row", "action", "why"),
    [
        ({"version": "1.1.0"}, "upgrade", "1.1.0 is installed"),
        ({"version": "1.3.0"}, "downgrade", "1.3.0 is installed"),
        ({"open": True}, "repair", "interrupted"),
        ({"damaged": "x states no version", "version": None}, "repair", "states no version"),
        ({"version": None}, "install", "not installed"),
    ],
)
def test_what_is_there_decides(row, action, why):
    made = plan(SDK, facts={"extra_packages": [on_host(**row)]})
    (step,) = mine(made)
    assert step["action"] == action and why in step["why"]
    refused = [row for row in made["findings"] if row["rule"] == "downgrade-refused"]
    assert bool(refused) is (action == "downgrade")
    for found in refused:
        assert found["variable"] == "ascend_extra_packages" and "widget 1.3.0 is installed" in found["message"]


def test_nothing_is_left_of_what_is_there():
    for stands_on in ({}, {"driver": "24.1.0"}):
        assert mine(plan(SDK, facts={"extra_packages": [on_host(stands_on=stands_on)]})) == []


def test_it_is_installed_anew_after_a_change_of_cann():
    there = on_host(name="mxvision", version="7.3.0", user="sdk", stands_on={"cann": "nnae 8.3.RC1"})
    assert mine(plan(VISION, facts={"extra_packages": [there]})) == []
    (step,) = mine(plan(VISION, facts={"extra_packages": [there]}, cann="8.2.RC1"))
    assert step["action"] == "repair" and step["stands_on"] == {"cann": "nnae 8.2.RC1"}
    assert "on top of cann nnae 8.3.RC1, now it is cann nnae 8.2.RC1" in step["why"]


def test_what_it_stands_on_has_to_be_there():
    made = plan(VISION, parts=("extra",))
    (found,) = [row for row in made["findings"] if row["rule"] == "cannot-have"]
    assert made["status"] == "refused" and "stands on cann" in found["message"]
    assert found["variable"] == "ascend_extra_packages"


def test_a_package_of_another_architecture_is_refused():
    made = plan({**TOOLBOX, "file": "Ascend-mindx-toolbox_6.0.0_linux-x86_64.run"})
    (found,) = [row for row in made["findings"] if row["rule"] == "cannot-have"]
    assert made["status"] == "refused" and "{arch}" in found["message"]


def test_what_is_theirs_is_not_touched():
    made = plan(SDK, facts={"extra_packages": [on_host(ours=False, version="1.1.0")]})
    (found,) = [row for row in made["findings"] if row["rule"] == "not-ours"]
    assert made["status"] == "refused" and found["variable"] == "ascend_extra_packages"
    assert mine(plan(SDK, facts={"extra_packages": [on_host(ours=False)]})) == [], "in the wanted version it is used"


def test_ours_is_removed_though_no_variable_names_it():
    facts = {**FACTS, "extra_packages": [on_host(), on_host(name="theirs", ours=False)]}
    found, _findings = back.removal_steps(facts, ["extra"], "mindspore")
    assert [(step["action"], step["product"], step["from"]) for step in found] == [("remove", "widget", "1.2.0")]


def test_what_came_with_the_last_run_goes_with_it():
    facts = {**FACTS, "extra_packages": [on_host(), on_host(name="older")]}
    facts["journal"] = {"entries": [], "before_last_run": {"extra:widget": None}}
    pins, gone = back.rollback_target(facts, ["extra"])
    assert (pins, gone) == ({}, ["extra"])
    found, _findings = back.removal_steps(facts, ["extra"], "mindspore", gone)
    assert [step["product"] for step in found] == ["widget"]


def test_an_upgrade_goes_back_to_the_package_it_came_from():
    before = {"name": "widget", "version": "1.1.0", "package": "Widget-sdk-1.1_aarch64.run", "options": ["--install"],
              "upgrade_options": [], "remove": [], "proof": "widget/version.info", "pattern": None, "user": None,
              "install_path": "/usr/local/Ascend", "stands_on": {"cann": "nnae 8.3.RC1"}, "open": False}  # fmt: skip
    facts = {**FACTS, "extra_packages": [on_host(before=before)]}
    facts["journal"] = {"entries": [], "before_last_run": {"extra:widget": "1.1.0"}}
    pins, gone = back.rollback_target(facts, ["extra"])
    assert gone == [] and pins["extra_packages"][0]["file"] == "Widget-sdk-1.1_aarch64.run"
    found = resolver.resolve(TABLES, {**pins, "components": ["extra"]}, HOST)
    options = steps.Options(["extra"], "mindspore", allow_downgrade=True)
    made = steps.plan_host("a", {**facts, "cann": []}, found, [], options)
    (step,) = mine(made)
    assert (step["action"], step["to"], step["package"]) == ("downgrade", "1.1.0", "Widget-sdk-1.1_aarch64.run")


def test_it_is_reported():
    made = plan(SDK, TOOLBOX, facts={"extra_packages": [on_host()]})
    seen = collect.record("a", {"ascend_facts": {**FACTS, "extra_packages": [on_host()]}, "ascend_plan": made})
    assert seen["versions"]["extra"] == "widget 1.2.0" and seen["desired"]["extra"] == "toolbox 6.0.0, widget 1.2.0"
    assert "toolbox 6.0.0" in [step["words"] for step in seen["plan"]]


def test_its_files_are_collected():
    wants = files.wants(plan(SDK, TOOLBOX)["stack"], HOST, TABLES)
    assert {"Widget-sdk_aarch64.run", TOOLBOX["file"]} <= {want.name for want in wants}


def test_host_facts_is_told_where_to_look():
    rows = beside.proofs({"ascend_extra_packages": [SDK], "ascend_install_path": None}, TABLES)
    assert rows == [
        {"name": "widget", "install_path": "/usr/local/Ascend", "proof": "widget/version.info", "pattern": None}
    ]
    for wrong in (None, "text", 5, [5], [{**SDK, "proof": None}]):
        assert beside.proofs({"ascend_extra_packages": wrong, "ascend_install_path": None}, TABLES) == []


def test_the_variable_is_named_once():
    assert components.get("extra").chosen_by == extra_packages.VARIABLE
