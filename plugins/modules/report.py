#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the report action. plugins/action/report.py does the work on the control node."""

DOCUMENTATION = r"""
module: report
short_description: Write the fleet report
version_added: "0.1.0"
description:
  - Gathers what the plays learned and did on every host and writes C(report.json), C(report.html) (one self-contained
    page) and C(report.prom) (Prometheus textfile) to a folder of the control node, and returns a table for the screen.
  - Runs once, on the control node, and talks to no host. Use it with C(run_once).
  - A host is never left out. What is missing about a host is shown as missing.
  - For each host it reads the variables RV(ignore:ascend_facts) (C(facts.ascend) of the last observation),
    RV(ignore:ascend_plan) (result of the plan), RV(ignore:rollout_outcome) (what the apply play did),
    RV(ignore:inference_check_result) (result of the text generation), RV(ignore:ascend_error) (why it dropped out) and
    RV(ignore:ascend_observation) (result of M(ascend.fleet.host_facts), preferred where it holds facts).
    Each of them is optional.
  - RV(ignore:ascend_network), the result of M(ascend.fleet.network_verdict), becomes the report's C(network),
    and RV(ignore:ascend_bandwidth), that of M(ascend.fleet.bandwidth_verdict), its C(bandwidth).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  path:
    description:
      - Folder on the control node. It is created when it does not exist; each file is replaced in one step.
    type: path
    required: true
  title:
    description: Title of the report.
    type: str
    default: Ascend fleet
  plans:
    description:
      - The plans of the fleet by host, as M(ascend.fleet.plan) returns them, for hosts without RV(ignore:ascend_plan).
      - Without it, those of the variable RV(ignore:ascend_fleet_plan).
    type: dict
  second_run:
    description:
      - Counts of a second run of the same playbook, for example C({"changed":0}), to be shown and stored as they are.
    type: dict
  width:
    description: Greatest number of columns of the table on the screen.
    type: int
    default: 100
"""

EXAMPLES = r"""
- name: Report on the fleet
  hosts: all
  gather_facts: false
  tasks:
    - name: Write the report
      ascend.fleet.report:
        path: build/report
        title: Training cluster, hall 3
      run_once: true
      register: fleet_report

    - name: Show the table, when the output is not ascend.fleet.progress
      ansible.builtin.debug:
        var: fleet_report.table
      run_once: true
"""

RETURN = r"""
table:
  description: The report as text lines.
  returned: always
  type: list
  elements: str
ascend_lines:
  description: The same lines, under the name by which the callback P(ascend.fleet.progress#callback) prints them.
  returned: always
  type: list
  elements: str
failures:
  description:
    - One message for each host that is not as it should be (refused, failed, unreachable or not started), by host.
    - A pending host is not among them; that is what a plan or check mode leaves.
  returned: always
  type: dict
  sample: {"npu-7": "failed: The driver installer ended with code 1. Cause: the NPUs are in use."}
summary:
  description: Counts of hosts by status, chips by health, findings by severity and results of the text generation.
  returned: always
  type: dict
  sample: {"hosts": 4, "converged": 4, "failed": 0, "chips": {"total": 24, "ok": 24}}
files:
  description: Where the files are, by kind (json, html, prom).
  returned: always
  type: dict
  sample: {"json": "/srv/report/report.json", "html": "/srv/report/report.html", "prom": "/srv/report/report.prom"}
"""
