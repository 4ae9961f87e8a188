# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a container engine, as the module container_engine and a job of several steps bring it about."""

from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.change import container_engine, files
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines
from ansible_collections.ascend.fleet.plugins.module_utils.steps.alone import alone, in_words

SPEC = {
    "engine": {"type": "str", "choices": list(engines.NAMES), "default": "docker"},
    "state": {"type": "str", "choices": ["present", "previous", "absent"], "default": "present"},
    "default_runtime": {"type": "bool", "default": True},
    "image": {"type": "str"},
    "chip": {"type": "int", "default": 0},
    "busy_policy": {"type": "str", "choices": ["refuse", "wait", "ignore"], "default": "refuse"},
    "busy_wait": {"type": "int", "default": 3600},
    "timeout": {"type": "int", "default": 300},
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "controller": {"type": "str"},
}


def _work(params, work):
    """Make the change under the host's lock; returns the containers that it stopped, or None where nothing was left."""
    with alone(params, "the container engine", params["timeout"]):
        if not work.look():
            return None
        work.plan()
        stopped = work.idle(params["busy_policy"], params["busy_wait"])
        work.make()
        return stopped


def run(params, told):
    """Bring it to what is wanted, or foresee it.

    Args:
        params: the arguments, judged by SPEC.
        told: answer.Told.

    Returns:
        The documented values of container_engine; with C(failed) and C(msg) where it failed.
    """
    view = host_view.HostView()
    path = engines.binary(params["install_path"])
    work = container_engine.EngineChange(
        params["state"],
        params["engine"],
        path,
        params["default_runtime"],
        view,
        params["state_dir"],
        params["controller"],
        boot.identity(view.read),
        files.append_line,
        params["timeout"],
    )
    result = {"changed": False, "reasons": [], "restarted": False}
    places = ["/etc", params["state_dir"]]
    with in_words(result, "The container engine was not configured", places, (container_engine.EngineError,)):
        result["reasons"] = work.look()
        if result["reasons"]:
            work.plan()
            if told.diff:
                result["diff"] = work.diff()
            stopped = work.stops() if told.check_mode else _work(params, work)
            result.update(changed=stopped is not None, restarted=stopped is not None and not told.check_mode)
            result.update({"containers": stopped} if stopped else {})
        if params["image"] and params["state"] == container_engine.PRESENT and not told.check_mode:
            result["proof"] = container_engine.prove_container(
                work.engine, path, params["image"], params["chip"], timeout=params["timeout"]
            )
    return result
