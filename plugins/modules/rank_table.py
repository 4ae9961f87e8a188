#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the rank_table action. plugins/action/rank_table.py does the work on the control node."""

DOCUMENTATION = r"""
module: rank_table
short_description: Make HCCL's rank table for a group of hosts
version_added: "0.1.0"
description:
  - Makes C(hccl.json) from what was observed of the hosts, in version 1.0, 1.2 (A3 super pods) or 2.0, and holds it
    against what HCCL asks of it. What HCCL would refuse is told with its fix, and no table is returned.
  - Ranks are numbered in the order of the servers' ids, the hosts of a super pod together, and of the chips.
  - Runs once, on the control node, and talks to no host. It reads the variable RV(ignore:ascend_observation) of each
    host, the registered result of M(ascend.fleet.host_facts) that was asked for the NPUs' network.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.hosts
options:
  chips:
    description: Physical numbers of the chips that take part, the same on every host. All by default.
    type: list
    elements: int
    default: []
  version:
    description: Version of the table; V(auto) is the one that the chips take.
    type: str
    choices: [auto, "1.0", "1.2", "2.0"]
    default: auto
"""

EXAMPLES = r"""
- name: Make the rank table of all hosts of the play
  ascend.fleet.rank_table:
  run_once: true
  register: ascend_rank_table
"""

RETURN = r"""
table:
  description: The table as data.
  returned: always
  type: dict
text:
  description: The table as the text of the file.
  returned: always
  type: str
version:
  description: Its version.
  returned: always
  type: str
  sample: "1.0"
ranks:
  description: How many ranks it has.
  returned: always
  type: int
  sample: 16
"""
