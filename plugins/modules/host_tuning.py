#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: host_tuning
short_description: Set what Ascend's documents ask of the operating system
version_added: "0.1.0"
description:
  - Brings settings of the operating system to what is asked for, in files that hold after a boot and in the running
    kernel, and reads both back. What is not asked for is not touched.
  - The files are C(/etc/sysctl.d/90-ascend-fleet.conf), C(/etc/security/limits.d/90-ascend-fleet.conf) and
    C(/etc/tmpfiles.d/90-ascend-fleet.conf). One that is there and was not made by this module is never written.
  - A change that the kernel does not take is undone. Before its first change it keeps what the kernel had, so that
    O(state=absent) can put it back.
  - The variable C(ascend_state_dir) is the default of O(state_dir).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  settings:
    description:
      - The settings, with the keys of C(ascend_host_tuning) - C(governor), C(transparent_hugepages), C(swappiness),
        C(numa_balancing), C(hugepages), C(reserved_ports), C(open_files), C(locked_memory), C(processes).
      - Needed with O(state=present). What an earlier call has set and this one does not name goes back.
    type: dict
    default: {}
  state:
    description:
      - V(present) for O(settings), V(previous) for what was there before the last change of this module, V(absent) for
        what was there before its first one.
    type: str
    choices: [present, previous, absent]
    default: present
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: CPUs at their full frequency, and no swapping
  ascend.fleet.host_tuning:
    settings:
      governor: performance
      swappiness: 0
  become: true
"""

RETURN = r"""
differences:
  description: What was not as wanted - C(where), C(now), C(wanted); V(null) for a file that is not there.
  type: list
  elements: dict
  returned: always
undone:
  description: Whether everything is as it was before; missing where nothing was begun.
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
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, files, tuning
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, host_locale, safe_folder

_PATIENCE = 60  # seconds for a run that ends just now


def _work(params, work):
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the settings of the operating system",
        },
        _PATIENCE,
        lambda holder: True,
    )
    try:
        work.look()
        if work.differences or work.open or work.stale:
            work.make()
            return True
        return False
    finally:
        files.release_host_lock(lock)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": [tuning.PRESENT, tuning.PREVIOUS, tuning.ABSENT], "default": "present"},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
            "controller": {"type": "str"},
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    params, view = module.params, host_view.HostView()
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
    try:
        result["differences"] = work.look()
        if work.differences or work.open or work.stale:
            if module._diff:
                result["diff"] = work.diff()
            result["changed"] = True if module.check_mode else _work(params, work)
    except held_lock.LockHeld as exc:
        module.fail_json(
            msg="Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run"
            " again." % (exc.holder.get("what") or "unknown"),
            **result,
        )
    except (checks.Refused, safe_folder.UnsafeFolder) as exc:
        module.fail_json(msg=str(exc), **dict(result, **exc.facts))
    except OSError as exc:
        module.fail_json(
            msg="The settings of this host were not changed. Cause: %s. Fix: free space in /etc and in %s, and run as"
            " root (become: true)." % (exc, params["state_dir"]),
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
