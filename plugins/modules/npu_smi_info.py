#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Returns what npu-smi says about the NPUs of a host."""

DOCUMENTATION = r"""
module: npu_smi_info
short_description: Read the chips and processes of Ascend NPUs from npu-smi
version_added: "0.1.0"
description:
  - Runs C(npu-smi info) and returns its table as data, whatever the version of the tool (1.8 to 26.0) and the chip
    (310 to 950).
  - The tool runs in the C locale, with a limit on its time and on what it prints (4 MB) that ends it with everything it
    started, and never twice at once on a host, which the vendor forbids. Root waits a few seconds for the npu-smi of
    an ordinary user and then goes on, so that nobody can keep root from the NPUs.
  - Without an answer of the tool the module does not fail; it returns RV(available=false) with the cause and the fix.
  - It needs no root where the user is a member of the driver's group (C(HwHiAiUser)).
options:
  path:
    description:
      - The tool's place on the host.
      - By default V(/usr/local/sbin/npu-smi), V(/usr/local/bin/npu-smi), the C(tools) of the driver, then C(PATH).
    type: path
  text:
    description: Output of C(npu-smi info) that was collected already; nothing is run then.
    type: str
  timeout:
    description:
      - Seconds to wait for the tool. A driver that hangs makes the tool hang.
      - The module waits as long once more when another run of the tool is under way.
    type: int
    default: 30
extends_documentation_fragment:
  - ascend.fleet.attributes.info
author:
  - ascend.fleet contributors (@ascend-fleet)
seealso:
  - module: ascend.fleet.host_facts
  - plugin: ascend.fleet.npu_smi
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the NPUs of the host
  ascend.fleet.npu_smi_info:
  register: result

- name: Every chip is healthy
  ansible.builtin.assert:
    that:
      - result.available
      - result.npu_smi.chips | rejectattr('health', 'equalto', 'OK') | list | length == 0

- name: Say why there is no answer
  ansible.builtin.debug:
    msg: "{{ result.message }} {{ result.fix }}"
  when: not result.available

- name: Read output that was collected before
  ascend.fleet.npu_smi_info:
    text: "{{ lookup('ansible.builtin.file', 'npu-smi.txt') }}"
  delegate_to: localhost
"""

RETURN = r"""
available:
  description: Whether the tool gave an answer.
  returned: always
  type: bool
  sample: true
kind:
  description: >-
    Why there is no answer: V(not_found), V(driver_not_loaded), V(device_busy), V(permission_denied), V(no_device),
    V(missing_library), V(not_supported), V(timeout) or V(unrecognised).
  returned: always, null when available
  type: str
  sample: driver_not_loaded
code:
  description: The vendor's error number, if the tool printed one.
  returned: always, null when available
  type: int
  sample: -8005
message:
  description: What the tool said, or what went wrong.
  returned: always, null when available
  type: str
  sample: dcmi module initialize failed. ret is -8005
fix:
  description: What to do about it.
  returned: always, null when available
  type: str
  sample: Run with become, or add the user to the driver's group (HwHiAiUser) and log in again.
return_code:
  description: The tool's return code; null if it was not run, or was ended.
  returned: always
  type: int
  sample: 0
path:
  description: The tool that was run.
  returned: always
  type: str
  sample: /usr/local/sbin/npu-smi
npu_smi:
  description: The table. What it does not say is null.
  returned: always, null when not available
  type: dict
  contains:
    npu_smi_version:
      description: Version of the tool.
      type: str
      sample: 25.3.rc1
    driver_version:
      description: Version of the driver that is loaded.
      type: str
      sample: 25.3.rc1
    truncated:
      description: A part of the table is missing.
      type: bool
      returned: when that is so
    warnings:
      description: Warnings the tool printed.
      type: list
      elements: str
      returned: when there are any
    chips:
      description: One entry per chip, in the tool's order.
      type: list
      elements: dict
      contains:
        npu_id: {description: Number of the card., type: int, sample: 0}
        chip_id: {description: Number of the chip on its card; null on Ascend 950., type: int, sample: 0}
        phy_id: {description: Physical number of the chip (A3)., type: int, sample: 0}
        device_id: {description: Logic number of the chip (310 and 310P)., type: int, sample: 0}
        name: {description: Name as printed., type: str, sample: 910B3}
        health: {description: "OK, Warning, Alarm, Critical or UNKNOWN.", type: str, sample: OK}
        power_w: {description: Power in watts., type: float, sample: 93.6}
        temperature_c: {description: Temperature in degrees Celsius., type: int, sample: 40}
        hugepages_used: {description: Huge pages in use., type: int, sample: 0}
        hugepages_total: {description: Huge pages in all., type: int, sample: 0}
        bus_id: {description: PCI address., type: str, sample: "0000:C1:00.0"}
        utilization_pct: {description: Load in percent., type: int, sample: 0}
        memory_used_mb: {description: DDR in use in MB., type: int, sample: 0}
        memory_total_mb: {description: DDR in all in MB., type: int, sample: 0}
        hbm_used_mb: {description: HBM in use in MB., type: int, sample: 3161}
        hbm_total_mb: {description: HBM in all in MB., type: int, sample: 65536}
        extra: {description: Columns of newer tools by their heading., type: dict, returned: when there are any}
    processes:
      description: One entry per process and chip.
      type: list
      elements: dict
      contains:
        npu_id: {description: Number of the card., type: int, sample: 0}
        chip_id: {description: Number of the chip on its card; null on Ascend 950., type: int, sample: 0}
        pid: {description: Number of the process on the host., type: int, sample: 55115}
        name: {description: Name of the process; null where the tool cannot see it., type: str, sample: python}
        memory_mb: {description: Device memory in use in MB., type: int, sample: 30784}
        container_pid: {description: Number of the process in its container., type: int, sample: 42}
        extra: {description: Columns of newer tools by their heading., type: dict, returned: when there are any}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_smi_run
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale


def main():
    """Run npu-smi, or read the given text."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "text": {"type": "str"},
            "timeout": {"type": "int", "default": 30},
        },
        mutually_exclusive=[("path", "text")],
        supports_check_mode=True,
    )
    host_locale.check(module)
    params = module.params
    if params["timeout"] < 1:
        module.fail_json(msg="timeout is {} s; it must be at least 1.".format(params["timeout"]))
    if params["text"] is not None:
        result = npu_smi_run.read(params["text"])
    else:
        result = npu_smi_run.run([params["path"]] if params["path"] else None, params["timeout"])
    result["return_code"] = result.pop("rc")  # Ansible takes any "rc" but 0 for a failure of the module
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
