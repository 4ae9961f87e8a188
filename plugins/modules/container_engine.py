#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: container_engine
short_description: Give a container engine the Ascend runtime
version_added: "0.1.0"
description:
  - Adds the runtime C(ascend) to the configuration of docker, containerd, iSulad or CRI-O, restarts the engine once
    where something changed, and asks it. Whatever else the file holds stays in it, as it is written.
  - A configuration that the engine would refuse is not touched; the failure says where it is wrong. A change after
    which the engine does not come up is undone.
  - A restart of docker or iSulad without live-restore stops their containers. It is refused while any run, by name.
  - Before its first change it keeps the file, so that O(state=absent) puts it back byte for byte; what somebody changed
    in it since stays, and only the runtime is taken out then.
  - The variables C(ascend_install_path) and C(ascend_state_dir) are the defaults of the options of these names.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  engine:
    description: The container engine. A removal goes by its own record.
    type: str
    choices: [containerd, crio, docker, isula]
    default: docker
  state:
    description:
      - V(present) for the runtime, V(previous) for what was there before the last change of this module, V(absent) for
        what was there before its first one.
    type: str
    choices: [present, previous, absent]
    default: present
  default_runtime:
    description: Whether containers get the runtime that name none. iSulad has no such default.
    type: bool
    default: true
  image:
    description:
      - An image of the site's, by which a container is started that lists its devices. It has C(ls).
      - Not for CRI-O, which starts containers of pods only.
    type: str
  chip:
    description: Number of the NPU that this container gets.
    type: int
    default: 0
  busy_policy:
    description: What to do when the restart would stop containers.
    type: str
    choices: [refuse, wait, ignore]
    default: refuse
  busy_wait:
    description: Seconds to wait with O(busy_policy=wait).
    type: int
    default: 3600
  timeout:
    description: Seconds that a restart of the engine, or a container of O(image), may take.
    type: int
    default: 300
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: Docker starts containers with the Ascend runtime
  ascend.fleet.container_engine:
    engine: docker
  become: true

- name: Only those that ask for it, and one of them proves it
  ascend.fleet.container_engine:
    engine: docker
    default_runtime: false
    image: registry.example/ascend/cann:8.3
  become: true
"""

RETURN = r"""
reasons:
  description: Why there was something to do.
  type: list
  elements: str
  returned: always
restarted:
  description: Whether the engine was restarted.
  type: bool
  returned: always
containers:
  description: Containers that the restart stopped, or that stood in its way.
  type: list
  elements: str
  returned: when there are any
proof:
  description: Of the container - C(image), and C(missing), the device nodes that it lacks.
  type: dict
  returned: with an image, unless in check mode
undone:
  description: Whether file and engine are as they were before; V(null) where there was nothing to undo.
  type: bool
  returned: failure
cause:
  description: Why it failed.
  type: str
  returned: failure
fix:
  description: What to do about it.
  type: str
  returned: failure
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view, journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, container_engine, files
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, host_locale, safe_folder


def _work(params, work):
    """Make the change under the host's lock; returns the containers that it stopped, or None where nothing was left."""
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the container engine",
        },
        params["timeout"],
        lambda holder: True,
    )
    try:
        if not work.look():
            return None
        work.plan()
        stopped = work.idle(params["busy_policy"], params["busy_wait"])
        work.make()
        return stopped
    finally:
        files.release_host_lock(lock)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
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
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    params, view = module.params, host_view.HostView()
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
    try:
        result["reasons"] = work.look()
        if result["reasons"]:
            work.plan()
            if module._diff:
                result["diff"] = work.diff()
            stopped = work.stops() if module.check_mode else _work(params, work)
            result.update(changed=stopped is not None, restarted=stopped is not None and not module.check_mode)
            result.update({"containers": stopped} if stopped else {})
        if params["image"] and params["state"] == container_engine.PRESENT and not module.check_mode:
            result["proof"] = container_engine.prove_container(
                work.engine, path, params["image"], params["chip"], timeout=params["timeout"]
            )
    except held_lock.LockHeld as exc:
        module.fail_json(
            msg="Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run"
            " again." % (exc.holder.get("what") or "unknown"),
            **result,
        )
    except (container_engine.EngineError, checks.Refused, safe_folder.UnsafeFolder) as exc:
        module.fail_json(msg=str(exc), **dict(result, **exc.facts))
    except OSError as exc:
        module.fail_json(
            msg="The container engine was not configured. Cause: %s. Fix: free space in /etc and in %s, and run as root"
            " (become: true)." % (exc, params["state_dir"]),
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
