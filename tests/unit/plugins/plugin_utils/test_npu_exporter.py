"""The exporter among the components: who gets it, in which release, and what brings a host there."""

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components, mindcluster
from ansible_collections.ascend.fleet.plugins.plugin_utils.component import Site
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import accounts, back, desired, steps
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver

TABLES = catalog.load()
COMPONENT = components.get("npu_exporter")
HOST = {"chip": "910b", "arch": "aarch64", "host_kind": "physical"}
PARTS = ["driver", "firmware", "npu_exporter"]
PACKAGE = "Ascend-mindxdl-npu-exporter_{}_linux-aarch64.zip"
ABSENT = {
    **dict.fromkeys(("installed", "path", "state", "pid", "address", "port", "damaged")),
    **{"ours": False, "enabled": False},
}
OURS = {
    "installed": "7.2.RC1", "ours": True, "path": "/usr/local/bin/npu-exporter", "state": "active", "enabled": True,
    "pid": 77, "address": "127.0.0.1", "port": 8082, "damaged": None,
}  # fmt: skip
THEIRS = {**OURS, "installed": "5.0.0", "ours": False}


def resolve(pins=(), host=HOST):
    return resolver.resolve(TABLES, {"driver": "25.3.rc1", "components": PARTS, **dict(pins)}, host)


def facts(exporter=ABSENT, **more):
    hdk = {"installed": "25.3.rc1", "loaded": "25.3.rc1", "damaged": None, "path": "/usr/local/Ascend/driver"}
    return {
        "accelerators": {"family": "910b", "count": 8}, "cann": [], "environments": [], "busy": [], "proofs": {},
        "driver": hdk, "firmware": {**hdk, "installed": "7.8.0.2.212", "loaded": "7.8.0.2.212"},
        "journal": {"entries": [], "held": []}, "tools": {"gcc": None, "cmake": None}, "reboot_required": False,
        "reboot_reasons": [], "npu_exporter": exporter, **more,
    }  # fmt: skip


def plan(exporter=ABSENT, pins=(), take_over=(), **more):
    options = steps.Options(PARTS, "mindspore", take_over=take_over)
    return steps.plan_host("host", facts(exporter, **more), resolve(pins), [], options)


def told(found):
    return " ".join(row["message"] for row in found["findings"])


def test_nobody_gets_it_who_does_not_ask_for_it():
    found = resolver.resolve(TABLES, {"mindspore": "2.7.1"}, HOST)
    assert found["ok"] and found["stack"]["npu_exporter"] is None
    pinned = resolver.resolve(TABLES, {"mindspore": "2.7.1", "npu_exporter": "7.2.RC1"}, HOST)
    assert pinned["stack"]["npu_exporter"]["version"] == "7.2.RC1"
    guest = resolve(host={**HOST, "host_kind": "container"})
    assert guest["stack"]["npu_exporter"] is None


def test_the_release_follows_the_driver():
    entry = resolve()["stack"]["npu_exporter"]
    assert entry == {
        "version": "7.2.RC1", "package": PACKAGE.format("7.2.RC1"), "address": "127.0.0.1", "port": 8082,
    }  # fmt: skip
    assert resolve({"driver": "25.5.2"})["stack"]["npu_exporter"]["version"] == "26.1.0"


def test_a_release_that_no_source_joins_to_the_driver_is_said_to_be_one():
    found = resolve({"npu_exporter": "26.1.0"})
    assert found["stack"]["npu_exporter"]["version"] == "26.1.0"
    assert [row["rule"] for row in found["findings"] if "NPU exporter 26.1.0" in row["message"]] == [
        "mindcluster-stack"
    ]
    assert not [row for row in resolve()["findings"] if "NPU exporter" in row["message"]]


