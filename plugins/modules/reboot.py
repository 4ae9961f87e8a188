#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the reboot action. plugins/action/reboot.py does the work."""

DOCUMENTATION = r"""
module: reboot
short_description: Reboot a host, and know that it did
version_added: "0.1.0"
description:
  - Reboots a host and waits until it answers with another boot. One command on the host says which boot it is in and
    starts the reboot; then short looks ask for the boot until it is another one. M(ansible.builtin.reboot) needs five
    executions for that, of which two start Python, and heeds as much.
  - Nothing is started where the command that tells the boots apart does not work.
  - A host that refuses, that does not go down, that does not come back, and one that was away and came back with the
    same boot are told apart in the message.
  - Needs root (C(become)), a POSIX shell and C(shutdown), and no Python. Refuses a local connection.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
options:
  msg:
    description: What users who are logged in are told. Its first 300 characters, without those that act on a terminal.
    type: str
    default: ascend.fleet
  reasons:
    description: Why it is rebooted, for those users too.
    type: list
    elements: str
    default: []
  allowed:
    description:
      - Whether it may be rebooted. The task fails where it may not. The variable C(ascend_allow_reboot) of the host is
        its default, if it is set.
    type: bool
    default: true
  reboot_timeout:
    description:
      - Seconds until the host has to answer with another boot. The variable C(ascend_reboot_timeout) of the host is its
        default, if it is set.
    type: int
    default: 1800
  boot_time_command:
    description:
      - Prints something that differs after every boot. The variable C(ascend_boot_time_command) of the host is its
        default, if it is set.
    type: str
    default: cat /proc/sys/kernel/random/boot_id && cut -d ' ' -f 22 /proc/1/stat
"""

EXAMPLES = r"""
- name: Reboot, and give a large server half an hour
  ascend.fleet.reboot:
    msg: new driver
    reboot_timeout: 1800
  become: true
"""

RETURN = r"""
rebooted:
  description: Whether the host is in another boot; false in check mode.
  type: bool
  returned: success
elapsed:
  description: Seconds from the start of the reboot to the answer.
  type: int
  returned: success
"""
