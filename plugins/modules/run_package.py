#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install, upgrade or remove one of the vendor's .run packages."""

DOCUMENTATION = r"""
module: run_package
short_description: Install, upgrade or remove a Huawei Ascend C(.run) package
version_added: "0.1.0"
description:
  - Brings driver, firmware or a CANN package to the version of a C(.run) file, or removes it.
  - Idempotent by the vendor's own version files. When the version is there, undamaged, and the host's journal knows of
    no unfinished change, no installer is started and the file at O(path) need not exist.
  - The installer's exit code and messages are never enough. After it ran, the version files are read back, and a
    missing or wrong version is a failure whatever the installer said.
  - Only what is ours is replaced or removed. A component is ours when the journal says that its last change was this
    module's. One that somebody else installed is used in the version that is wanted, and refused otherwise, in check
    mode as well. A CANN release is installed beside somebody else's, which stays.
  - Every change is written to a journal on the host before it begins and after it ended. A change that died on the way
    (the control node, the connection, the installer or the power) is recognised by the next run, which waits for an
    installer that is still working, judges one that came to its end, and repeats everything else.
  - Prompts cannot stop it. The installer runs with C(--quiet), without a terminal, with an empty standard input, and
    for at most O(timeout) seconds.
  - Use it with C(async) and M(ascend.fleet.async_wait) so that a long installation survives a lost connection. Without,
    an installer that has begun survives as well, and the next run takes it over.
  - With C(async), the percentage that the installer prints is added to the job's status as C(ascend_progress), a
    dictionary of C(component) and C(percent), which P(ascend.fleet.progress#callback) shows.
options:
  path:
    description:
      - The C(.run) file on the managed host. Not needed when nothing is to be done, nor for O(state=absent) when the
        component's own uninstall script is there.
      - One that others than root can exchange is copied below O(state_dir) first; the copy is checked and run.
    type: path
  state:
    description: Whether the component should be there in the version, or not be there.
    type: str
    choices: [present, absent]
    default: present
  component:
    description:
      - What the package holds. Taken from the name of the file at O(path) by default.
    type: str
    choices: [driver, firmware, toolkit, nnae, nnrt, kernels, ops, nnal, tfplugin, toolbox]
  version:
    description:
      - The version the version files should state. Taken from the name of the file at O(path) by default.
      - With O(state=absent), the release of a CANN package to remove. Driver and firmware are removed in any version.
    type: str
  chip:
    description:
      - Chip family of the package (C(310), C(310p), C(310b), C(910), C(910b), C(a3), C(950)). Taken from the file's
        name by default.
    type: str
  checksum:
    description:
      - C(sha256:) and the hash the file must have. A file that differs is not executed.
      - Inside the cache of M(ascend.fleet.artifact) the folder's name is the hash and is checked even without this.
    type: str
  verified:
    description:
      - That the file with this O(checksum) is known to be whole by the sums which it carries itself, as
        M(ascend.fleet.stage) finds out on the control node. On a host that has nothing of the component it is then not
        asked to check itself (C(--check)) before it installs, which would unpack all of it twice; its installer looks
        at the host before it touches anything in either case. Firmware checks itself always.
    type: bool
    default: false
    version_added: "0.1.0"
  install_for_all:
    description: Let every user use it. Left out where the package does not know the option (310b SoC).
    type: bool
    default: false
  username:
    description: The driver's user. It must exist. The installer's own default is C(HwHiAiUser).
    type: str
  usergroup:
    description: The group of O(username), its namesake by default.
    type: str
  timeout:
    description: Seconds a vendor program may run, then it is ended with everything it started.
    type: int
    default: 3600
  allow_downgrade:
    description: Accept a package older than what is installed.
    type: bool
    default: false
  take_over:
    description:
      - Replace a component that somebody else installed; the journal keeps its version. With O(state=absent) what is
        somebody else's is refused in any case.
    type: bool
    default: false
    version_added: "0.1.0"
  busy_policy:
    description:
      - What to do when somebody uses the NPUs and the package is driver or firmware. V(refuse) fails and lists the
        users, V(wait) polls for O(busy_wait) seconds first, V(ignore) goes on.
    type: str
    choices: [refuse, wait, ignore]
    default: refuse
  busy_wait:
    description: Seconds to wait for the NPUs with O(busy_policy=wait).
    type: int
    default: 1800
  extra_args:
    description: More options for the installer, each one word.
    type: list
    elements: str
    default: []
  controller:
    description: Who makes the change, for the lock and the journal. Set by the action plugin.
    type: str
  run_identity:
    description:
      - Identity of the playbook's process. Set by the action plugin. When the lock's holder works for a playbook of the
        same control node that is gone, the module waits for it instead of failing.
    type: str
  living_runs:
    description: The processes alive on the control node. Set by the action plugin.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.declared
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
seealso:
  - module: ascend.fleet.host_facts
  - module: ascend.fleet.artifact
author:
  - ascend.fleet contributors (@ascend-fleet)
"""

