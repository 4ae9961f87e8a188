#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the bandwidth_course action. plugins/action/bandwidth_course.py does the work."""

DOCUMENTATION = r"""
module: bandwidth_course
short_description: Choose the hosts whose bandwidth is measured
version_added: "0.1.0"
description:
  - Chooses, of the hosts of a play, those with idle NPUs, and of them those that no earlier run has measured as they
    are now - with the same ports, driver, CANN and settings.
  - Runs once, on the control node, and talks to no host. It reads the variable RV(ignore:ascend_observation) of each
    host, the registered result of M(ascend.fleet.host_facts).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  configured:
    description: As of M(ascend.fleet.network_course).
    type: bool
    default: false
  across:
    description: Whether the hosts are measured together, too; then all of them are measured as soon as one is new.
    type: bool
    default: false
  again:
    description: Whether hosts are measured that stand in O(history) as they are now.
    type: bool
    default: true
  history:
    description: File of JSON lines on the control node that holds earlier runs.
    type: path
    required: true
  settings:
    description: Whatever else the measurement depends on; hosts are measured again where it changes.
    type: list
    elements: raw
    default: []
seealso:
  - module: ascend.fleet.hccl_bandwidth
  - module: ascend.fleet.bandwidth_verdict
"""

EXAMPLES = r"""
- name: Choose the hosts that no run has measured yet
  ascend.fleet.bandwidth_course:
    history: ascend-report/bandwidth.jsonl
    again: false
  run_once: true
  register: ascend_bandwidth_course
"""

RETURN = r"""
hosts:
  description: The hosts that were looked at, for M(ascend.fleet.bandwidth_verdict).
  returned: always
  type: list
  elements: str
marks:
  description: By host, and for the run across them, one word that changes with what the measurement depends on.
  returned: always
  type: dict
work:
  description:
    - By host that is to be measured, C(npus), how many of its NPUs take part, and C(environment), its Python
      environment with torch_npu, V(null) without one.
  returned: always
  type: dict
  sample: {"npu-1": {"npus": 8, "environment": "/opt/ascend/envs/torch"}}
"""
