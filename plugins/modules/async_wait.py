#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: async_wait
short_description: Wait on the host for the end of an asynchronous task
version_added: "0.1.0"
description:
  - Gives the result of a task that was started with C(async) and C(poll=0), as M(ansible.builtin.async_status) does, or
    of a job that M(ascend.fleet.stretch) has started with C(detach), and clears up behind it. What comes back is the
    result without the task's arguments (C(invocation)).
  - The host itself waits for the end, and is asked again every O(look_seconds). The end is seen at once, and a task of
    many minutes takes a few executions on the host. M(ansible.builtin.async_status) takes one for every poll.
  - All hosts of a batch can start before the first one is waited for, so that their number is not limited by C(forks).
  - A lost connection is waited for. A host without an answer for O(silence_timeout) is given up, by the clock.
  - What the job tells of its progress is shown by P(ascend.fleet.progress#callback).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes.info
options:
  jid:
    description: C(ansible_job_id) of the registered result of the task.
    type: str
    required: true
  async_dir:
    description:
      - Folder on the host with the records of its jobs. Its default is where Ansible puts them, C(ansible_async_dir).
    type: path
  timeout:
    description: Seconds to wait for the end at most. The C(async) of the task ends it on the host itself.
    type: int
    default: 3600
  look_seconds:
    description:
      - Seconds after which the host tells how far the job is. The variable C(ascend_poll_seconds) of the host is its
        default, if it is set.
    type: int
    default: 60
  silence_timeout:
    description:
      - Seconds without an answer of the host after which it is given up. The variable C(ascend_silence_timeout) of the
        host is its default, if it is set.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Start the installation on every host
  ascend.fleet.run_package:
    path: /var/lib/ascend-fleet/staging/Ascend-hdk-910b-npu-driver_25.3.rc1_linux-aarch64.run
  async: 3600
  poll: 0
  register: job

- name: Install the driver
  ascend.fleet.async_wait:
    jid: "{{ job.ansible_job_id }}"
"""

RETURN = r"""
ansible_job_id:
  description: >-
    The job, which is one of a module of this collection. Everything else is what the task has returned, as far as that
    module documents it.
  type: str
  returned: always
  sample: j123456789012.3456
ascend_progress:
  description: C(step), the last of its steps that a job of several has told to be at work.
  type: dict
  returned: when it has told one
cause:
  description: Why there is no result, where the job gave none.
  type: str
  returned: on failure
fix:
  description: What to do about it.
  type: str
  returned: on failure
"""

import json
import os
import sys
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job


def main():
    module = AnsibleModule(argument_spec=async_job.ARGUMENTS, supports_check_mode=True)
    jid = module.params["jid"]
    path = os.path.join(module.params["async_dir"], os.path.basename(jid))
    job = async_job.wait(path, time.monotonic() + module.params["look_seconds"], time.monotonic, time.sleep)
    if job is None:
        module.fail_json(msg="could not find job", ansible_job_id=jid, finished=True)
    if not async_job.is_finished(job):
        module.exit_json(changed=False, finished=False, **{async_job.PROGRESS: job.get(async_job.PROGRESS)})
    async_job.put_away(path)
    # What the task has said is handed on as it is: it has been through exit_json once.
    sys.stdout.write("\n%s\n" % json.dumps(dict(async_job.told(job), ansible_job_id=jid, finished=True)))
    raise SystemExit(0)


if __name__ == "__main__":
    main()
