#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the network_verdict action. plugins/action/network_verdict.py does the work."""

DOCUMENTATION = r"""
module: network_verdict
short_description: Say what is wrong with the network between the NPUs
version_added: "0.1.0"
description:
  - Judges what M(ascend.fleet.host_facts) and M(ascend.fleet.network_probe) saw of a fleet - links and optics against
    thresholds, addresses of file and chip, settings that differ, counters that grow, and the probes that failed. Of
    those it names the smallest thing that explains them (a chip's optic or cable, a switch port, a switch, a host), not
    the pairs that suffer.
  - Runs once, on the control node, and talks to no host. It reads the variables RV(ignore:ascend_observation) and
    RV(ignore:ascend_network_seen) of each host. C(docs/network.md) lists what it can say.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  at_most:
    description: As given to M(ascend.fleet.network_course).
    type: int
    default: 256
  super_pods:
    description: As given to M(ascend.fleet.network_course).
    type: bool
    default: false
  kept:
    description:
      - File on the control node with the pairs of hosts that earlier runs have verified, and how their ports were set
        up then. Those of this run are written to it, except in check mode; hosts with an alarm are left out.
    type: path
  again:
    description: As given to M(ascend.fleet.network_course).
    type: bool
    default: true
  thresholds:
    description:
      - By measure of the catalog's table C(network_thresholds), the bounds that are to differ (C(warn_below),
        C(warn_above), C(alarm_below), C(alarm_above)); null takes one away.
    type: dict
  catalog_overlay:
    description: Folder with YAML files whose rows add to or replace those of the catalog.
    type: path
seealso:
  - module: ascend.fleet.network_course
  - module: ascend.fleet.report
"""

EXAMPLES = r"""
- name: Judge the network
  ascend.fleet.network_verdict:
    thresholds:
      snr_db: {alarm_below: 16}
  run_once: true
  register: ascend_network
"""

RETURN = r"""
network:
  description: The verdict, as the report keeps it under C(network).
  returned: always
  type: dict
  contains:
    hosts: {description: "Hosts with ports, or that should have some.", type: int}
    ports: {description: Ports with an address., type: int}
    shape: {description: "How it was probed - mesh, rails or rings.", type: str}
    probes: {description: "Counts: total, ok, loss, fail, unknown; earlier: those of another run.", type: dict}
    levels: {description: "Counts of troubles: alarm, warn, info.", type: dict}
    troubles:
      description: What is wrong, the worst first.
      type: list
      elements: dict
      contains:
        rule: {description: Its id in docs/network.md., type: str}
        level: {description: "alarm, warn or info.", type: str}
        where: {description: The smallest thing to look at., type: str}
        problem: {description: What is wrong., type: str}
        evidence: {description: Why one can say so., type: str}
        fix: {description: What to do., type: str}
        source: {description: Who says so., type: str}
        ports: {description: "The ports concerned, each with host and chip.", type: list, elements: dict}
    matrix: {description: "hosts, whole and cells; see docs/report.md.", type: dict}
ascend_lines:
  description: The verdict as text, for the callback P(ascend.fleet.progress#callback).
  returned: always
  type: list
  elements: str
"""
