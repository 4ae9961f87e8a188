# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A framework that shows that it works, as the module framework_check and a job of several steps have it done."""

import os
import time

from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process as framework_process
from ansible_collections.ascend.fleet.plugins.module_utils.proof import proofs, sources

SPEC = dict(
    framework_process.OPTIONS,
    task={"type": "str", "choices": ["installation", "training"], "default": "installation"},
    steps={"type": "int", "default": 20},
    max_loss_ratio={"type": "float", "default": 0.5},
    state_dir={"type": "path", "default": defaults.STATE_DIR},
)
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


def run(wanted, told):
    """Let the framework check itself, or train for some steps.

    Args:
        wanted: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of framework_check; with C(failed) and C(msg) where it failed.
    """
    training = wanted["task"] == "training"
    if training and wanted["steps"] < 2:
        said = "steps is %d; the loss can only fall over two steps or more."
        return {"failed": True, "msg": said % wanted["steps"]}
    wanted = dict(wanted, engine=wanted["engine"] or sources.default(wanted["environment"]))
    path = os.path.join(wanted["state_dir"], "proofs", "training.json")
    earlier = proofs.read(path) or {}
    before = (earlier.get("status"), earlier.get("stack"), earlier.get("engine", sources.MINDFORMERS))
    changed = training and before != ("passed", wanted["stack"], wanted["engine"])
    diff = {"before": "", "after": "%s would be shown\n" % wanted["task"] if changed else ""}
    if told.check_mode:
        return {"changed": changed, "msg": "would check the %s" % wanted["task"], "diff": diff}
    request = {"task": RUNNER_TASKS[wanted["task"]], "steps": wanted["steps"], "seed": 1}
    try:
        outcome = framework_process.run(wanted, request, watch_npu=training)
    except framework_process.Failure as exc:
        return {"failed": True, "msg": str(exc), "log_tail": exc.log_tail, "ran_as": exc.ran_as}
    if outcome["note"]:
        told.warn("The framework ran as root: %s." % outcome["note"])
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
            more = {"log_tail": outcome["log_tail"], "ran_as": outcome["ran_as"]}
            return dict(more, failed=True, msg=reason, check=check)
    return {"changed": changed, "check": check, "diff": diff, "ran_as": outcome["ran_as"]}
