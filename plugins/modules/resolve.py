#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of the resolve action. plugins/action/resolve.py does the work on the control node."""

DOCUMENTATION = r"""
module: resolve
short_description: Choose one consistent Ascend stack and name its packages
version_added: "0.1.0"
description:
  - From what is pinned, usually only MindSpore, and what the host is, chooses MindFormers, Python, CANN, its
    kernels, driver and firmware, says why, and names the package files with their download addresses.
  - It needs no host and no NPU. When nothing fits, it names the smallest set of pins that contradict each other
    and what to change.
  - C(ansible-playbook ascend.fleet.resolve) is this for a command line.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.control
  - ascend.fleet.options.judging
options:
  pins:
    description:
      - What must be as given. Keys are C(mindspore), C(mindformers), C(cann), C(cann_flavor), C(driver),
        C(firmware), C(python), C(stack) (a preset of C(catalog/stacks.yml)), C(kernels), C(components),
        C(device_target) and C(model).
      - A key that is missing or V(auto) is free.
    type: dict
    required: true
  host:
    description: What the host is, as M(ascend.fleet.compat_check) takes it. C(arch) is needed, C(chip) for
      driver, firmware and kernels.
    type: dict
    required: true
  show:
    description: Print the result for people.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: What goes with MindSpore 2.7.1 on Atlas 800T A2?
  ascend.fleet.resolve:
    pins:
      mindspore: "2.7.1"
    host:
      chip: 910b
      arch: aarch64
"""

RETURN = r"""
ok:
  description: Whether a stack was found.
  type: bool
  returned: always
stack:
  description: Component to version, package file name and what else installing it needs; null for what this host
    does not get.
  type: dict
  returned: always
files:
  description: The vendor packages in the order they are installed, with C(file), C(url), C(headers), C(zip),
    C(zip_url), C(zip_sha256).
  type: list
  elements: dict
  returned: always
why:
  description: Where each choice comes from, as sentences.
  type: list
  elements: str
  returned: always
findings:
  description: What M(ascend.fleet.compat_check) says of the stack, errors first.
  type: list
  elements: dict
  returned: always
conflict:
  description: C(pins) that contradict each other and a C(message) with the fix; null when a stack was found.
  type: dict
  returned: always
lines:
  description: All of it for people.
  type: list
  elements: str
  returned: always
"""