@pytest.mark.parametrize(
    ("driver", "cann", "chip", "first"),
    [
        ("25.5.0", None, "910b", "26.1.0"),
        (None, "8.5.0", "910b", "26.1.0"),
        (None, "8.3.RC1", "910b", "7.2.RC1"),
        ("25.3.rc1", "8.3.RC1", "910b", "7.2.RC1"),
        ("23.0.rc1", None, "910", "26.1.0"),
        (None, None, None, "26.1.0"),
    ],
)
def test_the_release_that_lists_what_a_host_has_comes_first(driver, cann, chip, first):
    found = mindcluster.ordered(TABLES, driver, cann, chip)
    assert found[0] == first and sorted(found) == sorted(row["mindcluster"] for row in TABLES["mindcluster"])


def test_a_host_without_it_gets_it():
    found = plan()
    assert [(step["id"], step["package"]) for step in found["steps"]] == [
        ("npu_exporter-install", PACKAGE.format("7.2.RC1"))
    ]
    assert not found["steps"][0]["reboot"]


def test_a_host_with_it_is_converged():
    assert plan(OURS)["status"] == "converged"


def test_another_address_is_a_step_without_a_package():
    found = plan(OURS, {"npu_exporter_address": "192.0.2.1"})
    assert [(step["action"], step["package"]) for step in found["steps"]] == [("configure", None)]
    assert "127.0.0.1:8082, not on 192.0.2.1:8082" in found["steps"][0]["why"]
    assert steps.describe(found["steps"][0]) == "configure npu_exporter 7.2.RC1"


def test_a_service_that_stands_still_is_started_unless_a_reboot_does_that():
    stopped = {**OURS, "state": "inactive"}
    assert [step["action"] for step in plan(stopped)["steps"]] == ["repair"]
    waiting = plan(stopped, reboot_required=True, reboot_reasons=["driver"])
    assert [step["component"] for step in waiting["steps"]] == ["reboot"]
    assert plan({**OURS, "state": "activating"})["status"] == "converged"


def test_one_that_is_damaged_is_repaired_from_its_package():
    found = plan({**OURS, "damaged": "its unit is gone"})
    assert [(step["action"], step["package"]) for step in found["steps"]] == [("repair", PACKAGE.format("7.2.RC1"))]


def test_theirs_is_refused_used_or_taken_over():
    refused = plan(THEIRS)
    assert refused["status"] == "refused" and "ascend_take_over: [npu_exporter]" in told(refused)
    unknown = plan({**THEIRS, "installed": None})
    assert unknown["status"] == "refused" and unknown["steps"][0]["action"] == "replace"
    assert plan({**THEIRS, "installed": "7.2.RC1", "port": 9999})["status"] == "converged"
    taken = plan(THEIRS, take_over=["npu_exporter"])
    assert taken["status"] == "pending" and taken["steps"][0]["take_over"]


@pytest.mark.parametrize(
    ("row", "said", "numbers", "severity", "word"),
    [
        ({"uid": None, "user_of_id": None}, "auto", {"hwMindX": 9000}, None, ""),
        ({"uid": 9000, "user_of_id": "hwMindX"}, "auto", {"hwMindX": 9000}, None, ""),
        ({"uid": None, "user_of_id": "alice"}, "auto", {}, "error", "which alice has"),
        ({"uid": None, "user_of_id": None}, "9100", {"hwMindX": 9100}, None, ""),
        ({"uid": 1005, "gid": 1005, "user_of_id": None}, "auto", {}, "warning", "cannot write their logs"),
    ],
)
def test_its_user_has_one_number_everywhere(row, said, numbers, severity, word):
    values, problems = desired.read({"ascend_npu_exporter_user_id": said, "ascend_components": PARTS})
    assert not problems
    seen = {"accounts": [{"name": "hwMindX", "gid": None, "group_of_id": None, **row}]}
    got, found = accounts.judge(seen, {"npu_exporter": {"version": "7.2.RC1"}}, values)
    assert got == numbers and [one["severity"] for one in found] == ([severity] if severity else [])
    assert word in " ".join(one["message"] for one in found)


def test_a_number_that_is_none_is_refused():
    _values, problems = desired.read({"ascend_npu_exporter_user_id": "root", "ascend_components": PARTS})
    assert "ascend_npu_exporter_user_id" in str(problems[0])


