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
  - From what is pinned, usually only the framework, and what the host is, chooses the versions of all components that
    the host can have, says why, and names the package files with their download addresses.
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
      - What must be as given. Keys are the components that have a version, C(stack) (a preset of
        C(catalog/stacks.yml)), C(components), C(cann_flavor), C(kernels), C(torch_companions), C(device_target)
        and C(model). The message about an unknown key lists them all.
      - C(vllm_ascend), C(mindie) and C(mindcluster) decide CANN and are not installed; RV(with) names what belongs to
        them.
      - A driver alone is a driver that stays, and RV(canns) is what may be installed on it.
      - A key that is missing or V(auto) is free.
    type: dict
    required: true
  host:
    description: What the host is, as M(ascend.fleet.compat_check) takes it. C(arch) is needed, C(chip) for
      driver, firmware and kernels.
    type: dict
    required: true
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
with:
  description: The frameworks and engines that the answer is about, by name; what is not in RV(stack) is not installed
    by this collection.
  type: dict
  returned: always
  sample: {torch: "2.7.1", torch_npu: "2.7.1"}
canns:
  description: For a driver alone, every CANN release that is acceptable on it, the newest first.
  type: list
  elements: dict
  returned: always
  contains:
    cann:
      description: The release.
      type: str
    status:
      description: V(published), V(listed) (by the vendor's own lists) or V(reported) (by users).
      type: str
    doubt:
      description: What speaks against it, or empty.
      type: str
    torch:
      description: What documents name for this CANN, such as V(2.7.1 with torch_npu 2.7.1).
      type: list
      elements: str
    mindspore:
      description: MindSpore releases that documents name for it.
      type: list
      elements: str
    vllm_ascend:
      description: vLLM Ascend releases made for it.
      type: list
      elements: str
    mindie:
      description: MindIE releases made for it.
      type: list
      elements: str
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
  description: The vendor packages in the order they are installed, and the wheels that no package index has. What
    M(ascend.fleet.bundle) collects for such a host.
  type: list
  elements: dict
  returned: always
  contains:
    component:
      description: The component that it installs.
      type: str
      returned: always
    version:
      description: The version of that component.
      type: str
      returned: always
    file:
      description: The file's name.
      type: str
      returned: always
    url:
      description: Where the vendor publishes it; null where no address is recorded.
      type: str
      returned: always
    headers:
      description: Headers that the request needs.
      type: dict
      returned: always
    zip:
      description: The archive that holds it as well, with its signatures; null where there is none.
      type: str
      returned: always
    zip_url:
      description: Where that archive is published; null where no address is recorded.
      type: str
      returned: always
    zip_sha256:
      description: The archive's hash; null where it is not recorded.
      type: str
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
ascend_lines:
  description: All of it as lines of text. C(ascend.fleet.progress) prints them, and so does the playbook.
  type: list
  elements: str
  returned: always
"""
