#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the work action. plugins/action/work.py does the work on the control node."""

DOCUMENTATION = r"""
module: work
short_description: Say what roles have to bring, prepare and do for a host's plan
version_added: "0.1.0"
description:
  - Asks the roles of components, by their variables and for each step of a plan, which files they take, which packages
    of the distribution they stand on, whether they have something to prepare, and in which stretches between two
    reboots their steps are done.
  - Contacts no host. M(ascend.fleet.stage), which can ask the roles itself, brings the files, and
    M(ascend.fleet.change) does the work.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
options:
  roles:
    description: Names of roles of this collection, in the order of installation. Those without a step are passed over.
    type: list
    elements: str
    required: true
  plan:
    description: The plan. Default is the variable C(ascend_plan) of the host.
    type: dict
"""

EXAMPLES = r"""
- name: See what the plan takes
  ascend.fleet.work:
    roles: [npu_driver, cann]
  register: ascend_work
"""

RETURN = r"""
sets:
  description: What has to be on the host, as M(ascend.fleet.stage) takes it.
  returned: always
  type: list
  elements: dict
packages:
  description: Packages of the distribution that the steps stand on.
  returned: always
  type: list
  elements: str
packages_wished:
  description: Packages of the distribution that may be missing there.
  returned: always
  type: list
  elements: str
prepare:
  description: Roles that have something to prepare before the job.
  returned: always
  type: list
  elements: str
first:
  description: Id of the step that is at work first; empty where there is none.
  returned: always
  type: str
  sample: driver-install
stretches:
  description:
    - The work between two reboots, in order - C(steps), C(reboots) (whether the host may need a reboot after them),
      C(reboot_step) (id of the plan's step for it, or empty) and C(proves) (the steps that a look after it has to
      show).
  returned: always
  type: list
  elements: dict
"""
