# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's exporter, as the module npu_exporter and a job of several steps bring it about."""

from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import exporter, paused
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit
from ansible_collections.ascend.fleet.plugins.module_utils.steps.alone import alone, in_words

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "path": {"type": "path"},
    "checksum": {"type": "str"},
    "version": {"type": "str"},
    "address": {"type": "str", "default": unit.ADDRESS},
    "port": {"type": "int", "default": unit.PORT},
    "take_over": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 60},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
}


def _work(work, params):
    with alone(params, "the NPU exporter", params["timeout"]):
        result = work.look()
        return result if work.done() else work.make()


def run(params, told):
    """Bring it to what is wanted, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of npu_exporter; with C(failed) and C(msg) where it failed.
    """
    if params["state"] == "present" and not params["version"]:
        return {"failed": True, "msg": "state is present but all of the following are missing: version"}
    view = host_view.HostView()
    work = exporter.ExporterChange(params, view, boot.identity(view.read), paused.systemctl)
    result = {}
    with in_words(result, "The NPU exporter was not set up", [params["state_dir"]], (exporter.Failed,)):
        seen = work.look()
        if not work.done():
            diff = {"diff": work.diff()} if told.diff else {}
            if told.check_mode:
                work.judge()
                after = None if work.removal else params["version"]
                seen.update(diff, changed=True, action=work.action(), after=after)
            else:
                seen = dict(_work(work, params), **diff)
        result.update(seen)
        for note in result["notes"]:
            told.warn(note)
    return result
