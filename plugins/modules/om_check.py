#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: om_check
short_description: Prove that an inference chip runs an OM model
version_added: "0.1.0"
description:
  - Loads an OM model through pyACL, lets the chip compute a fixed input, compares the answer with the reference within
    a tolerance, measures latency and throughput, and gives the chip back.
  - The reference comes from the record that M(ascend.fleet.model_convert) left beside the OM. A model of yours without
    a record is compared with O(output), or only has to give the same answer twice.
  - An OM that is damaged, for another chip, or of a newer CANN is refused in words before the chip is touched, where
    its record says so; else by what ACL says.
  - The result is kept in C(proofs/om.json) below O(state_dir), with the versions it was obtained with.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  model:
    description: Path of the OM on the host.
    type: path
    required: true
  name:
    description: What the model is called in the proof. Default is what its record says, or else its file's name.
    type: str
  soc_version:
    description: The host's chip, for example V(Ascend310P3). Without it ACL says whether the model is for the chip.
    type: str
  input:
    description: Numbers of each input by its name, row by row. Without a reference and without this they are zeros.
    type: dict
  output:
    description: Numbers that each output has to have, by its name.
    type: dict
  tolerance:
    description:
      - How far an output may be off, C(rtol) and C(atol), as numpy's allclose has them. Default is the record's.
    type: dict
  device_id:
    description: Which chip, counted from 0.
    type: int
    default: 0
  loops:
    description: How often it is computed for the measurement.
    type: int
    default: 50
  warmup:
    description: How often it is computed before.
    type: int
    default: 5
  python:
    description: The Python that imports pyACL. Default is the one that runs this module.
    type: path
  keep:
    description: Names of the models that the proof is about. Of others only what passed is kept. Without it all are.
    type: list
    elements: str
  stack:
    description: The versions this proves something for; kept in the proof.
    type: dict
    default: {}
  force:
    description: Whether to run when a proof for the same O(stack), model and question exists.
    type: bool
    default: false
  timeout:
    description: Seconds until the run is ended.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: The tiny model on the first chip
  ascend.fleet.om_check:
    model: /var/lib/ascend-fleet/models/tiny.om
  become: true
"""

RETURN = r"""
om:
  description: What was found of this model. Latencies are milliseconds, the throughput is inputs a second.
  type: dict
  returned: when it ran, was refused, or a proof exists
  sample:
    status: passed
    reason: null
    soc: Ascend310P3
    runtime: nnrt 8.3.RC1
    sha256: 52f6...
    compared: true
    difference: 0.00012
    latency_ms: {min: 0.61, mean: 0.66, median: 0.65, p99: 0.72, max: 0.74}
    throughput: 1503.8
    load_seconds: 0.02
    time: "2026-11-22T16:40:00Z"
proof:
  description: The content of the proof, with all models of the host.
  type: dict
  returned: when it ran, was refused, or a proof exists
name:
  description: What the model is called.
  type: str
  returned: always
ran_as:
  description: The user that it ran as, who may read the model and use the chip; root only where nobody else may.
  type: str
  returned: when it ran
  sample: HwHiAiUser
log_tail:
  description: The last lines that were printed.
  type: str
  returned: on failure
