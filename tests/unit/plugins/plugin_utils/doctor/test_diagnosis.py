"""The diagnosis of hosts that answer, of hosts that do not, and its words."""

from __future__ import annotations

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import diagnosis, unobserved
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import rules as doctor
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import desired
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.planner import Planner
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.wishes import Wishes
from ansible_collections.ascend.fleet.tests.unit.dictview import DictView

# ansible's observation -> id of the diagnosis
UNOBSERVED = {
    "ssh-host-key": {"unreachable": True, "msg": "@ REMOTE HOST IDENTIFICATION HAS CHANGED! @ Host key ..."},
    "ssh-name": {"unreachable": True, "msg": "ssh: Could not resolve hostname npu7: Name or service not known"},
    "ssh-denied": {"unreachable": True, "msg": "ops@10.0.0.1: Permission denied (publickey,password)."},
    "ssh-refused": {"unreachable": True, "msg": "ssh: connect to host 10.0.0.1 port 22: Connection refused"},
    "ssh-dropped": {"unreachable": True, "msg": "Shared connection to 10.0.0.1 closed."},
    "ssh-timeout": {"unreachable": True, "msg": "ssh: connect to host 10.0.0.1 port 22: No route to host"},
    "sudo-refused": {"failed": True, "msg": "Missing sudo password"},
    "python-missing": {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "sh: /usr/bin/python3: not found"},
    "remote-disk-full": {"unreachable": True, "msg": "Failed to create temporary directory. mkdir: No space left"},
    "unreachable": {"unreachable": True, "msg": "Data could not be sent to remote host"},
    "not-observed": {"failed": True, "msg": "KeyError: 'x'"},
}  # fmt: skip


def diagnose(tables, observation, variables=None):
    wants, problems = desired.read(variables or {})
    return diagnosis.of_host("h", observation, {}, Wishes(wants, tables, problems), Planner())


def observed(facts):
    return {"ansible_facts": {"ascend": facts}}


@pytest.mark.parametrize("rule", sorted(UNOBSERVED))
def test_a_host_that_was_not_observed(tables, rule):
    [row] = diagnose(tables, UNOBSERVED[rule])
    assert (row["id"], row["severity"]) == (rule, "error")
    assert UNOBSERVED[rule]["msg"][:30] in row["evidence"] and row["fix"] and row["source"]
    assert set(row) == {"id", "severity", "problem", "evidence", "fix", "source"}


def test_every_reason_has_a_case():
    assert [rule["id"] for rule in unobserved.RULES if rule["id"] not in UNOBSERVED] == []


def test_the_words_of_ssh_without_those_of_ansible():
    message = "Task failed: Failed to connect to the host via ssh: ssh: connect to host h port 22: Connection refused"
    assert unobserved.explain({"unreachable": True, "msg": message})["evidence"].startswith("ssh: connect to host h")
    assert unobserved.explain({})["evidence"] == "it was not observed in this run"


def test_no_variables_are_needed(tables, facts):
    assert diagnose(tables, observed(facts)) == []


def test_no_catalog_is_needed(facts):
    broken = desired.Problem("ascend_catalog_overlay", "ascend_catalog_overlay: no such folder")
    rows = diagnosis.of_host("h", observed(facts), {}, Wishes(desired.read({})[0], {}, [broken]), Planner())
    assert [(row["id"], row["severity"]) for row in rows] == [("variables", "warning")]


def test_versions_that_are_there_are_judged(tables, facts):
    facts["environments"][0]["packages"].update(mindspore="1.10.1")
    rows = {row["id"]: row for row in diagnose(tables, observed(facts))}
    assert rows["mindspore-cann"]["severity"] == "error"
    assert "1.10.1" in rows["mindspore-cann"]["evidence"]
    accepted = diagnose(tables, observed(facts), {"ascend_accept_findings": list(rows)})
    assert "mindspore-cann" not in [row["id"] for row in accepted]


