#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the change action. plugins/action/change.py does the work."""

DOCUMENTATION = r"""
module: change
short_description: Take a host through the stretches of its plan
version_added: "0.1.0"
description:
  - Carries out the steps of a plan whose files are on the host (M(ascend.fleet.stage)), stretch by stretch as
    M(ascend.fleet.work) has cut it. Each stretch is one job on the host (M(ascend.fleet.stretch)). After a stretch with
    driver or firmware the host is rebooted (M(ascend.fleet.reboot)) if its state asks for it, looked at
    (M(ascend.fleet.host_facts)), and has to show what was planned.
  - All of it is one task, so that each host goes at its own pace. It has its process on the control node until the host
    is through, so that no more hosts than C(forks) are on their way at once.
  - Ends with the first thing that fails, and says how far the host has come. A host that is lost on the way is such a
    failure, and not unreachable.
  - Whether a reboot is needed is read from the host's state, never from what this task has changed.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
attributes:
  check_mode:
    support: none
    details: Skipped. Later steps build on earlier ones, so the plan is the prediction (M(ascend.fleet.plan)).
options:
  roles:
    description: Roles of this collection whose work on the plan is done, in the order of installation.
    type: list
    elements: str
    required: true
  plan:
    description: The plan. Default is the variable C(ascend_plan) of the host.
    type: dict
  stretches:
    description: What to go through, of those that M(ascend.fleet.work) has returned.
    type: list
    elements: dict
    required: true
  progress:
    description: How far the host had come before - C(step), the id of the step at work, and C(done), those of others.
    type: dict
    default: {}
  job:
    description:
      - What M(ascend.fleet.stretch) has returned, where the job of the first stretch was started before. Without
        C(ansible_job_id) in it, there is none.
    type: dict
    default: {}
  look:
    description:
      - Look at the host when all is done. Where the last thing done is a job, the job does it and no other execution
        is needed.
    type: bool
    default: false
  again:
    description:
      - Plan the host once more for this target when it was looked at, as M(ascend.fleet.plan) does, and return what is
        left to do. Needs O(look).
    type: str
    choices: [desired, previous, undo, absent]
seealso:
  - module: ascend.fleet.work
  - module: ascend.fleet.plan
  - module: ascend.fleet.stretch
  - module: ascend.fleet.reboot
"""

EXAMPLES = r"""
- name: See what the plan takes, and bring it
  ascend.fleet.stage:
    roles: [npu_driver, cann]
  become: true
  register: ascend_staged

- name: Install driver, firmware and CANN, with the reboot between them
  ascend.fleet.change:
    roles: [npu_driver, cann]
    stretches: "{{ ascend_staged.work.stretches }}"
    look: true
  become: true
  register: changed
"""

RETURN = r"""
progress:
  description: How far the host has come - C(step), the id of the step at work, V(verify) after all, and C(done).
  returned: always
  type: dict
  sample: {"step": "verify", "done": ["driver-install", "reboot-reboot", "cann-install"]}
steps:
  description: What became of each entry of the jobs, as M(ascend.fleet.stretch) returns it.
  returned: always
  type: list
  elements: dict
texts:
  description: What text_generation returned as C(inference), by the step.
  returned: always
  type: dict
rebooted:
  description: Whether the host was rebooted.
  returned: always
  type: bool
ascend_change:
  description: What was changed, in few words.
  returned: always
  type: str
  sample: driver 24.1.rc3 -> 25.3.rc1, rebooted, cann 8.3.RC1
ansible_facts:
  description: Of the last look, where nothing was changed after it.
  returned: when the host was looked at
  type: dict
  contains:
    ascend:
      description: What the host shows, as M(ascend.fleet.host_facts) returns it.
      type: dict
again:
  description: The plan that is left to do, and what is said of it.
  returned: with O(again), when all is done
  type: dict
  contains:
    plan:
      description: As M(ascend.fleet.plan) returns it of a host.
      type: dict
    ascend_lines:
      description: The plan in words.
      type: list
      elements: str
failed_step:
  description: Id of the step that failed.
  returned: when a step failed
  type: str
  sample: firmware-install
reboot_reasons:
  description: Why the host needs a reboot.
  returned: when a step failed after a driver or a firmware
  type: list
  elements: str
cause:
  description: Why it failed.
  returned: failure
  type: str
fix:
  description: What to do about it.
  returned: failure
  type: str
log_tail:
  description: The last lines that its program printed.
  returned: failure
  type: list
  elements: str
log:
  description: File on the host with everything the vendor's programs printed.
  returned: failure
  type: str
busy:
  description: Who used the NPUs where that was refused.
  returned: failure
  type: list
  elements: dict
holder:
  description: Who holds the host's lock, where it was refused for that.
  returned: failure
  type: dict
undone:
  description: Whether the network of the NPUs is as it was before.
  returned: failure
  type: bool
containers:
  description: Containers that a restart of their engine has stopped.
  returned: failure
  type: list
  elements: str
"""
