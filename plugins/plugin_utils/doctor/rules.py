# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a host, why one can say so, and what to do about it.

Pure: the facts of host_facts in, problems out. Each rule is one row of a table: a function that returns the
evidence (text, or None when the problem is not there), and the words around it. A rule only speaks of what the
facts show; what they do not show (None) is no evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor import (
    containers,
    driver,
    hardware,
    models,
    network,
    npu,
    pytorch,
    software,
    system,
    tuning,
)
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import HIDDEN
from ansible_collections.ascend.fleet.plugins.plugin_utils.shapes import SEVERITIES

RULES = (
    *hardware.RULES,
    *driver.RULES,
    *npu.RULES,
    *network.RULES,
    *software.RULES,
    *pytorch.RULES,
    *models.RULES,
    *containers.RULES,
)
PROBE_RULES = (*system.RULES, *tuning.RULES, *network.PROBE_RULES)
# Variables of what a container has from its host.
_OF_THE_HOST = ("ascend_driver_version", "ascend_firmware_version", "ascend_hdk_version")
# What the next installer will refuse is no sickness while the NPUs work: a warning then.
FOR_INSTALLERS = (
    "kernel-too-old",
    "user-shell",
    "user-differs",
    "driver-space",
    "firmware-step",
    "install-path-parents",
)


def diagnose(facts, findings=(), probe=None, catalog=None):
    """The problems of one host, the worst first.

    Args:
        facts: what host_facts returned under C(ascend).
        findings: of the compatibility check; those that are an error or a warning and not accepted are listed too.
        probe: what doctor_probe returned, if it ran.
        catalog: the tables to judge by; those that come with the collection otherwise.

    Returns:
        list of {"id", "severity", "problem", "evidence", "fix", "source"}, all text.
    """
    problems = []
    rules: Sequence[dict[str, Any]] = RULES
    if catalog:
        facts = dict(facts, catalog=catalog)
    if probe is not None:
        rules, facts = (*RULES, *PROBE_RULES), dict(facts, probe=probe)
    contained = facts["host_kind"] == "container"
    for rule in rules:
        if contained and rule["container"] == HIDDEN:
            continue
        evidence = rule["when"](facts)
        if evidence:
            fix = rule["container"] if contained and rule["container"] else rule["fix"]
            later = rule["id"] in FOR_INSTALLERS and facts["npu"]["available"]
            problems.append(
                {
                    "id": rule["id"],
                    "severity": "warning" if later else rule["severity"],
                    "problem": rule["problem"],
                    "evidence": evidence,
                    "fix": fix(facts) if callable(fix) else fix,
                    "source": rule["source"],
                }
            )
    known = {problem["id"] for problem in problems}
    for finding in findings:
        if finding["severity"] != "info" and not finding.get("accepted") and finding["rule"] not in known:
            problems.append(
                {
                    "id": finding["rule"],
                    "severity": finding["severity"],
                    "problem": "A compatibility rule speaks against what is here.",
                    "evidence": finding["message"],
                    "fix": _way_out(finding, contained),
                    "source": finding["source"],
                }
            )
    # sorted() is stable, so rules keep their order (hardware, driver, firmware, CANN, Python) within a severity.
    return sorted(problems, key=lambda problem: SEVERITIES.index(problem["severity"]))


def _way_out(finding, contained):
    if contained and finding.get("variable") in _OF_THE_HOST:
        return "Use an image whose versions go with the driver of this container's host; docs/rules.md tells more."
    words = "ansible-playbook ascend.fleet.plan names versions that go together; docs/rules.md tells the ways out."
    if finding.get("variable"):
        words += " The variable is {}.".format(finding["variable"])
    return words
