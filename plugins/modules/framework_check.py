#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: framework_check
short_description: Let MindSpore or PyTorch show on a host that it works
version_added: "0.1.0"
description:
  - Runs MindSpore's own installation check (with PyTorch, a product of matrices), or trains a small model for a few
    steps, inside a managed environment.
  - O(engine=mindformers-pipeline) trains a model of MindFormers, a GPT-2 up to 1.3.2 and a Llama from then on; the
    plain engines train a GPT-2 written in MindSpore or PyTorch alone.
  - Fails with cause and fix when the check does not say that it succeeded, or the loss does not fall.
  - Root does not run the framework itself, see RV(ran_as).
  - Changes nothing that lasts, except for the proof of a training, C(proofs/training.json) below O(state_dir).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.framework
  - ascend.fleet.options.state
options:
  task:
    description: V(installation) for C(mindspore.run_check()) or its like, V(training) for some optimizer steps.
    type: str
    choices: [installation, training]
    default: installation
  steps:
    description: Optimizer steps of V(training).
    type: int
    default: 20
  max_loss_ratio:
    description: The last loss of V(training) may be at most this part of the first.
    type: float
    default: 0.5
"""

EXAMPLES = r"""
- name: Does MindSpore work
  ascend.fleet.framework_check:
    environment: /opt/ascend/envs/mindspore
"""

RETURN = r"""
check:
  description: What was shown.
  type: dict
  returned: success
  sample:
    status: passed
    engine: mindspore-plain
    device: Ascend
    mindspore: 2.7.1
    text: MindSpore has been installed on platform [Ascend] successfully!
    wall_seconds: 12.5
ran_as:
  description:
    - The user the framework ran as. The owner of O(environment) where that is not root; else the first who can read it
      and use the NPU - the driver's user (by the device nodes, C(/etc/ascend_install.info) or its default,
      C(HwHiAiUser)), then C(nobody). Without C(become), the user of the connection.
    - Root only where the device nodes let nobody else in, or nobody else may read O(environment), and no other user can
      write there. A warning tells it.
  type: str
  returned: when it ran
  sample: HwHiAiUser
log_tail:
  description: The last lines the framework printed.
  type: str
  returned: on failure
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process as framework_process
from ansible_collections.ascend.fleet.plugins.module_utils.proof import proofs, sources
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale

SPEC = {
    "task": {"type": "str", "choices": ["installation", "training"], "default": "installation"},
    "steps": {"type": "int", "default": 20},
    "max_loss_ratio": {"type": "float", "default": 0.5},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
}
RUNNER_TASKS = {"installation": "check", "training": "train"}
SHOWN = (
    "engine",
    "device",
    "mindspore",
    "torch",
    "torch_npu",
    "text",
    "seconds",
    "wall_seconds",
    "hbm_used_mb",
    "hbm_allocated_mb",
)


def main():
    module = AnsibleModule(argument_spec=dict(SPEC, **framework_process.OPTIONS), supports_check_mode=True)
    host_locale.check(module)
    wanted = module.params
    training = wanted["task"] == "training"
    if training and wanted["steps"] < 2:
        module.fail_json(msg="steps is %d; the loss can only fall over two steps or more." % wanted["steps"])
    wanted["engine"] = wanted["engine"] or sources.default(wanted["environment"])
    path = os.path.join(wanted["state_dir"], "proofs", "training.json")
    earlier = proofs.read(path) or {}
    before = (earlier.get("status"), earlier.get("stack"), earlier.get("engine", sources.MINDFORMERS))
    changed = training and before != ("passed", wanted["stack"], wanted["engine"])
    diff = {"before": "", "after": "%s would be shown\n" % wanted["task"] if changed else ""}
    if module.check_mode:
        module.exit_json(changed=changed, msg="would check the %s" % wanted["task"], diff=diff)
    request = {"task": RUNNER_TASKS[wanted["task"]], "steps": wanted["steps"], "seed": 1}
    try:
        outcome = framework_process.run(wanted, request, watch_npu=training)
    except framework_process.Failure as exc:
        module.fail_json(msg=str(exc), log_tail=exc.log_tail, ran_as=exc.ran_as)
    if outcome["note"]:
        module.warn("The framework ran as root: %s." % outcome["note"])
    check = {name: outcome.get(name) for name in SHOWN}
    check["status"] = "passed"
    if training:
        reason = proofs.judge_losses(outcome["losses"], wanted["max_loss_ratio"])
        check.update(
            status="failed" if reason else "passed",
            reason=reason,
            steps=wanted["steps"],
            stack=wanted["stack"],
            losses=[round(loss, 4) for loss in outcome["losses"]],
            time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        )
        proofs.write(path, check)
        if reason:
            module.fail_json(msg=reason, check=check, log_tail=outcome["log_tail"], ran_as=outcome["ran_as"])
    module.exit_json(changed=changed, check=check, diff=diff, ran_as=outcome["ran_as"])


if __name__ == "__main__":
    main()
