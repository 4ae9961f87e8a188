# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of the NPUs, as the module device_network and a job of several steps set it."""

import os

from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, files, paused
from ansible_collections.ascend.fleet.plugins.module_utils.network import change, tool
from ansible_collections.ascend.fleet.plugins.module_utils.steps.alone import alone, in_words
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed

SPEC = {
    "chips": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": [change.PRESENT, change.PREVIOUS, change.ABSENT], "default": "present"},
    "busy_policy": {"type": "str", "choices": ["refuse", "wait", "ignore"], "default": "refuse"},
    "busy_wait": {"type": "int", "default": 3600},
    "timeout": {"type": "int", "default": 60},
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
}


def _tool(view, params):
    driver = installed.driver(view, params["install_path"])["path"] or params["install_path"].rstrip("/") + "/driver"
    path = os.path.join(driver, tool.PLACE)
    if os.path.isfile(path):
        return tool.Tool(path, params["timeout"])
    if params["state"] != change.PRESENT:
        return None  # a driver that is gone has no chips to tell
    raise change.ChangeError(
        "The network of the NPUs cannot be set",
        "%s is not there" % path,
        "install the driver first (role ascend.fleet.npu_driver), or set install_path (ascend_install_path)",
    )


def _work(params, work):
    with alone(params, "the network of the NPUs", params["timeout"]):
        work.look()
        if not work.differences and not work.open:
            return False
        if not work.disturbs():
            work.make()
            return True
        with paused.Paused(change.COMPONENT, params["state_dir"], []):
            checks.idle(change.COMPONENT, params["busy_policy"], params["busy_wait"], checks.find_users)
            work.make()
        return True


def run(params, told):
    """Set the network, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of device_network; with C(failed) and C(msg) where it failed.
    """
    view = host_view.HostView()
    wrong = sorted(str(chip) for chip, keys in params["chips"].items() if not str(chip).isdigit() or not keys)
    if wrong:
        said = (
            "chips names %s. Cause: it takes the numbers of chips, each with its settings. Fix: see the examples"
            " of ansible-doc ascend.fleet.device_network."
        )
        return {"failed": True, "msg": said % ", ".join(wrong)}
    result = {"changed": False, "differences": []}
    places = ["/etc", params["state_dir"]]
    with in_words(result, "The network of the NPUs was not set", places, (change.ChangeError,)):
        work = change.NetworkChange(
            params["state"],
            {str(chip): dict(keys) for chip, keys in params["chips"].items()},
            _tool(view, params),
            params["state_dir"],
            params["controller"],
            boot.identity(view.read),
            files.append_line,
        )
        result["differences"] = work.look()
        if work.differences or work.open:
            if told.diff:
                result["diff"] = work.diff()
            result["changed"] = True if told.check_mode else _work(params, work)
    return result
