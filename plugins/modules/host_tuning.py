#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: host_tuning
short_description: Set what Ascend's documents ask of the operating system
version_added: "0.1.0"
description:
  - Brings settings of the operating system to what is asked for, in files that hold after a boot and in the running
    kernel, and reads both back. What is not asked for is not touched.
  - The files are C(/etc/sysctl.d/90-ascend-fleet.conf), C(/etc/security/limits.d/90-ascend-fleet.conf) and
    C(/etc/tmpfiles.d/90-ascend-fleet.conf). One that is there and was not made by this module is never written.
  - A change that the kernel does not take is undone. Before its first change it keeps what the kernel had, so that
    O(state=absent) can put it back.
  - The variable C(ascend_state_dir) is the default of O(state_dir).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  settings:
    description:
      - The settings, with the keys of C(ascend_host_tuning) - C(governor), C(transparent_hugepages), C(swappiness),
        C(numa_balancing), C(hugepages), C(reserved_ports), C(open_files), C(locked_memory), C(processes).
      - Needed with O(state=present). What an earlier call has set and this one does not name goes back.
    type: dict
    default: {}
  state:
    description:
      - V(present) for O(settings), V(previous) for what was there before the last change of this module, V(absent) for
        what was there before its first one.
    type: str
    choices: [present, previous, absent]
    default: present
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: CPUs at their full frequency, and no swapping
  ascend.fleet.host_tuning:
    settings:
      governor: performance
      swappiness: 0
  become: true
"""

RETURN = r"""
differences:
  description: What was not as wanted - C(where), C(now), C(wanted); V(null) for a file that is not there.
  type: list
  elements: dict
  returned: always
undone:
  description: Whether everything is as it was before; missing where nothing was begun.
  type: bool
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
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, tuning


def main():
    """Entry point."""
    module = AnsibleModule(argument_spec=tuning.SPEC, supports_check_mode=True)
    host_locale.check(module)
    answer.end(module, tuning.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