@pytest.mark.parametrize(
    ("name", "value"), [("npu_exporter_port", 80), ("npu_exporter_address", "::"), ("npu_exporter_address", "a host")]
)
def test_a_place_where_it_cannot_listen_is_refused_before_any_host_is_touched(name, value):
    found = plan(pins={name: value})
    assert found["status"] == "refused" and f"ascend_{name}" in told(found)


def test_it_needs_a_driver():
    none = {"installed": None, "loaded": None, "damaged": None, "path": None}
    options = steps.Options(["npu_exporter"], "mindspore")
    stack = resolver.resolve(TABLES, {"npu_exporter": "7.2.RC1", "components": ["npu_exporter"]}, HOST)
    found = steps.plan_host("host", facts(driver=none, firmware=none), stack, [], options)
    assert found["status"] == "refused" and "neither has nor gets" in told(found)


def test_the_exporter_of_ours_does_not_keep_the_driver_from_changing():
    busy = [{"pid": 77, "command": "/usr/local/bin/npu-exporter", "paused": True}]
    options = steps.Options(PARTS, "mindspore")
    older = facts(OURS, busy=busy)
    older["driver"] = {**older["driver"], "installed": "24.1.rc3", "loaded": "24.1.rc3"}
    older["journal"]["held"] = [
        {
            "component": "driver",
            "install_path": "/usr/local/Ascend",
            "version": "24.1.rc3",
            "replaced": None,
            "open": False,
        }
    ]
    found = steps.plan_host("host", older, resolve(), [], options)
    assert found["status"] == "pending" and [step["component"] for step in found["steps"]] == ["driver", "reboot"]
    older["busy"] = [*busy, {"pid": 5, "command": "python train.py"}]
    refused = steps.plan_host("host", older, resolve(), [], options)
    assert refused["status"] == "refused" and "python train.py (pid 5)" in told(refused)
    assert "npu-exporter" not in told(refused)


def test_it_goes_away_and_back():
    held = {
        "component": "npu_exporter",
        "install_path": "/usr/local/bin",
        "version": "7.2.RC1",
        "replaced": None,
        "open": False,
    }
    gone, findings = back.removal_steps(facts(OURS, journal={"entries": [], "held": [held]}), PARTS, "mindspore")
    assert [step["id"] for step in gone if step["component"] == "npu_exporter"] == ["npu_exporter-remove"]
    _none, findings = back.removal_steps(facts(THEIRS), PARTS, "mindspore")
    assert any("npu_exporter 5.0.0 is left alone" in row["message"] for row in findings)
    mine = facts(OURS, journal={"entries": [], "held": [{**held, "replaced": "5.0.0"}]})
    taken, findings = back.removal_steps(mine, ["npu_exporter"], "mindspore")
    assert taken == [] and "in place of 5.0.0" in findings[0]["message"]
    earlier = facts(OURS, journal={"entries": [], "held": [], "before_last_run": {"npu_exporter": "7.1.RC1"}})
    assert back.rollback_target(earlier, PARTS) == (
        {"npu_exporter": "7.1.RC1", "npu_exporter_address": "127.0.0.1", "npu_exporter_port": 8082},
        [],
    )


def test_its_file_is_published_by_the_vendor():
    wants = COMPONENT.files(resolve()["stack"], HOST, TABLES)
    assert [want.name for want in wants] == [PACKAGE.format("7.2.RC1")]
    assert wants[0].url.startswith("https://") and wants[0].url.endswith("/MindX/MindX%207.2.RC1/" + wants[0].name)


def test_its_variables_are_pins_with_defaults():
    values, problems = desired.read({"ascend_npu_exporter_port": "9101", "ascend_components": PARTS})
    assert not problems
    pins = desired.pins(values)
    assert (pins["npu_exporter_address"], pins["npu_exporter_port"]) == ("127.0.0.1", 9101)


def test_its_version_is_what_was_seen():
    assert COMPONENT.seen(facts(OURS), {}) == "7.2.RC1" and COMPONENT.seen({}, {}) is None


def test_a_host_that_says_nothing_of_it_has_none():
    seen = dict(facts())
    del seen["npu_exporter"]
    assert COMPONENT.standing(Site(seen, "mindspore"), True) == []