def test_a_version_the_catalog_lacks_is_no_sickness(tables, facts):
    facts["environments"][0]["packages"].update(mindspore="2.99.0")
    assert {row["id"]: row["severity"] for row in diagnose(tables, observed(facts))}["unknown-version"] == "warning"


def test_one_thing_is_said_once(tables, facts):
    facts["firmware"].update(installed="6.3.0.1.241", compatible_driver=[["23.0", "23.0."]])
    ids = [row["id"] for row in diagnose(tables, observed(facts))]
    assert "driver-firmware-mismatch" in ids and "driver-firmware-pair" not in ids


def test_what_is_wanted_is_never_an_error(tables, facts):
    wanted = {"ascend_mindspore_version": "2.7.1", "ascend_artifacts": None}
    rows = {row["id"]: row["severity"] for row in diagnose(tables, observed(facts), wanted)}
    assert set(rows) <= {"plan-refused", "not-as-wanted"} and rows
    assert set(rows.values()) == {"warning"}
    rows = diagnose(tables, observed(facts), {"ascend_mindspore_version": "2.7.1", "ascend_mindspore_versoin": "1"})
    assert [row["id"] for row in rows] == ["variables"]


def test_a_probe_is_used(tables, facts):
    from ansible_collections.ascend.fleet.plugins.module_utils.host import deeper as doctor_probe

    view = DictView({"/etc/pam.d/su": "auth required pam_unix.so\n"})
    seen = doctor_probe.collect(view, {"install_path": "/x", "env_root": "/y", "controller_time": 0.0}, 7200.0)
    wish = Wishes(desired.read({})[0], tables, [])
    rows = diagnosis.of_host("h", observed(facts), {"doctor_probe": seen}, wish, Planner())
    assert [row["id"] for row in rows] == ["clock-wrong", "su-asks-password"]


def row(identifier, severity):
    return {"id": identifier, "severity": severity, "problem": "It is broken.", "evidence": "seen " * 40,
            "fix": "Mend /a/very/long/path it.", "source": "us"}  # fmt: skip


def test_lines_of_a_fleet():
    text = diagnosis.lines(
        {"h1": [], "h3": [row("b", "warning")], "h2": [row("a", "error"), row("c", "info")], "h4": [row("c", "info")]},
        dict.fromkeys(("h1", "h2", "h3", "h4"), "driver 25.3.rc1"),
    )
    assert text[0] == "Diagnosis of 4 hosts: 1 sick, 1 with warnings, 2 healthy"
    heads = [line for line in text if line.startswith("  h")]
    states = [head.strip().split(" (")[0] for head in heads]
    assert states == ["h2: sick", "h3: with warnings", "h1: healthy", "h4: healthy"]
    assert heads[2:] == ["  h1: healthy (driver 25.3.rc1)", "  h4: healthy (driver 25.3.rc1); remarks: c"]
    assert "    1. error: It is broken. [a]" in text
    assert all(len(line) <= diagnosis.WIDTH for line in text)


def test_lines_of_one_host_spell_out_its_remarks():
    text = "\n".join(diagnosis.lines({"h": [row("c", "info")]}, {"h": "x"}))
    assert "h: healthy (x)" in text and "1. info: It is broken. [c]" in text
    assert diagnosis.lines({"h": []}, {"h": "x"}) == ["Diagnosis of 1 host: 1 healthy", "", "  h: healthy (x)"]


def test_summary(facts):
    text = diagnosis.summary(facts)
    assert "driver 25.3.rc1" in text and "8 of 8 chips OK" in text and "MindSpore 2.7.1" in text
    assert diagnosis.summary(None) == "not observed"


def test_ids_are_unique_everywhere():
    rules = (*doctor.RULES, *doctor.PROBE_RULES, *unobserved.RULES, *diagnosis.WISH_RULES)
    identifiers = [rule["id"] for rule in rules]
    assert len(set(identifiers)) == len(identifiers)
