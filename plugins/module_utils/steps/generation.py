# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text that an engine generates, as the module text_generation and a job of several steps have it done."""

import os

from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.proof import process as framework_process
from ansible_collections.ascend.fleet.plugins.module_utils.proof import proofs, sources

SPEC = dict(
    framework_process.OPTIONS,
    model={"type": "str", "required": True},
    model_dir={"type": "path", "required": True},
    checksums={"type": "dict", "default": {}},
    prompt={"type": "str", "default": "I love Beijing, because"},
    top_k={"type": "int", "default": 3},
    do_sample={"type": "bool", "default": False},
    seed={"type": "int", "default": 1},
    max_length={"type": "int", "default": 20},
    expected={"type": "str"},
    expected_pattern={"type": "str"},
    framework={"type": "str", "choices": list(defaults.PROVEN)},
    state_dir={"type": "path", "default": defaults.STATE_DIR},
    force={"type": "bool", "default": False},
)
REQUEST = ("model", "prompt", "top_k", "do_sample", "seed", "max_length")


def run(wanted, told):
    """Generate a text and keep the proof, unless one holds already.

    Args:
        wanted: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of text_generation; with C(failed) and C(msg) where it failed.
    """
    wanted = dict(wanted, engine=wanted["engine"] or sources.default(wanted["environment"]))
    chosen = {"engine": wanted["engine"], "model": wanted["model"]}
    try:
        proofs.check_expectation(wanted)
        links = proofs.model_links(wanted["model"], wanted["model_dir"], _names(wanted["model_dir"]), wanted["engine"])
    except ValueError as exc:
        # In check mode the files may be ones that the run itself would have brought.
        if told.check_mode and not os.path.isdir(wanted["model_dir"]):
            return dict(chosen, changed=True, msg="would generate text")
        return dict(chosen, failed=True, msg=str(exc))
    path = defaults.proof_file(wanted["state_dir"], wanted["framework"])
    earlier = proofs.read(path)
    if proofs.holds(earlier, wanted) and not wanted["force"]:
        return dict(chosen, changed=False, inference=earlier)
    if told.check_mode:
        changed, diff = not proofs.holds(earlier, wanted), _diff(wanted, earlier, None)
        return dict(chosen, changed=changed, msg="would generate text", diff=diff)
    inference, ran_as, log_tail = _generate(wanted, told, links)
    proofs.write(path, inference)
    changed = not proofs.holds(earlier, wanted) or earlier.get("text") != inference["text"]
    result = dict(chosen, changed=changed, inference=inference, ran_as=ran_as)
    if told.diff:
        result["diff"] = _diff(wanted, earlier, inference)
    if inference["status"] != "passed":
        return dict(result, failed=True, msg=inference["reason"], log_tail=log_tail)
    return result


def _generate(wanted, told, links):
    """(the proof, the user it ran as, last lines of the log)."""
    request = dict(
        {name: wanted[name] for name in REQUEST}, task="generate", model_dir=None if links else wanted["model_dir"]
    )
    try:
        proofs.check_files(wanted["model_dir"], wanted["checksums"])
        outcome = framework_process.run(wanted, request, watch_npu=True, links=links)
        ran_as, log_tail = outcome["ran_as"], outcome["log_tail"]
        if outcome["note"]:
            told.warn("The model ran as root: %s." % outcome["note"])
        reason = proofs.judge(outcome["text"], wanted)
    except ValueError as exc:
        outcome, reason, ran_as, log_tail = {}, str(exc), None, ""
    except framework_process.Failure as exc:
        outcome, reason, ran_as, log_tail = {}, str(exc), exc.ran_as, exc.log_tail
    return proofs.inference(wanted, outcome, reason), ran_as, log_tail


def _names(folder):
    try:
        return sorted(os.listdir(folder))
    except (IOError, OSError):
        return []


def _diff(wanted, before, after):
    def line(proof):
        return "%s: %s\n" % (proof.get("status"), proof.get("text")) if proof else ""

    return {
        "before_header": "text generated from %r" % wanted["prompt"],
        "after_header": "text generated from %r" % wanted["prompt"],
        "before": line(before),
        "after": line(after) if after else "would be generated\n",
    }