"""

import os
import sys
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.convert import om, toolkit
from ansible_collections.ascend.fleet.plugins.module_utils.proof import om_proofs, om_run, proofs
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed

SPEC = {
    "model": {"type": "path", "required": True},
    "name": {"type": "str"},
    "soc_version": {"type": "str"},
    "input": {"type": "dict"},
    "output": {"type": "dict"},
    "tolerance": {"type": "dict"},
    "device_id": {"type": "int", "default": 0},
    "loops": {"type": "int", "default": 50},
    "warmup": {"type": "int", "default": 5},
    "python": {"type": "path"},
    "keep": {"type": "list", "elements": "str"},
    "stack": {"type": "dict", "default": {}},
    "force": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 600},
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
}


def main():
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host_locale.check(module)
    wanted = module.params
    record = om.record_of(wanted["model"]) or {}
    name = wanted["name"] or record.get("name") or os.path.basename(wanted["model"])[: -len(om.SUFFIX)]
    path = os.path.join(wanted["state_dir"], "proofs", om_proofs.FILE)
    earlier = proofs.read(path)
    try:
        reference = _reference(wanted, record)
        sha256 = whole_file.sha256(wanted["model"])
    except ValueError as exc:
        module.fail_json(msg=str(exc), name=name)
    except OSError as exc:
        if module.check_mode:  # the run itself would have brought it
            module.exit_json(changed=True, msg="would run the model", name=name)
        module.fail_json(
            msg="%s: %s. Run the role om_check, which brings it." % (wanted["model"], exc.strerror), name=name
        )
    key = om_proofs.key(sha256, reference, wanted["device_id"])
    proven = om_proofs.holds(earlier, name, key, wanted["stack"])
    if (proven and not wanted["force"]) or module.check_mode:
        given = {"om": earlier["models"][name], "proof": earlier} if proven else {}
        module.exit_json(changed=not proven, name=name, diff=_diff(name, proven, None), **given)
    entry, extra = _run(module, record, reference, sha256)
    entry.update(key=key, sha256=sha256, stack=wanted["stack"], source=record.get("source"), cann=record.get("cann"))
    question = {part: wanted[part] for part in ("input", "output", "tolerance") if wanted[part]}
    entry.update(model=record.get("model"), conversion=record.get("key"), question=om_proofs.asked(question))
    entry.update(time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    proof = om_proofs.with_model(earlier, name, entry, wanted["keep"])
    proofs.write(path, proof)
    result = dict(extra, changed=not proven, name=name, om=entry, proof=proof, diff=_diff(name, proven, entry))
    if entry["status"] != "passed":
        module.fail_json(msg=entry["reason"], **result)
    module.exit_json(**result)


def _reference(wanted, record):
    """What is asked, and what has to come of it. Raises ValueError."""
    reference = dict(record.get("reference") or {})
    for part in ("input", "output", "tolerance"):
        given = wanted[part]
        if given is None:
            continue
        for name, value in given.items():
            numbers = value if part != "tolerance" else [value]
            if not isinstance(numbers, list) or not all(
                isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers
            ):
                raise ValueError(
                    "%s: %s has to be %s." % (part, name, "numbers" if part != "tolerance" else "a number")
                )
        reference[part] = given
    return reference


def _run(module, record, reference, sha256):
    """(the entry of the proof, what else is returned)."""
    wanted = module.params
    row = toolkit.choose(installed.cann(host_view.HostView(), wanted["install_path"]), toolkit.RUNTIMES)
    if row is None:
        reason = "There is no CANN in %s that runs a model. Run the role cann." % wanted["install_path"]
        return {"status": "failed", "reason": reason}, {}
    entry = {
        "runtime": "%s %s" % (row["product"], row["version"]),
        "soc": wanted["soc_version"],
        "status": "failed",
        "reason": None,
    }
    if record:
        entry["reason"] = om_proofs.not_for_this_host(record, wanted["soc_version"], row["version"])
        if sha256 != record["sha256"]:
            entry["reason"] = (
                "%s is damaged or another file: its SHA-256 is %s, and its record says %s. Remove it and run again, "
                "which brings it again from the control node." % (wanted["model"], sha256, record["sha256"])
            )
        if entry["reason"]:
            return entry, {}
    request = {name: wanted[name] for name in ("device_id", "loops", "warmup")}
    request["input"] = reference.get("input") or {}
    try:
        outcome = om_run.run(wanted["model"], request, row, wanted["python"] or sys.executable, wanted["timeout"])
    except om_run.Failure as exc:
        entry.update(reason=str(exc), code=exc.code)
        return entry, {"log_tail": exc.log_tail}
    if outcome["note"]:
        module.warn("The model ran as root: %s." % outcome["note"])
    gap, wrong, compared = om_proofs.judge(outcome["outputs"], reference)
    measured = om_proofs.latency(outcome["times_ms"])
    shape = (outcome["inputs"] or [{}])[0].get("shape") or [1]
    entry.update(
        status="failed" if wrong else "passed",
        reason="The chip computes something else: %s. Convert the model again; if it stays, look at the chip." % wrong
        if wrong
        else None,
        soc=outcome["soc"] or wanted["soc_version"],
        compared=compared,
        difference=gap,
        latency_ms=measured,
        throughput=om_proofs.throughput(
            shape[0] if isinstance(shape[0], int) and shape[0] > 0 else 1, measured["mean"]
        ),
        load_seconds=round(float(outcome.get("load_seconds") or 0), 3),
    )
    return entry, {"ran_as": outcome["ran_as"]}


def _diff(name, proven, entry):
    after = om_proofs.words(name, entry) if entry else "%s would be run" % name
    return {
        "before": "%s is proven\n" % name if proven else "",
        "after": "%s is proven\n" % name if proven else after + "\n",
    }


if __name__ == "__main__":
    main()