EXAMPLES = r"""
- name: Install the driver, surviving a lost connection
  ascend.fleet.run_package:
    path: /var/lib/ascend-fleet/cache/{{ sha256 }}/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run
    checksum: sha256:{{ sha256 }}
    install_for_all: true
  become: true
  async: 3600
  poll: 0
  register: job

- name: Wait for the driver
  ascend.fleet.async_wait:
    jid: "{{ job.ansible_job_id }}"
  become: true

- name: Install CANN beside a driver that is in use
  ascend.fleet.run_package:
    path: /srv/Ascend-cann-nnae_8.3.RC1_linux-aarch64.run
    install_for_all: true
  become: true

- name: Remove the firmware
  ascend.fleet.run_package:
    component: firmware
    state: absent
  become: true
"""

RETURN = r"""
component:
  description: What the package holds.
  returned: always
  type: str
  sample: driver
before:
  description: The installed version before, read from the vendor's files. Null when there was none.
  returned: always
  type: str
  sample: 24.1.0
after:
  description: The installed version afterwards, read from the vendor's files. In check mode what it would be.
  returned: always
  type: str
  sample: 25.3.rc1
action:
  description:
    - What was done (C(install), C(upgrade), C(downgrade), C(repair), C(uninstall)), or null. C(adopt) means that the
      installer of an earlier run had come to a good end and only its end was missing in the journal.
  returned: always
  type: str
  sample: upgrade
reboot_required:
  description:
    - Whether the host must reboot for the change to take effect, by exit code 2, the installer's words, or a change of
      this boot that still waits for its reboot.
  returned: always
  type: bool
argv:
  description: The vendor program that was started last, or would be started in check mode.
  returned: always
  type: list
  elements: str
  sample: [bash, /srv/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run, --upgrade, --quiet]
rc:
  description: Its exit code. Null when none was started or it was ended by the time limit.
  returned: always
  type: int
  sample: 2
seconds:
  description: Seconds the change took.
  returned: always
  type: float
log:
  description: File on the host with everything the vendor's programs printed.
  returned: always
  type: str
took_over:
  description: The version of somebody else's that the change took, or would take, the place of; null without one.
  returned: always
  type: str
  sample: 24.1.rc3
notes:
  description: What a person should know about how the result came about.
  returned: always
  type: list
  elements: str
busy:
  description: Who used the NPUs although the change went on, or why it was refused. One row per process.
  returned: always
  type: list
  elements: dict
cause:
  description: Why it failed.
  returned: failure
  type: str
fix:
  description: What to do about it.
  returned: failure
  type: str
holder:
  description: Who holds the host's lock, where it was refused for that.
  returned: failure
  type: dict
log_tail:
  description: The last lines the vendor's program printed, without colour codes.
  returned: failure
  type: list
  elements: str
"""

import os
import signal

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, package


def main():
    """Entry point."""
    # Before the arguments are read: what is said of wrong ones would be as readable for others.
    async_job.seal(os.environ)
    os.umask(0o022)
    module = AnsibleModule(argument_spec=package.SPEC, supports_check_mode=True)
    host_locale.check(module)
    # A closed connection must not end the change half way; the result is then read from the journal.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    answer.end(module, package.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
