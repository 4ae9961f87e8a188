#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the validate action. plugins/action/validate.py does the work on the control node."""

DOCUMENTATION = r"""
module: validate
short_description: Judge the ascend_* variables before any host is contacted
version_added: "0.1.0"
description:
  - Reads the C(ascend_*) variables of every host on the control node and says what cannot be used and how to mend it.
    These are misspelt names, versions that the catalog does not know or that YAML turned into numbers, values that are
    not allowed, and folders that do not exist. Folders and names of the roles' own variables are judged as well.
  - Fails when a problem concerns all hosts. A problem of some hosts is left to M(ascend.fleet.plan), which refuses
    these hosts and lets the others go on.
options:
  role:
    description:
      - Judge only the folders and names among the roles' own variables (C(<role>_env_name), C(<role>_state_dir) and so
        on) and the shared ones, of this host, as the task sees them, with the role's parameters and the play's
        variables. A role that is used alone does so before it touches the host.
    type: bool
    default: false
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
"""

EXAMPLES = r"""
- name: Judge every host's variables
  ascend.fleet.validate:
  run_once: true
"""

RETURN = r"""
problems:
  description: For each problem, in words, the hosts that have it.
  type: dict
  returned: always
ascend_lines:
  description: The problems as lines of text.
  type: list
  elements: str
  returned: always
"""
