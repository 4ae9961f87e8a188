#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the network_course action. plugins/action/network_course.py does the work."""

DOCUMENTATION = r"""
module: network_course
short_description: Decide which NPU pings which
version_added: "0.1.0"
description:
  - Lays out the probes between the RoCE ports of a fleet, so that every pair of hosts is connected and no host has more
    to do than a limit. A small fleet is probed as a full mesh of chips, a larger one along its rails (the chips of one
    number), a very large one along rings of hosts 1, 2, 4, 8 ... places apart.
  - Runs once, on the control node, and talks to no host. It reads the variable RV(ignore:ascend_observation) of each
    host, the registered result of M(ascend.fleet.host_facts) that was asked for the NPUs' network.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  at_most:
    description: Probes of one host at most, by which the shape is chosen.
    type: int
    default: 256
  super_pods:
    description: Whether chips of A3 super pods ping each other over the links inside them, too (C(-hccs_ping)).
    type: bool
    default: false
  kept:
    description:
      - File on the control node with the pairs of hosts that earlier runs have verified, and how their ports were set
        up then.
    type: path
  again:
    description: Whether pairs that stand in O(kept) as they are now are probed again.
    type: bool
    default: true
  configured:
    description:
      - Take only the hosts for which the plan of this run, in RV(ignore:ascend_fleet_plan), has a network of the NPUs,
        and that are as it says.
    type: bool
    default: false
seealso:
  - module: ascend.fleet.network_probe
  - module: ascend.fleet.network_verdict
"""

EXAMPLES = r"""
- name: Lay out the probes
  ascend.fleet.network_course:
  run_once: true
  register: ascend_network_course
"""

RETURN = r"""
hosts:
  description: The hosts that were taken, for M(ascend.fleet.network_verdict).
  returned: always
  type: list
  elements: str
shape:
  description: C(mesh), C(rails) or C(rings).
  returned: always
  type: str
  sample: mesh
work:
  description:
    - By host, the options of M(ascend.fleet.network_probe). A host without an address on a chip, or without anything to
      probe, is not among them.
  returned: always
  type: dict
  sample:
    npu-1:
      path: /usr/local/Ascend/driver/tools/hccn_tool
      look: [0, 1]
      probes: [{"chip": 0, "address": "198.51.100.2", "via": "roce"}]
"""
