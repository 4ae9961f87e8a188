#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: model_convert
short_description: Compile an exported model for one kind of inference chip
version_added: "0.1.0"
description:
  - Lets ATC, which the CANN toolkit brings, compile an exported model (ONNX, or MindSpore's AIR) into an OM model for
    one chip. No NPU is needed, so any host with a toolkit will do.
  - An OM is for the chip it was compiled for, and for the CANN it was compiled with or a newer one. So it is made once
    for the same model, chip, CANN and options, by content, and never again while it is there and whole.
  - The OM is C(converted/<name>-<chip>.om) below O(state_dir). Beside it is its record C(<name>-<chip>.om.json), which
    says what it was made from, and has the reference that the chip's answer is compared with.
  - ATC runs as the owner of O(environment), or else as C(nobody), never as root.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  exported:
    description:
      - Folder of the exported model on the host, C(model.json) and the files it names. Every file is held against its
        hash.
    type: path
    required: true
  soc_version:
    description: The chip, as C(Ascend) and the name that C(npu-smi info) prints, for example V(Ascend310P3).
    type: str
    required: true
  name:
    description: What the OM is called. Default is the exported model's name.
    type: str
  options:
    description:
      - Further options of ATC by their names without dashes, for example C(input_shape), C(precision_mode_v2),
        C(output_type), C(dynamic_batch_size), C(insert_op_conf) (AIPP; the name of a file in O(exported), or a path).
    type: dict
    default: {}
  environment:
    description:
      - Folder of a Python environment that has what ATC's compiler imports (numpy, decorator, attrs, scipy and others),
        as those of MindSpore and torch_npu do. Without it ATC takes the host's own Python.
    type: path
  jobs:
    description: Processes that the compiler may start. On a host with little memory V(1); without, as many as it likes.
    type: int
  timeout:
    description: Seconds that ATC may take. Large models take hours.
    type: int
    default: 3600
"""

EXAMPLES = r"""
- name: The exported model for the 310P3 of the fleet
  ascend.fleet.model_convert:
    exported: /srv/models/tiny
    soc_version: Ascend310P3
    environment: /opt/ascend/envs/mindspore
  become: true
"""

RETURN = r"""
om:
  description: Path of the OM on the host.
  type: str
  returned: success
  sample: /var/lib/ascend-fleet/converted/tiny-Ascend310P3.om
record:
  description: What stands beside the OM, but for inputs, outputs and the reference. Times are seconds, sizes bytes.
  type: dict
  returned: success, and not in check mode where the OM is not there yet
  sample:
    name: tiny
    soc: Ascend310P3
    cann: 8.3.RC1
    sha256: 52f6...
    size: 5623
    source: {framework: torch, version: 2.7.1, checkpoint_sha256: 9c1e...}
    warnings: []
    seconds: 14.2
log_tail:
  description: The last lines that ATC printed.
  type: str
  returned: on failure
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.convert import conversion, toolkit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale, safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed

LONG = ("reference", "inputs", "outputs")
SPEC = {
    "exported": {"type": "path", "required": True},
    "soc_version": {"type": "str", "required": True},
    "name": {"type": "str"},
    "options": {"type": "dict", "default": {}},
    "environment": {"type": "path"},
    "jobs": {"type": "int"},
    "timeout": {"type": "int", "default": 3600},
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
}


def main():
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host_locale.check(module)
    wanted = module.params
    row = toolkit.choose(installed.cann(host_view.HostView(), wanted["install_path"]), toolkit.COMPILERS)
    if row is None:
        module.fail_json(
            msg="There is no CANN toolkit in %s, and only the toolkit has ATC (nnrt and nnae have none). Install it "
            "with ascend_cann_flavor: toolkit, or convert on a host that has it." % wanted["install_path"]
        )
    if module.check_mode and not os.path.isdir(wanted["exported"]):  # the run itself would have brought it
        module.exit_json(changed=True, msg="would convert %s for %s" % (wanted["exported"], wanted["soc_version"]))
    environment = wanted["environment"]
    if environment and not os.path.isfile(environment.rstrip("/") + "/bin/python3"):
        module.fail_json(
            msg="environment: %s has no bin/python3. Name a Python environment of this host, or none for its own "
            "Python." % environment
        )
    try:
        work = conversion.Conversion(
            wanted["exported"], wanted["soc_version"], wanted["options"], row, wanted["state_dir"], wanted["name"]
        )
        record, changed = work.there(), False
        if record is None:
            changed = True
            if not module.check_mode:
                who = conversion.account(environment)
                record = work.convert(who, environment, wanted["jobs"], wanted["timeout"])
    except conversion.Failure as exc:
        module.fail_json(msg=str(exc), log_tail=exc.log_tail)
    except safe_folder.UnsafeFolder as exc:
        module.fail_json(msg=str(exc), **exc.facts)
    except OSError as exc:
        module.fail_json(msg="The OM could not be made: %s: %s." % (exc.filename, exc.strerror))
    result = {"changed": changed, "om": work.path}
    if record:
        # The reference may be long, and stands in the file.
        result["record"] = {name: value for name, value in record.items() if name not in LONG}
        for line in record["warnings"] if changed else ():
            module.warn("ATC, %s: %s" % (work.name, line))
    if module._diff:
        line = "%s for %s, CANN %s\n" % (work.name, wanted["soc_version"], row["version"])
        result["diff"] = {"before": "" if changed else line, "after": line}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
