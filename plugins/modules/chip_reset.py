#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: chip_reset
short_description: Reset a sick chip
version_added: "0.1.0"
description:
  - Resets one chip with C(npu-smi set -t reset), waits, and reads the health of all chips that this concerns.
  - On modules (910 and later families) the reset of one chip resets all of the host, on cards (310 families) those of
    its card. It is refused while a process or a container uses any of them, by name; nothing is stopped for it but the
    NPU exporter that ascend.fleet installed, which is started again.
  - It is refused in virtual machines and containers, and for a chip that npu-smi does not show.
  - It is done every time it is asked for, so it is no part of any role.
  - The variable C(ascend_state_dir) is the default of O(state_dir).
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  chip:
    description: The chip as C(npu/chip), by the numbers of C(npu-smi info), such as V(3/0).
    type: str
    required: true
  mode:
    description: V(in_band) resets over the host, V(out_of_band) over the server's iBMC.
    type: str
    choices: [in_band, out_of_band]
    default: in_band
  wait:
    description: Seconds that the chips may take to be well again.
    type: int
    default: 180
  timeout:
    description: Seconds that one call of npu-smi may take.
    type: int
    default: 120
  controller:
    description: Name of the run for the host's lock. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: Reset the first chip of NPU 3
  ascend.fleet.chip_reset:
    chip: 3/0
  become: true
"""

RETURN = r"""
command:
  description: What is run.
  type: list
  elements: str
  returned: always
  sample: [npu-smi, set, -t, reset, -i, "3", -c, "0", -m, "1"]
before:
  description: Health by chip (C(npu/chip)) of all that the reset concerns.
  type: dict
  returned: when the chips were asked
  sample: {"3/0": Alarm}
after:
  description: The same afterwards; V(null) for a chip that is away.
  type: dict
  returned: when it was reset
  sample: {"3/0": OK}
notes:
  description: What was stopped meanwhile.
  type: list
  elements: str
  returned: when there is anything
busy:
  description: Who stood in the way.
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

import functools
import os
import re
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view, journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, chip_reset, files, paused
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import observe as exporter
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy, npu, system
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, host_locale, safe_folder


def _ask(timeout, args):
    return npu.run(timeout=timeout, args=tuple(args))


def _work(params, work, notes):
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the reset of a chip",
        },
    )
    try:
        with paused.Paused(chip_reset.COMPONENT, params["state_dir"], notes):
            work.idle()
            return work.make()
    finally:
        files.release_host_lock(lock)


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "chip": {"type": "str", "required": True},
            "mode": {"type": "str", "choices": ["in_band", "out_of_band"], "default": "in_band"},
            "wait": {"type": "int", "default": 180},
            "timeout": {"type": "int", "default": 120},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
            "controller": {"type": "str"},
        },
        supports_check_mode=True,
    )
    host_locale.check(module)
    params, view = module.params, host_view.HostView()
    named = re.match(r"(\d{1,4})/(\d{1,4})\Z", params["chip"])
    if not named:
        module.fail_json(
            msg="chip is %r. Cause: it is no number of a chip. Fix: name it as npu/chip, such as 3/0 (reset_chip=3/0),"
            " by the numbers of npu-smi info." % params["chip"]
        )
    numbers = [int(number) for number in named.groups()]
    ask = functools.partial(_ask, params["timeout"])
    work = chip_reset.Reset(numbers[0], numbers[1], params["mode"], ask, busy.users, params["wait"])
    notes = []
    result = {"changed": False, "command": ["npu-smi"] + chip_reset.command(numbers[0], numbers[1], params["mode"])}
    try:
        work.look(system.host_kind(view)[0])
        result["before"] = work.before
        seen = exporter.observed(view, params["state_dir"])
        work.idle(lambda row: any(one.get("paused") for one in exporter.marked([row], seen)))
        if not module.check_mode:
            result["after"] = _work(params, work, notes)
        result["changed"] = True
        if notes:
            result["notes"] = notes
        if module._diff:
            header = "health of the chips"
            sides = [result["before"], result.get("after") or dict.fromkeys(result["before"], "reset")]
            texts = ["".join("%s %s\n" % (chip, side[chip]) for chip in sorted(side)) for side in sides]
            result["diff"] = {
                "before_header": header,
                "after_header": header,
                "before": texts[0],
                "after": texts[1],
            }
    except held_lock.LockHeld as exc:
        module.fail_json(
            msg="Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run"
            " again." % (exc.holder.get("what") or "unknown"),
            **result,
        )
    except (checks.Refused, safe_folder.UnsafeFolder) as exc:
        module.fail_json(msg=str(exc), **dict(result, **exc.facts))
    except OSError as exc:
        module.fail_json(msg="The chip was not reset. Cause: %s. Fix: run as root (become: true)." % exc, **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
