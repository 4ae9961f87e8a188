#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

DOCUMENTATION = r"""
module: npu_exporter
short_description: Install, set up or remove the vendor's exporter of NPU metrics
version_added: "0.1.0"
description:
  - Takes the program out of the vendor's zip, gives it a unit of systemd that runs it as C(hwMindX) at an address and
    port, makes the folder of its log, starts it and scrapes it. What it serves must be Prometheus' text format.
  - What is right already is neither written nor started again.
  - One that somebody else installed is used in the version that is wanted, and refused otherwise, in check mode too.
    Taken over, its files lose the immutable flag that the vendor's guide sets.
  - The user C(hwMindX) has to be there; the role P(ascend.fleet.npu_exporter#role) makes it.
  - The program holds the driver's interface. M(ascend.fleet.run_package) and M(ascend.fleet.device_network) stop one of
    ours while they need the NPUs at rest, and start it again.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  state:
    description: Whether the exporter should be there and run, or not be there.
    type: str
    choices: [present, absent]
    default: present
  path:
    description:
      - The vendor's zip on the managed host. Not needed where the program of this version is there, nor with
        O(state=absent).
    type: path
  checksum:
    description: C(sha256:) and the hash that the zip must have. One that differs is not unpacked.
    type: str
  version:
    description: The version wanted. Needed with O(state=present).
    type: str
  address:
    description: IPv4 address at which it listens.
    type: str
    default: 127.0.0.1
  port:
    description: Port at which it listens, V(1025) to V(40000).
    type: int
    default: 8082
  take_over:
    description: Replace one that somebody else installed. With O(state=absent) it is refused in any case.
    type: bool
    default: false
  timeout:
    description: Seconds in which it has to serve its metrics.
    type: int
    default: 60
  controller:
    description: Name of the run for the journal. Filled on the control node.
    type: str
"""

EXAMPLES = r"""
- name: Serve the chips' metrics to this host only
  ascend.fleet.npu_exporter:
    path: /var/lib/ascend-fleet/cache/{{ sha256 }}/Ascend-mindxdl-npu-exporter_26.0.0_linux-aarch64.zip
    version: 26.0.0
  become: true

- name: Remove it
  ascend.fleet.npu_exporter:
    state: absent
  become: true
"""

RETURN = r"""
action:
  description: What was done (C(install), C(upgrade), C(downgrade), C(repair), C(configure), C(uninstall)), or null.
  returned: success
  type: str
  sample: install
before:
  description: The version that was there.
  returned: success
  type: str
after:
  description: The version that is there now, in check mode that would be.
  returned: success
  type: str
  sample: 26.0.0
metrics:
  description: >-
    What a scrape after the change said - C(samples), C(chips), C(unhealthy), C(version); null without a change.
  returned: success
  type: dict
  sample: {"samples": 214, "chips": 8, "unhealthy": 0, "version": "26.0.0"}
notes:
  description: What a person should know about how the result came about.
  returned: success
  type: list
  elements: str
cause:
  description: Why it failed.
  returned: failure
  type: str
fix:
  description: What to do about it.
  returned: failure
  type: str
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import boot, defaults, host_view, journal
from ansible_collections.ascend.fleet.plugins.module_utils.change import checks, exporter, files, paused
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import unit
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, host_locale, safe_folder


def _work(work, params):
    lock = files.take_host_lock(
        params["state_dir"],
        {
            "pid": os.getpid(),
            "since": journal.timestamp(time.time()),
            "controller": params["controller"],
            "what": "the NPU exporter",
        },
        params["timeout"],
        lambda holder: True,
    )
    try:
        result = work.look()
        return result if work.done() else work.make()
    finally:
        files.release_host_lock(lock)


def main():
    """Entry point."""
    os.umask(0o022)
    module = AnsibleModule(
        argument_spec={
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
        },
        required_if=[("state", "present", ["version"])],
        supports_check_mode=True,
    )
    host_locale.check(module)
    params, view = module.params, host_view.HostView()
    work = exporter.ExporterChange(params, view, boot.identity(view.read), paused.systemctl)
    try:
        result = work.look()
        if not work.done():
            if module._diff:
                result["diff"] = work.diff()
            if module.check_mode:
                work.judge()
                after = None if work.removal else params["version"]
                result.update(changed=True, action=work.action(), after=after)
            else:
                result = _work(work, params)
    except held_lock.LockHeld as exc:
        module.fail_json(
            msg="Another run changes this host (%s). Cause: two runs at once. Fix: wait until it has ended, then run"
            " again." % (exc.holder.get("what") or "unknown")
        )
    except (exporter.Failed, checks.Refused, safe_folder.UnsafeFolder) as exc:
        module.fail_json(msg=str(exc), **exc.facts)
    except OSError as exc:
        module.fail_json(
            msg="The NPU exporter was not set up. Cause: %s. Fix: free space in %s and run as root (become: true)."
            % (exc, params["state_dir"])
        )
    for note in result["notes"]:
        module.warn(note)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
