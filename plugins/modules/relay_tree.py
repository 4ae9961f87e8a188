#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the relay_tree action. plugins/action/relay_tree.py does the work on the control node."""

DOCUMENTATION = r"""
module: relay_tree
short_description: Choose which hosts hand files on to which
version_added: "0.1.0"
description:
  - Chooses, among the hosts that have something to fetch, those that serve their caches to their neighbours, and whom
    each host asks. Contacts no host. M(ascend.fleet.stage) heeds the result, registered as C(ascend_fleet_relays).
  - Hosts whose plans (C(ascend_fleet_plan)) install the same things form a tree, with the control node at its root. Of
    each rack one relay gets its files from another rack, the others from relays of their own.
  - The rack of a host is its variable C(ascend_rack), else the /24 network (of IPv6 the /64) of its address; the
    address is C(ascend_relay_address), else C(ansible_host), else its name.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.hosts
options:
  relays:
    description:
      - Names of relays, or V(auto), which takes as many hosts of each rack, from the first one on, as are needed where
        each serves O(fan), and one more.
      - A host that has nothing to fetch itself is no relay.
    type: list
    elements: str
    required: true
  fan:
    description: How many hosts get their files from a relay at the same time.
    type: int
    default: 2
"""

EXAMPLES = r"""
- name: Choose relays
  ascend.fleet.relay_tree:
    relays: auto
  register: ascend_fleet_relays
  run_once: true
"""

RETURN = r"""
relays:
  description: The relays as name, address and port, those first that get their files first.
  type: list
  elements: dict
  returned: success
sources:
  description: The URLs that each host asks, the nearest first; none where the control node gives.
  type: dict
  returned: success
ascend_lines:
  description: What was chosen, for people.
  type: list
  elements: str
  returned: success
"""
