#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: device_network
short_description: Set the network of the NPUs of a host
version_added: "0.1.0"
description:
  - Brings the RoCE ports of the NPUs to the settings wanted, in C(/etc/hccn.conf) and on the chips, and reads both
    back. Whatever else the file holds stays in it.
  - What is right already is neither written nor applied again. A change that does not work is undone, in the file and
    on the chips.
  - Before its first change it keeps what was there, so that O(state=absent) can put it back.
  - The variables C(ascend_install_path) and C(ascend_state_dir) are the defaults of the options of these names.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  chips:
    description:
      - Settings by the physical number of the chip, each with the keys of C(hccn.conf) without their number, such as
        C(address), C(netmask), C(gateway), C(netdetect), C(tls_enable). A plan has them in
        C(stack.device_network.chips).
      - Needed with O(state=present).
    type: dict
    default: {}
  state:
    description:
      - V(present) for O(chips), V(previous) for what was there before the last change of this module, V(absent) for
        what was there before its first one.
    type: str
    choices: [present, previous, absent]
    default: present
  busy_policy:
    description: What to do when processes use the NPUs and the settings of a chip are to change.
    type: str
    choices: [refuse, wait, ignore]
    default: refuse
  busy_wait:
    description: Seconds to wait with O(busy_policy=wait).
    type: int
    default: 3600
  timeout:
    description: Seconds that one call of C(hccn_tool) may take.
    type: int
    default: 60
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: Set two chips
  ascend.fleet.device_network:
    chips:
      "0": {address: 198.51.100.10, netmask: 255.255.255.0, netdetect: 198.51.100.1}
      "1": {address: 198.51.100.11, netmask: 255.255.255.0, netdetect: 198.51.100.1}
  become: true
"""

RETURN = r"""
differences:
  description: What was not as wanted - C(chip), C(key), C(where) (V(file) or V(device)), C(now), C(wanted).
  type: list
  elements: dict
  returned: always
undone:
  description: Whether file and chips are as they were before; V(null) where there was nothing to undo.
  type: bool
  returned: failure
busy:
  description: Users of the NPUs that stood in the way.
  type: list
  elements: dict
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
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, files, paused
from ansible_collections.ascend.fleet.plugins.module_utils.network import change, tool
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, host_locale, safe_folder
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import installed


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


def _work(module, work):
    params = module.params
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the network of the NPUs",
        },
        params["timeout"],
        lambda holder: True,
    )
    try:
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
    finally:
        files.release_host_lock(lock)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "chips": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": [change.PRESENT, change.PREVIOUS, change.ABSENT], "default": "present"},
            "busy_policy": {"type": "str", "choices": ["refuse", "wait", "ignore"], "default": "refuse"},
            "busy_wait": {"type": "int", "default": 3600},
            "timeout": {"type": "int", "default": 60},
            "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
            "controller": {"type": "str"},
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    params, view = module.params, host_view.HostView()
    wrong = sorted(str(chip) for chip, keys in params["chips"].items() if not str(chip).isdigit() or not keys)
    if wrong:
        module.fail_json(
            msg="chips names %s. Cause: it takes the numbers of chips, each with its settings. Fix: see the examples"
            " of ansible-doc ascend.fleet.device_network." % ", ".join(wrong)
        )
    result = {"changed": False, "differences": []}
    try:
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
            if module._diff:
                result["diff"] = work.diff()
            result["changed"] = True if module.check_mode else _work(module, work)
    except held_lock.LockHeld as exc:
        module.fail_json(
            msg="Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run"
            " again." % (exc.holder.get("what") or "unknown"),
            **result,
        )
    except (change.ChangeError, checks.Refused, safe_folder.UnsafeFolder) as exc:
        module.fail_json(msg=str(exc), **dict(result, **exc.facts))
    except OSError as exc:
        module.fail_json(
            msg="The network of the NPUs was not set. Cause: %s. Fix: free space in /etc and in %s, and run as root"
            " (become: true)." % (exc, params["state_dir"]),
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
