#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the bandwidth_verdict action. plugins/action/bandwidth_verdict.py does the work."""

DOCUMENTATION = r"""
module: bandwidth_verdict
short_description: Say which hosts are slow
version_added: "0.1.0"
description:
  - Compares what M(ascend.fleet.hccl_bandwidth) measured on the hosts of a play - with a limit of the site by topology
    where there is one, else with the median of hosts with the same chips, and with earlier runs of the same host.
  - Appends the runs to a file of JSON lines on the control node, except in check mode.
  - Runs once, on the control node, and talks to no host. It reads the variables RV(ignore:ascend_bandwidth_seen) and
    RV(ignore:ascend_bandwidth_across_seen) of each host.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  history:
    description: File of JSON lines on the control node that holds earlier runs.
    type: path
    required: true
  marks:
    description: What M(ascend.fleet.bandwidth_course) returned; kept beside each run.
    type: dict
    default: {}
  floors:
    description: GB/s that the site asks for by topology, such as C({"910b x 8":150}).
    type: dict
  thresholds:
    description: As of M(ascend.fleet.network_verdict); the measure is C(bandwidth_percent_of_median).
    type: dict
  catalog_overlay:
    description: Folder with YAML files whose rows add to or replace those of the catalog.
    type: path
"""

EXAMPLES = r"""
- name: Say which hosts are slow
  ascend.fleet.bandwidth_verdict:
    history: ascend-report/bandwidth.jsonl
  run_once: true
  register: ascend_bandwidth
"""

RETURN = r"""
bandwidth:
  description: The verdict, as the report keeps it under C(bandwidth).
  returned: always
  type: dict
  contains:
    runs: {description: "Each host's run, and the one across hosts.", type: list, elements: dict}
    troubles: {description: "What is wrong, as of M(ascend.fleet.network_verdict).", type: list, elements: dict}
    levels: {description: "Counts of troubles: alarm, warn, info.", type: dict}
ascend_lines:
  description: The verdict as text, for the callback P(ascend.fleet.progress#callback).
  returned: always
  type: list
  elements: str
"""
