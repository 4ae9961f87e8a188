#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: device_network
short_description: Set the network of the NPUs of a host
version_added: "0.1.0"
description:
  - Brings the RoCE ports of the NPUs to the settings wanted, in C(/etc/hccn.conf) and on the chips, and reads both
    back. Whatever else the file holds stays in it.
  - What is right already is neither written nor applied again. A change that does not work is undone, in the file and
    on the chips.
  - Before its first change it keeps what was there, so that O(state=absent) can put it back.
  - The variables C(ascend_install_path) and C(ascend_state_dir) are the defaults of the options of these names.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  chips:
    description:
      - Settings by the physical number of the chip, each with the keys of C(hccn.conf) without their number, such as
        C(address), C(netmask), C(gateway), C(netdetect), C(tls_enable). A plan has them in
        C(stack.device_network.chips).
      - Needed with O(state=present).
    type: dict
    default: {}
  state:
    description:
      - V(present) for O(chips), V(previous) for what was there before the last change of this module, V(absent) for
        what was there before its first one.
    type: str
    choices: [present, previous, absent]
    default: present
  busy_policy:
    description: What to do when processes use the NPUs and the settings of a chip are to change.
    type: str
    choices: [refuse, wait, ignore]
    default: refuse
  busy_wait:
    description: Seconds to wait with O(busy_policy=wait).
    type: int
    default: 3600
  timeout:
    description: Seconds that one call of C(hccn_tool) may take.
    type: int
    default: 60
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: Set two chips
  ascend.fleet.device_network:
    chips:
      "0": {address: 198.51.100.10, netmask: 255.255.255.0, netdetect: 198.51.100.1}
      "1": {address: 198.51.100.11, netmask: 255.255.255.0, netdetect: 198.51.100.1}
  become: true
"""

RETURN = r"""
differences:
  description: What was not as wanted - C(chip), C(key), C(where) (V(file) or V(device)), C(now), C(wanted).
  type: list
  elements: dict
  returned: always
undone:
  description: Whether file and chips are as they were before; V(null) where there was nothing to undo.
  type: bool
  returned: failure
busy:
  description: Users of the NPUs that stood in the way.
  type: list
  elements: dict
  returned: failure
cause:
  description: Why it failed.
  type: str
  returned: failure
fix:
  description: What to do about it.
  type: str
  returned: failure
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, network


def main():
    """Entry point."""
    module = AnsibleModule(argument_spec=network.SPEC, supports_check_mode=True)
    host_locale.check(module)
    answer.end(module, network.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
