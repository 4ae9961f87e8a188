#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the doctor action. plugins/action/doctor.py does the work on the control node."""

DOCUMENTATION = r"""
module: doctor
short_description: Diagnose observed hosts
version_added: "0.1.0"
description:
  - Says what is wrong with each host, by what evidence, and how to mend it, the worst first. A host that could not be
    reached is diagnosed, too.
  - Runs on the control node and talks to no host. Reads the variable C(ascend_observation) of each host, the registered
    result of M(ascend.fleet.host_facts), and C(doctor_observation), that of M(ascend.fleet.doctor_probe).
  - Judges what is there; it needs none of the C(ascend_*) variables. Where they choose versions, it also says what
    keeps the host from being as they want it.
  - The diagnoses are listed in C(docs/doctor.md).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  log:
    description:
      - A text file on the control node in which HCCL's errors (C(EI0006) and the like) are looked for, such as the
        log of a job that failed.
    type: path
seealso:
  - module: ascend.fleet.host_facts
  - module: ascend.fleet.doctor_probe
"""

EXAMPLES = r"""
- name: Diagnose
  ascend.fleet.doctor:
  register: doctor_result
  run_once: true

- name: Fail where the host is sick
  ansible.builtin.fail:
    msg: "{{ doctor_result.failures[inventory_hostname] }}"
  when: inventory_hostname in doctor_result.failures
"""

RETURN = r"""
diagnoses:
  description: The problems of each host, the worst first. A healthy host has none, or remarks (V(info)) only.
  type: dict
  returned: always
  contains:
    id: {description: Id of the diagnosis., type: str, returned: always}
    severity: {description: "V(error), V(warning) or V(info).", type: str, returned: always}
    problem: {description: What is wrong., type: str, returned: always}
    evidence: {description: By what one can tell., type: str, returned: always}
    fix: {description: What to do., type: str, returned: always}
    source: {description: Who says so., type: str, returned: always}
states:
  description: For each host V(sick), V(with warnings) or V(healthy).
  type: dict
  returned: always
failures:
  description: The errors of each sick host in one text.
  type: dict
  returned: always
ascend_lines:
  description: The diagnoses as lines of text.
  type: list
  elements: str
  returned: always
"""
