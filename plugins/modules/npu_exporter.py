#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: npu_exporter
short_description: Install, set up or remove the vendor's exporter of NPU metrics
version_added: "0.1.0"
description:
  - Takes the program out of the vendor's zip, gives it a unit of systemd that runs it as C(hwMindX) at an address and
    port, makes the folder of its log, starts it and scrapes it. What it serves must be Prometheus' text format.
  - What is right already is neither written nor started again.
  - One that somebody else installed is used in the version that is wanted, and refused otherwise, in check mode too.
    Taken over, its files lose the immutable flag that the vendor's guide sets.
  - The user C(hwMindX) has to be there; the role P(ascend.fleet.npu_exporter#role) makes it.
  - The program holds the driver's interface. M(ascend.fleet.run_package) and M(ascend.fleet.device_network) stop one of
    ours while they need the NPUs at rest, and start it again.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  state:
    description: Whether the exporter should be there and run, or not be there.
    type: str
    choices: [present, absent]
    default: present
  path:
    description:
      - The vendor's zip on the managed host. Not needed where the program of this version is there, nor with
        O(state=absent).
    type: path
  checksum:
    description: C(sha256:) and the hash that the zip must have. One that differs is not unpacked.
    type: str
  version:
    description: The version wanted. Needed with O(state=present).
    type: str
  address:
    description: IPv4 address at which it listens.
    type: str
    default: 127.0.0.1
  port:
    description: Port at which it listens, V(1025) to V(40000).
    type: int
    default: 8082
  take_over:
    description: Replace one that somebody else installed. With O(state=absent) it is refused in any case.
    type: bool
    default: false
  timeout:
    description: Seconds in which it has to serve its metrics.
    type: int
    default: 60
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: Serve the chips' metrics to this host only
  ascend.fleet.npu_exporter:
    path: /var/lib/ascend-fleet/cache/{{ sha256 }}/Ascend-mindxdl-npu-exporter_26.0.0_linux-aarch64.zip
    version: 26.0.0
  become: true

- name: Remove it
  ascend.fleet.npu_exporter:
    state: absent
  become: true
"""

RETURN = r"""
action:
  description: What was done (C(install), C(upgrade), C(downgrade), C(repair), C(configure), C(uninstall)), or null.
  returned: success
  type: str
  sample: install
before:
  description: The version that was there.
  returned: success
  type: str
after:
  description: The version that is there now, in check mode that would be.
  returned: success
  type: str
  sample: 26.0.0
metrics:
  description: >-
    What a scrape after the change said - C(samples), C(chips), C(unhealthy), C(version); null without a change.
  returned: success
  type: dict
  sample: {"samples": 214, "chips": 8, "unhealthy": 0, "version": "26.0.0"}
notes:
  description: What a person should know about how the result came about.
  returned: success
  type: list
  elements: str
cause:
  description: Why it failed.
  returned: failure
  type: str
fix:
  description: What to do about it.
  returned: failure
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, npu_exporter


def main():
    """Entry point."""
    os.umask(0o022)
    module = AnsibleModule(argument_spec=npu_exporter.SPEC, supports_check_mode=True)
    host_locale.check(module)
    answer.end(module, npu_exporter.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
