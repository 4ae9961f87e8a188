#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: kubernetes_probe
short_description: See what MindCluster would find on a host
version_added: "0.1.0"
description:
  - Looks at the folders of MindCluster's logs and at kubelet on a host that is, or is going to be, a node of a
    Kubernetes cluster. Starts no program and changes nothing; M(ascend.fleet.host_facts) sees the rest.
  - M(ascend.fleet.kubernetes_handover) judges it.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
"""

EXAMPLES = r"""
- name: Look at the host as MindCluster will
  ascend.fleet.kubernetes_probe:
  become: true
  register: kubernetes_observation
"""

RETURN = r"""
folders:
  description: The log folders of a worker - C(path), C(exists), C(owner), C(mode).
  returned: always
  type: list
  elements: dict
kubelet:
  description: Whether there is a kubelet.
  returned: always
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import host_view
from ansible_collections.ascend.fleet.plugins.module_utils.host import kubernetes
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale


def main():
    """Entry point."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    host_locale.check(module)
    module.exit_json(changed=False, **kubernetes.observed(host_view.HostView()))


if __name__ == "__main__":
    main()
