#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: text_generation
short_description: Prove that a host generates text
version_added: "0.1.0"
description:
  - Lets an engine load a model inside a managed environment and generate one text, compares that with what is expected,
    and keeps the result as a proof together with the versions it was obtained with, in C(proofs/inference.json) below
    O(state_dir), or with O(framework) in C(proofs/inference-<framework>.json).
  - The model is a folder with a yaml description, one of MindFormers' own names, or for the plain engines a GPT-2. Its
    files must be there; the run cannot reach the network.
  - On an NPU the HBM in use is read with npu-smi during the run, and every process of the run is gone afterwards.
  - Root does not run the model itself, see RV(ran_as). Its files in O(model_dir) have to be readable for that user,
    folders above them too.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.framework
  - ascend.fleet.options.state
options:
  model:
    description: Name of the model, in MindFormers and of its file C(<model>.ckpt), for example V(gpt2).
    type: str
    required: true
  model_dir:
    description:
      - Folder with the model's files. When a yaml description is among them, the model is loaded from the folder.
      - Otherwise it is loaded by O(model)'s name, from C(<model>.ckpt) and the tokenizer's files in this folder.
    type: path
    required: true
  checksums:
    description:
      - SHA-256 of the model's files by their names in O(model_dir). They are checked on the host right before the run;
        a file that differs is refused. Files that are not named are not checked.
    type: dict
    default: {}
  prompt:
    description: What to continue.
    type: str
    default: I love Beijing, because
  top_k:
    description: How many of the likeliest tokens are candidates; used with O(do_sample).
    type: int
    default: 3
  do_sample:
    description: Whether to draw among the candidates. Without, the same model always gives the same text.
    type: bool
    default: false
  seed:
    description: Seed for O(do_sample).
    type: int
    default: 1
  max_length:
    description: Tokens of prompt and continuation together.
    type: int
    default: 20
  expected:
    description: The exact text. Without it and O(expected_pattern), any continuation passes.
    type: str
  expected_pattern:
    description: Regular expression that has to match somewhere in the text.
    type: str
  framework:
    description: Whose proof it is, on a host whose first framework is another one that has a proof of its own.
    type: str
    choices: [mindspore, torch]
  force:
    description: Whether to run when a proof for the same O(stack) and request exists.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: GPT-2 goes on with the guide's sentence
  ascend.fleet.text_generation:
    environment: /opt/ascend/envs/mindspore
    model: gpt2
    model_dir: /opt/ascend/models/gpt2
  become: true
"""

RETURN = r"""
inference:
  description: The result; also the content of the proof.
  type: dict
  returned: when it ran, or a proof exists
  sample:
    status: passed
    reason: null
    engine: mindformers-pipeline
    model: gpt2
    prompt: I love Beijing, because
    text: I love Beijing, because it's so beautiful
    device: Ascend
    tokens: 15
    tokens_per_second: 31.2
    seconds: 0.5
    wall_seconds: 42.0
    hbm_used_mb: 30784
    hbm_allocated_mb: 412
    shown: [products of matrices on npu:0 as on the CPU, the sum of the numbers of 8 NPUs by an all_reduce (hccl)]
    mindspore: 2.4.10
    mindformers: 1.3.2
    stack: {driver: 25.3.rc1}
    time: "2026-11-22T16:40:00Z"
engine:
  description: The engine that was chosen.
  type: str
  returned: always
  sample: mindformers-pipeline
model:
  description: The option of that name.
  type: str
  returned: always
  sample: gpt2
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
  description: The last lines the frameworks printed.
  type: str
  returned: on failure
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, generation


def main():
    """Entry point."""
    module = AnsibleModule(argument_spec=generation.SPEC, supports_check_mode=True)
    host_locale.check(module)
    answer.end(module, generation.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
