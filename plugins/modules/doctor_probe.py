#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: doctor_probe
short_description: Look deeper into a sick Ascend host
version_added: "0.1.0"
description:
  - Reads what M(ascend.fleet.host_facts) does not, because it is looked at only when something is wrong - clock, PAM
    rule of su, umask, sshd's idle limit, compilers, what DKMS left, complaints in the vendor's logs and the kernel's,
    and libraries and packages the Python environments lack.
  - Changes nothing. The commands that may run are C(ldd) and C(dmesg); C(ldd) as the owner of the library.
  - Works without root; what cannot be read then is V(null) or empty.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.info
  - ascend.fleet.options.env_root
  - ascend.fleet.options.install_path
options:
  controller_time:
    description: Seconds since 1970 on the control node when the task starts. Without it, the clock is not judged.
    type: float
seealso:
  - module: ascend.fleet.doctor
"""

EXAMPLES = r"""
- name: Look deeper
  ascend.fleet.doctor_probe:
    controller_time: "{{ now().timestamp() }}"
  become: true
  register: doctor_probe
"""

RETURN = r"""
doctor_probe:
  description: What was seen. Every key is always there.
  returned: always
  type: dict
  contains:
    time: {description: Seconds since 1970 on the host., type: float}
    clock_offset: {description: Seconds the host's clock is ahead of the control node's., type: float}
    pam_su_rootok: {description: Whether su lets root through without a password., type: bool}
    kernel_compiler: {description: Version of gcc the running kernel was built with., type: str, sample: 12.3.1}
    umask: {description: The umask of this session., type: str, sample: "0022"}
    umask_files: {description: Login files that set a umask that shuts others out., type: list, elements: dict}
    sshd: {description: "C(client_alive_interval) in seconds and C(client_alive_count_max).", type: dict}
    dkms: {description: "C(versions) and C(kernels) of the driver in DKMS; V(null) without any.", type: dict}
    logs:
      description: What each of the vendor's logs complains about since its last success.
      type: list
      elements: dict
      contains:
        file: {description: The log., type: str}
        line: {description: The telling line., type: str}
        cause: {description: What it means; V(null) where that is not known., type: str}
        fix: {description: What to do; V(null) where that is not known., type: str}
    hccl:
      description: HCCL's errors in the newest logs of jobs (~/ascend/log), each with C(file), C(code) and C(line).
      type: list
      elements: dict
    kernel_log:
      description: Lines in which the kernel refuses the driver's modules, or says that a device is lost or taken.
      type: list
      elements: str
    tuning:
      description: Settings of the operating system that Ascend's documents ask for.
      type: dict
      contains:
        governors: {description: "CPUs by governor of their frequency; empty where there is none.", type: dict}
        transparent_hugepages: {description: When the kernel uses them., type: str, sample: madvise}
        sysctl: {description: Values by their names in sysctl., type: dict}
        port_range: {description: Ports that clients' sockets get., type: str, sample: 32768 60999}
        limits: {description: "C(soft) and C(hard) limits of this session, by their names in limits.conf.", type: dict}
        numa_nodes: {description: NUMA nodes of the host., type: int}
        accelerators:
          description: Accelerators on the PCI bus - C(address), C(numa_node), C(iommu).
          type: list
          elements: dict
    installers:
      description: The vendor's installers that are running; of their arguments the vendor's switches.
      type: list
      elements: dict
    install_path: {description: The path that was asked for., type: str}
    parents: {description: Owner and mode of the folders above it., type: list, elements: dict}
    cann_record: {description: Paths that ascend_cann_install.info names., type: list, elements: str}
    login_files: {description: Files read at login that load CANN., type: list, elements: str}
    compiler_packages: {description: Packages missing for CANN's operator compiler by environment., type: dict}
    libraries: {description: Shared libraries torch does not find by environment., type: dict}
    closed: {description: Environments of root's that other users may not read., type: list, elements: str}
    mindspore_arch: {description: Machine that MindSpore is built for by environment., type: dict}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.host import deeper as doctor_probe
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale


def main():
    now = time.time()
    module = AnsibleModule(
        argument_spec={
            "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
            "env_root": {"type": "path", "default": defaults.ENV_ROOT},
            "controller_time": {"type": "float"},
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    seen = doctor_probe.collect(host_view.HostView(), module.params, now)
    module.exit_json(changed=False, doctor_probe=seen)


if __name__ == "__main__":
    main()
