#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the plan action. plugins/action/plan.py does the work on the control node."""

DOCUMENTATION = r"""
module: plan
short_description: Plan observed hosts
version_added: "0.1.0"
description:
  - Joins what the user asked for (the C(ascend_*) variables of each host), what M(ascend.fleet.host_facts) observed and
    the catalog into ordered steps per host.
  - Runs on the control node and talks to no host. Equal input gives an equal plan.
  - Reads the variable C(ascend_observation) of each host, the registered result of M(ascend.fleet.host_facts).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  components:
    description: Plan these components only. Each host's C(ascend_components) by default.
    type: list
    elements: str
  pins:
    description:
      - Versions to hold on to, by component, over the hosts' variables.
      - V(auto) and empty values leave the choice to the catalog.
    type: dict
    default: {}
  target:
    description:
      - What to plan for. V(desired) is what the variables say.
      - V(previous) is what was installed before the last run that changed the host, from the host's journal.
      - V(undo) is the same, but only on hosts that this very run has changed.
      - V(absent) removes what ascend.fleet installed, and leaves alone what was there before.
    type: str
    choices: [desired, previous, undo, absent]
    default: desired
  save:
    description: Write the plans to this file on the control node.
    type: path
  against:
    description: Refuse every host that would change differently from the plan saved in this file.
    type: path
seealso:
  - module: ascend.fleet.host_facts
"""

EXAMPLES = r"""
- name: Observe
  ascend.fleet.host_facts:
  register: ascend_observation

- name: Plan
  ascend.fleet.plan:
  register: ascend_fleet_plan
  run_once: true
"""

RETURN = r"""
plans:
  description: The plan of each host.
  type: dict
  returned: always
  contains:
    status:
      description: One of C(converged), C(pending), C(refused), C(unreachable) and C(failed).
      type: str
      returned: always
    steps:
      description:
        - What would be done, in order. Each step has C(id), C(component), C(action), C(from), C(to), C(why),
          C(package), C(reboot) and C(minutes).
      type: list
      elements: dict
      returned: always
    findings:
      description: Verdicts of the compatibility check and reasons to refuse.
      type: list
      elements: dict
      returned: always
    stack:
      description: The versions and packages wanted on the host.
      type: dict
      returned: always
groups:
  description: The names of the hosts by status.
  type: dict
  returned: always
ascend_lines:
  description: The plan of the fleet as lines of text; hosts that are alike share a line.
  type: list
  elements: str
  returned: always
"""
