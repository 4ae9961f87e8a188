#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: model_export
short_description: Export a trained model, so that an inference chip can get it
version_added: "0.1.0"
description:
  - Lets PyTorch or MindSpore load a checkpoint inside a managed environment and export the model to ONNX, MindIR or
    AIR, with the answer to a fixed input that whoever runs it later compares with.
  - Without O(definition) and O(checkpoint) a small classifier of pictures is trained first, which every chip can run.
  - The exported model is the folder C(exported/<name>) below O(state_dir), with the model's file and C(model.json),
    which says inputs, outputs, reference and the hashes of the files and of the checkpoint.
  - The same checkpoint, definition and options are exported once; files that were damaged since then are made anew.
  - Root does not run the framework itself, see RV(ran_as). O(checkpoint) has to be readable for that user.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  environment:
    description: Folder of the managed Python environment.
    type: path
    required: true
  framework:
    description: What exports. The default is what is installed in O(environment), MindSpore before PyTorch.
    type: str
    choices: [mindspore, torch]
  name:
    description: Name of the exported model.
    type: str
    required: true
  definition:
    description:
      - Text of a Python file with a function O(factory) that returns the model, a C(torch.nn.Module) or
        C(mindspore.nn.Cell), before its weights. It imports what is in the environment and nothing beside itself.
    type: str
  factory:
    description: The function in O(definition), called without arguments.
    type: str
    default: build
  checkpoint:
    description:
      - File on the host with the weights, for PyTorch C(.pt), C(.pth), C(.bin), C(.ckpt) or C(.safetensors), for
        MindSpore C(.ckpt). Each of the model's weights has to be in it.
    type: path
  inputs:
    description: The inputs of the model, in the order of its call. Required with O(definition).
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Its name., type: str, required: true}
      shape:
        description: Its sizes. With PyTorch V(-1) leaves one open, which is V(1) in the reference.
        type: list
        elements: int
        required: true
      dtype:
        description: Type of its numbers.
        type: str
        choices: [float32, float16, int32, int64, uint8, bool]
        default: float32
      below:
        description: Whole numbers of the fixed input are below this one, such as the size of a vocabulary.
        type: int
        default: 2
  outputs:
    description: Names of the outputs. By default C(output_0) and so on; MindSpore names those of an ONNX model itself.
    type: list
    elements: str
    default: []
  format:
    description:
      - V(onnx) is what C(atc) and others read. V(air) is exported by MindSpore on an NPU only, up to the releases that
        have it; V(mindir) is for MindSpore Lite, C(atc) does not read it.
    type: str
    choices: [onnx, mindir, air]
    default: onnx
  opset:
    description:
      - Version of ONNX's operators that PyTorch writes; the CANN that converts the model has to know it. MindSpore has
        its own.
    type: int
    default: 11
  rtol:
    description: The part of a number by which an answer of the model may differ from the reference.
    type: float
    default: 0.01
  atol:
    description: By how much it may differ beside that.
    type: float
    default: 0.001
  seed:
    description: Seed of the fixed input, and of the training.
    type: int
    default: 1
  steps:
    description: Optimizer steps of the small classifier.
    type: int
    default: 100
  max_loss_ratio:
    description: Its last loss may be at most this part of the first.
    type: float
    default: 0.5
  device_target:
    description:
      - Where the small classifier is trained. MindSpore exports there too; PyTorch loads and exports on the CPU, and
        does not touch an NPU for a checkpoint that is there.
    type: str
    choices: [Ascend, CPU]
    default: Ascend
  device_id:
    description: Which NPU.
    type: int
    default: 0
  timeout:
    description: Seconds the run may take.
    type: int
    default: 900
  force:
    description: Whether to export again what is there already.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: A small classifier, trained here
  ascend.fleet.model_export:
    environment: /opt/ascend/envs/mindspore
    name: tiny
  become: true

- name: A model of our own
  ascend.fleet.model_export:
    environment: /opt/ascend/envs/torch
    name: detector
    definition: "{{ lookup('ansible.builtin.file', 'detector.py') }}"
    checkpoint: /data/detector/last.pt
    inputs:
      - {name: image, shape: [1, 3, 640, 640]}
    outputs: [boxes, scores]
  become: true
"""

RETURN = r"""
exported:
  description: What is there now.
  type: dict
  returned: success, outside of check mode also when it was there
  sample:
    name: tiny
    path: /var/lib/ascend-fleet/exported/tiny
    file: model.onnx
    format: onnx
    sha256: 7d9f1ab3e2c45b0fd6c0b3b8a1f5f2a9a0e8c6d4b2f1e3d5c7b9a1f3e5d7c9b1
    opset: 11
    source:
      framework: mindspore
      version: 2.7.1
      device: Ascend
      checkpoint_sha256: 2c1f0a9b8e7d6c5b4a3f2e1d0c9b8a7f6e5d4c3b2a1f0e9d8c7b6a5f4e3d2c1b
      request_sha256: 0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9
    files: [model.onnx, model.json]
    inputs:
      - {name: input_data, shape: [4, 1, 16, 16], dtype: float32}
    outputs:
      - {name: "8", shape: [4, 4], dtype: float32}
