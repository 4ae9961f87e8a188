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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, framework


def main():
    """Entry point."""
    module = AnsibleModule(argument_spec=framework.SPEC, supports_check_mode=True)
    host_locale.check(module)
    answer.end(module, framework.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
