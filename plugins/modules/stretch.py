#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: stretch
short_description: Carry out in one job what a host does between two reboots
version_added: "0.1.0"
description:
  - Does several steps one after the other on the host, each as its own module would, with its lock, journal, checks and
    proofs. The control node starts the job and waits; it does not work for each step.
  - Ends with the first step that fails, and says which were done before it.
  - A lost connection or a dead control node loses nothing. What was being done is in the host's journal, and the next
    run waits for it, adopts or repairs it.
  - Use it with O(detach) and O(wait), or start it on many hosts and wait for it afterwards. The step at work and the
    percentage of its installer are added to the job's status as C(ascend_progress), a dictionary of C(step),
    C(component) and C(percent).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
attributes:
  check_mode:
    details: Each step is foreseen from the host as it is now, not as the steps before it would leave it.
options:
  entries:
    description: What to do, in this order. Without it, O(roles) say it.
    type: list
    elements: dict
    default: []
    suboptions:
      step:
        description: Id of the step of the plan it belongs to. A step can have several entries.
        type: str
        required: true
      module:
        description:
          - The module of this collection whose work it is, or V(program) for a program that shows that an environment
            works, with the arguments C(argv), C(user) and C(timeout) in seconds.
        type: str
        required: true
        choices:
          - container_engine
          - device_network
          - framework_check
          - host_tuning
          - npu_exporter
          - program
          - python_environment
          - run_package
          - text_generation
      args:
        description: Its arguments.
        type: dict
        default: {}
      words:
        description: What it does, in few words, for people.
        type: str
  roles:
    description:
      - Roles of this collection whose work on the host's plan is done, by their variable C(__<role>_work). Heeded on
        the control node.
    type: list
    elements: str
    default: []
  steps:
    description: Ids of the steps of the plan that O(roles) carry out. Default is all of theirs.
    type: list
    elements: str
  plan:
    description: The plan that O(roles) work on. Default is the variable C(ascend_plan) of the host.
    type: dict
  detach:
    description:
      - Start the job and return; M(ascend.fleet.async_wait) waits for it. As C(async) with C(poll=0), but without the
        files that Ansible puts on the host for that. The job's record is in C(/run/ascend-fleet/async). No job is
        started in check mode.
    type: bool
    default: false
  limit:
    description: Seconds after which a job of O(detach) is ended, whatever its entries allow themselves.
    type: int
    default: 86400
  wait:
    description:
      - With O(detach), wait for the end of the job as M(ascend.fleet.async_wait) does, and return its result. Starting
        and waiting is one execution then, where the job ends within the host's C(ascend_poll_seconds). A connection
        that is lost meanwhile is taken up again.
      - The task has its process on the control node until the job ends, so that no more hosts than C(forks) are at
        work. Heeded on the control node.
    type: bool
    default: false
  wait_for:
    description: A job that was started before. It is waited for, and none is started. Heeded on the control node.
    type: str
  timeout:
    description: Seconds after which a job counts as hung, with O(wait_for). Heeded on the control node.
    type: int
    default: 3600
  job_name:
    description: What the job is called, such as C(j123456789012.3456). The control node chooses it with O(wait).
    type: str
  look_seconds:
    description: How long the module waits for the job's end. The control node sets it with O(wait).
    type: int
    default: 0
  look:
    description:
      - The options of M(ascend.fleet.host_facts) for a look at the host after the last step. None is taken without it,
        where a step fails, or in check mode.
    type: dict
  proves:
    description:
      - Steps of driver, firmware and reboot that the host has to show before the first entry, with O(look). Where it
        does not, the job fails, nothing is begun, and RV(observed) is what the host shows instead.
    type: list
    elements: dict
    suboptions:
      id:
        description: Id of the step.
        type: str
        required: true
      component:
        description: V(driver), V(firmware) or V(reboot).
        type: str
        required: true
      to:
        description: The version that it has to have; none where it was removed.
        type: str
seealso:
  - module: ascend.fleet.run_package
  - module: ascend.fleet.python_environment
  - module: ascend.fleet.async_wait
"""

EXAMPLES = r"""
- name: Start driver and firmware
  ascend.fleet.stretch:
    entries:
      - step: driver-install
        module: run_package
        args:
          path: /srv/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run
          install_for_all: true
      - step: firmware-install
        module: run_package
        args:
          path: /srv/Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run
    detach: true
  become: true
  register: job

- name: Wait for them
  ascend.fleet.stretch:
    wait_for: "{{ job.ansible_job_id }}"
    timeout: "{{ job.job_seconds }}"
  become: true
"""

RETURN = r"""
steps:
  description: What became of each entry - C(step), C(module), C(changed), and what its module says of it.
  returned: always
  type: list
  elements: dict
steps_done:
  description: Ids of the steps that came to a good end.
  returned: always
  type: list
  elements: str
  sample: [driver-install]
failed_step:
  description: Id of the step that failed.
  returned: failure
  type: str
  sample: firmware-install
texts:
  description: What text_generation returned as C(inference), by the step.
  returned: always
  type: dict