losses:
  description: First and last loss of the training.
  type: list
  elements: float
  returned: when the small classifier was trained
  sample: [1.384, 0.001]
wall_seconds:
  description: How long the run took.
  type: float
  returned: when it ran
  sample: 9.4
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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.change import (
    job as async_job,
)
from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported
from ansible_collections.ascend.fleet.plugins.module_utils.proof import export, process
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale, safe_folder

INPUT = {
    "name": {"type": "str", "required": True},
    "shape": {"type": "list", "elements": "int", "required": True},
    "dtype": {
        "type": "str",
        "choices": ["float32", "float16", "int32", "int64", "uint8", "bool"],
        "default": "float32",
    },
    "below": {"type": "int", "default": 2},
}
SPEC = dict(
    {name: process.OPTIONS[name] for name in ("environment", "device_target", "device_id", "timeout")},
    framework={"type": "str", "choices": ["mindspore", "torch"]},
    name={"type": "str", "required": True},
    definition={"type": "str"},
    factory={"type": "str", "default": "build"},
    checkpoint={"type": "path"},
    inputs={"type": "list", "elements": "dict", "default": [], "options": INPUT},
    outputs={"type": "list", "elements": "str", "default": []},
    format={"type": "str", "choices": ["onnx", "mindir", "air"], "default": "onnx"},
    opset={"type": "int", "default": 11},
    rtol={"type": "float", "default": 0.01},
    atol={"type": "float", "default": 0.001},
    seed={"type": "int", "default": 1},
    steps={"type": "int", "default": 100},
    max_loss_ratio={"type": "float", "default": 0.5},
    state_dir={"type": "path", "default": defaults.STATE_DIR},
    force={"type": "bool", "default": False},
)


def main():
    async_job.seal(os.environ)
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host_locale.check(module)
    wanted = module.params
    wanted["framework"] = export.framework_of(wanted)
    folder = os.path.join(wanted["state_dir"], export.FOLDER, wanted["name"])
    try:
        export.check(wanted)
        found = export.there(folder)
        if module.check_mode and wanted["checkpoint"] and not os.path.exists(wanted["checkpoint"]):
            # It may be one that the run itself would have trained.
            checkpoint = "0"
        else:
            checkpoint = export.checkpoint_sha256(wanted["checkpoint"]) if wanted["checkpoint"] else None
        asked = export.request_sha256(wanted, checkpoint)
        if export.holds(folder, found, asked) and not wanted["force"]:
            module.exit_json(changed=False, exported=_told(folder, found))
        if module.check_mode:
            module.exit_json(changed=True, msg="would export %s" % wanted["name"], diff=_diff(found, None))
        description, outcome = export.run(wanted, folder, asked, checkpoint)
    except export.ExportError as exc:
        module.fail_json(msg=str(exc), log_tail=exc.log_tail, ran_as=exc.ran_as)
    except safe_folder.UnsafeFolder as exc:
        module.fail_json(msg=str(exc))
    except OSError as exc:
        module.fail_json(
            msg="%s: %s. Make room there, or see who else uses it." % (exc.filename or folder, exc.strerror)
        )
    if outcome["note"]:
        module.warn("The framework ran as root: %s." % outcome["note"])
    more = {name: outcome[name] for name in ("wall_seconds", "ran_as")}
    if outcome.get("losses"):
        more["losses"] = [round(loss, 4) for loss in (outcome["losses"][0], outcome["losses"][-1])]
    module.exit_json(changed=True, exported=_told(folder, description), diff=_diff(found, description), **more)


def _told(folder, description):
    """A description without the numbers of the reference, which nobody reads."""
    told = {name: description[name] for name in ("name", "source", "inputs", "outputs", "opset")}
    told.update(
        path=folder,
        file=exported.model_file(description),
        format=exported.kind(description),
        sha256=exported.content(description),
        files=sorted(description["files"]) + [exported.DESCRIPTION],
    )
    return told


def _diff(before, after):
    def line(found):
        return "%s, SHA-256 %s\n" % (exported.model_file(found), exported.content(found)) if found else ""

    return {
        "before_header": "exported model",
        "after_header": "exported model",
        "before": line(before),
        "after": line(after) if after else "would be exported\n",
    }


if __name__ == "__main__":
    main()
