# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the operating system, as the module host_tuning and a job of several steps make them."""

from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import files, tuning
from ansible_collections.ascend.fleet.plugins.module_utils.steps.alone import alone, in_words

SPEC = {
    "settings": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": [tuning.PRESENT, tuning.PREVIOUS, tuning.ABSENT], "default": "present"},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
}
_PATIENCE = 60  # seconds for a run that ends just now


def _work(params, work):
    with alone(params, "the settings of the operating system", _PATIENCE):
        work.look()
        if not work.due():
            return False
        work.make()
        return True


def run(params, told):
    """Make the settings, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of host_tuning; with C(failed) and C(msg) where it failed.
    """
    view = host_view.HostView()
    work = tuning.TuningChange(
        params["state"],
        params["settings"],
        view,
        params["state_dir"],
        params["controller"],
        boot.identity(view.read),
        files.append_line,
    )
    result = {"changed": False, "differences": []}
    with in_words(result, "The settings of this host were not changed", ["/etc", params["state_dir"]]):
        result["differences"] = work.look()
        if work.due():
            if told.diff:
                result["diff"] = work.diff()
            result["changed"] = True if told.check_mode else _work(params, work)
    return result
