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
attributes:
  diff_mode:
    description: Returns what it changed, or would change, when in diff mode.
    support: full
    details: What each host has and would have; the action itself changes no host.
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
  observation:
    description: What M(ascend.fleet.host_facts) has returned for the one host in O(hosts), in place of its variable.
    type: dict
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
    host:
      description: The name of the host.
      type: str
      returned: always
    status:
      description: One of C(converged), C(pending), C(refused), C(unreachable) and C(failed).
      type: str
      returned: always
    steps:
      description:
        - What would be done, in order.
      type: list
      elements: dict
      returned: always
      contains:
        id:
          description: Name of the step, unique in the plan. Reports refer to it.
          type: str
          returned: always
        component:
          description: What is changed, or C(reboot).
          type: str
          returned: always
        action:
          description: One of C(install), C(upgrade), C(downgrade), C(repair), C(replace), C(configure), C(verify),
            C(restore), C(remove) and C(reboot).
          type: str
          returned: always
        from:
          description: The version that is there, or null.
          type: str
          returned: always
        to:
          description: The version that would be there, or null.
          type: str
          returned: always
        why:
          description: Why the step is needed.
          type: str
          returned: always
        package:
          description: The file that is installed, or null.
          type: str
          returned: always
        reboot:
          description: Whether it becomes effective with a reboot.
          type: bool
          returned: always
        minutes:
          description: How long it takes, by the host's own journal or by published installations.
          type: int
          returned: always
        disturbs:
          description: It needs NPUs at rest although it takes no reboot.
          type: bool
          returned: for such components
        product:
          description: The vendor's name of the component where it has several, such as C(nnae).
          type: str
          returned: for such components
        environment:
          description: Name of the Python environment that it makes, changes or computes in.
          type: str
          returned: for such steps
        packages:
          description: What a restore brings, by distribution; null for one that it removes.
          type: dict
          returned: for steps that restore an environment
        stands_on:
          description: What it is installed on top of, by component.
          type: dict
          returned: for packages of C(ascend_extra_packages) that stand on something
        take_over:
          description: It replaces something that ascend.fleet did not install, as C(ascend_take_over) allows.
          type: bool
          returned: for such steps
        sha256:
          description: Hash of the package.
          type: str
          returned: with O(save) or O(against), for steps with a package
    findings:
      description: Verdicts of the compatibility check and reasons to refuse.
      type: list
      elements: dict
      returned: always
    stack:
      description: The versions and packages wanted on the host; null where there is no stack for it.
      type: dict
      returned: always
    fingerprint:
      description: The versions that a proof of inference is worth something for, by component.
      type: dict
      returned: always
    why:
      description: Where each choice of a version comes from, as sentences.
      type: list
      elements: str
      returned: always
    minutes:
      description: How long all steps take.
      type: int
      returned: always
    inference_reason:
      description: Why the stack generates no text; null when it does.
      type: str
      returned: for hosts that a stack was looked for
    environments:
      description: The names of the Python environments, by the framework that lies in each.
      type: dict
      returned: for hosts that were observed and whose variables are right
    target:
      description: What was planned for, as in O(target).
      type: str
      returned: for hosts that were observed and whose variables are right
    accounts:
      description: Users of components with the id that each and its group are made with.
      type: dict
      returned: where a component makes one with a fixed id
      sample: {HwHiAiUser: 1000}
    files:
      description: Which table of file hashes in the saved plan belongs to this host.
      type: str
      returned: with O(save) or O(against), for hosts with steps
diff:
  description: What each host has and would have, as C(before) and C(after) with C(before_header) and C(after_header).
  type: list
  elements: dict
  returned: in diff mode
groups:
  description: The names of the hosts by status.
  type: dict
  returned: always
memberships:
  description: >-
    The hosts that are not converged with their status, and one host each for C(networked), where a plan sets the
    network of the NPUs, and C(inferring), where a host is none that trains alone. Of them the playbooks make the
    groups C(ascend_pending), C(ascend_networked) and so on, which the later plays choose their hosts by.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: The host.
      type: str
      returned: always
    groups:
      description: The groups it goes into, without the prefix.
      type: list
      elements: str
      returned: always
ascend_lines:
  description: The plan of the fleet as lines of text; hosts that are alike share a line.
  type: list
  elements: str
  returned: always
"""
