#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: host_facts
short_description: Observe an Ascend host in one round trip
version_added: "0.1.0"
description:
  - Reads everything the plan needs to know of a host into C(ansible_facts.ascend) - system, accelerators, driver,
    firmware, CANN packages, Python environments, NPU health and users, free space, history and whether a reboot is due.
  - Changes nothing. Versions are read from the vendor's own files and from package metadata; nothing is imported, no
    package manager is asked. The only commands that may run are C(systemd-detect-virt), C(npu-smi), the driver's
    C(upgrade-tool), and C(gcc) or C(cmake) where no file tells their version.
  - Works without root; what cannot be read then is V(null). Works on a host with nothing Ascend about it.
notes:
  - The facts are an observation of one moment. Ansible may keep them in a fact cache; never decide from cached ones,
    observe again.
extends_documentation_fragment:
  - ascend.fleet.attributes.info
options:
  install_path:
    description:
      - Where driver, firmware and CANN are looked for, besides where the vendor's own records say.
      - Default is the variable C(ascend_install_path).
    type: path
    default: /usr/local/Ascend
  user:
    description: The driver's run user. Default is the variable C(ascend_user).
    type: str
    default: HwHiAiUser
  env_root:
    description: The folder of managed Python environments. Default is the variable C(ascend_env_root).
    type: path
    default: /opt/ascend/envs
  state_dir:
    description: The folder of the host's journal and proofs. Default is the variable C(ascend_state_dir).
    type: path
    default: /var/lib/ascend-fleet
  npu_smi_timeout:
    description: Seconds to wait for C(npu-smi) and C(upgrade-tool), which hang with a dead driver.
    type: int
    default: 30
  pci_ids:
    description: PCI ids of accelerators. Filled from the catalog, so there is no need to give any.
    type: list
    elements: dict
    suboptions:
      vendor:
        description: PCI vendor id, hexadecimal without C(0x), as all ids here.
        type: str
        required: true
      device:
        description: PCI device id.
        type: str
        required: true
      subsystem_vendor:
        description: PCI subsystem vendor id.
        type: str
      subsystem_device:
        description: PCI subsystem device id.
        type: str
      family:
        description: Chip family, for example V(910b).
        type: str
        required: true
      chips:
        description: Chips a device holds.
        type: int
        default: 1
      product:
        description: Product name.
        type: str
      role:
        description: V(training) or V(inference).
        type: str
  npu_names:
    description: Chip family by the name C(npu-smi) prints. Filled from the catalog, so there is no need to give any.
    type: dict
author:
  - ascend.fleet contributors (@ascend-fleet)
"""

EXAMPLES = r"""
- name: Observe the host
  ascend.fleet.host_facts:
  become: true

- name: Show its chips and versions
  ansible.builtin.debug:
    msg: >-
      {{ ansible_facts['ascend'].accelerators.count }} chips of family
      {{ ansible_facts['ascend'].accelerators.family }}, driver {{ ansible_facts['ascend'].driver.installed }}
"""

RETURN = r"""
ansible_facts:
  description: Facts to add to the host.
  returned: always
  type: dict
  contains:
    ascend:
      description: What was observed. Every key is always there; what is not known is V(null).
      returned: always
      type: dict
"""

import sys

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import busy, host_probe, host_view, npu_smi_run


def main():
    module = AnsibleModule(
        argument_spec={
            "install_path": {"type": "path", "default": "/usr/local/Ascend"},
            "user": {"type": "str", "default": "HwHiAiUser"},
            "env_root": {"type": "path", "default": "/opt/ascend/envs"},
            "state_dir": {"type": "path", "default": "/var/lib/ascend-fleet"},
            "npu_smi_timeout": {"type": "int", "default": 30},
            "pci_ids": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "vendor": {"type": "str", "required": True},
                    "device": {"type": "str", "required": True},
                    "subsystem_vendor": {"type": "str"},
                    "subsystem_device": {"type": "str"},
                    "family": {"type": "str", "required": True},
                    "chips": {"type": "int", "default": 1},
                    "product": {"type": "str"},
                    "role": {"type": "str"},
                },
            },
            "npu_names": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    params = dict(module.params, pci_ids=module.params["pci_ids"] or [], npu_names=module.params["npu_names"] or {})
    interpreter = {"version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable}
    facts = host_probe.collect(host_view.HostView(), params, interpreter, npu_smi_run.run, busy.users)
    module.exit_json(changed=False, ansible_facts={"ascend": facts})


if __name__ == "__main__":
    main()