observed:
  description:
    - What the host shows after the last step, as RV(ascend.fleet.host_facts#module:ansible_facts.ascend); before the
      first, where O(proves) has failed.
  returned: with O(look)
  type: dict
reboot_reasons:
  description: Why the host needs a reboot now, told from its state. Empty where it needs none.
  returned: when driver or firmware is among the entries
  type: list
  elements: str
ascend_change:
  description: What was changed, in few words.
  returned: always
  type: str
  sample: driver 24.1.rc3 -> 25.3.rc1
asked:
  description: Ids of the steps that were asked for, whatever became of them.
  returned: with O(wait) or O(wait_for)
  type: list
  elements: str
job_seconds:
  description: Seconds after which a started job counts as hung, by the limits of its entries.
  returned: with O(detach)
  type: int
ansible_job_id:
  description: The job, for O(wait_for) and M(ascend.fleet.async_wait).
  returned: with O(detach)
  type: str
  sample: j123456789012.3456
started:
  description: V(1).
  returned: with O(detach), while the job runs
  type: int
finished:
  description: Whether the job has ended.
  returned: with O(detach)
  type: bool
results_file:
  description: The job's record on the host.
  returned: with O(detach), while the job runs
  type: str
  sample: /run/ascend-fleet/async/j123456789012.3456
cause:
  description: Why the step failed.
  returned: failure
  type: str
fix:
  description: What to do about it.
  returned: failure
  type: str
log_tail:
  description: The last lines that its program printed.
  returned: failure
  type: list
  elements: str
log:
  description: File on the host with everything the vendor's programs printed.
  returned: failure
  type: str
busy:
  description: Who used the NPUs where that was refused.
  returned: failure
  type: list
  elements: dict
holder:
  description: Who holds the host's lock, where it was refused for that.
  returned: failure
  type: dict
undone:
  description: Whether the network of the NPUs is as it was before.
  returned: failure
  type: bool
containers:
  description: Containers that a restart of their engine has stopped.
  returned: failure
  type: list
  elements: str
"""

import os
import signal

from ansible_collections.ascend.fleet.plugins.module_utils import compiled

compiled.use()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import detached
from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job
from ansible_collections.ascend.fleet.plugins.module_utils.host import facts as host_probe
from ansible_collections.ascend.fleet.plugins.module_utils.host import npu as npu_smi_run
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, stretch
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

NPU_SMI_SECONDS = 30


def start(module):
    """Go on as a job, and end what was called."""
    try:
        detached.leave(
            module.params["limit"], name=module.params["job_name"], look_seconds=module.params["look_seconds"]
        )
    except safe_folder.UnsafeFolder as exc:
        module.fail_json(msg=str(exc), invocation={}, **exc.facts)
    except OSError as exc:
        module.fail_json(
            msg="The job could not be started: %s. Cause: the host has no room below /run or no process to spare, or"
            " the task does not run as root. Fix: mend that, and run again." % exc,
            invocation={},
        )


def main():
    """Entry point."""
    # Before the arguments are read: under async Ansible keeps them where others could read them.
    async_job.seal(os.environ)
    os.umask(0o022)
    entry = {
        "step": {"type": "str", "required": True},
        "module": {"type": "str", "required": True, "choices": sorted(stretch.KINDS)},
        "args": {"type": "dict", "default": {}},
        "words": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={
            # An address of an index may hold a token, which does not belong into the host's system log.
            "entries": {"type": "list", "elements": "dict", "default": [], "options": entry, "no_log": True},
            "roles": {"type": "list", "elements": "str", "default": []},
            "steps": {"type": "list", "elements": "str"},
            "plan": {"type": "dict"},
            "detach": {"type": "bool", "default": False},
            "limit": {"type": "int", "default": 86400},
            "wait": {"type": "bool", "default": False},
            "wait_for": {"type": "str"},
            "timeout": {"type": "int", "default": 3600},
            "job_name": {"type": "str"},
            "look_seconds": {"type": "int", "default": 0},
            "look": {"type": "dict"},
            "proves": {"type": "list", "elements": "dict", "options": stretch.PROVEN},
            "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
        },
        required_by={"proves": "look"},
        supports_check_mode=True,
    )
    # In what the module says only the secrets are hidden: messages shall name files and versions.
    module.no_log_values.clear()
    if module.params["job_name"] and not detached.NAME.match(module.params["job_name"]):
        module.fail_json(msg="job_name is no name of a job, such as j123456789012.3456.", invocation={})
    try:
        entries, secrets = stretch.judged(module.params["entries"])
        look = stretch.judged_look(module.params["look"])
    except stretch.Wrong as exc:
        module.fail_json(msg="%s. Fix: see ansible-doc ascend.fleet.stretch." % exc, invocation={})
    module.no_log_values.update(secrets)
    # A closed connection must not end the change half way; the result is then read from the journal.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if module.params["detach"] and not module.check_mode:
        start(module)
    result = stretch.carry_out(entries, answer.of_module(module), look=look, proves=module.params["proves"] or ())
    if not module.check_mode:
        compiled.keep()
    if any(row.get("component") in vendor_files.HDK for row in result["steps"]):
        params = dict(module.params, npu_smi_timeout=NPU_SMI_SECONDS)
        result["reboot_reasons"] = host_probe.reboot_due(host_view.HostView(), params, npu_smi_run.run)
    answer.end(module, dict(result, invocation={}))


if __name__ == "__main__":
    main()
