#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: bundled_tool
short_description: Put a tool that came with the artifacts into a folder of its own
version_added: "0.1.0"
description:
  - Unpacks the archive of CMake or uv, or runs conda's installer, so that the tool is there as a whole or not at all.
    What was broken off (a full disk, a power cut) is begun anew by the next run.
  - Only a folder that carries the record of this module is ever replaced. Anything else at O(prefix) stays as it is,
    and is refused unless O(foreign=use) and it works.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
options:
  prefix:
    description:
      - Folder of the tool. Every folder above it must belong to root and be writable for root only.
    type: path
    required: true
  program:
    description: The program in it, relative to O(prefix). A tool without it is not complete.
    type: str
    required: true
  src:
    description:
      - The archive (C(.tar.gz) with one folder at its top), or the installer, on the host. Stage it first.
      - Without it the module only looks.
    type: path
  installer:
    description: Whether O(src) is conda's installer, which works at O(prefix) itself, and not an archive.
    type: bool
    default: false
  foreign:
    description:
      - What to do with a tool at O(prefix) that somebody else put there. V(use) takes it as it is when only root can
        change its program and that answers C(--version).
    type: str
    choices: [refuse, use]
    default: refuse
  timeout:
    description: Seconds that unpacking or installing may take.
    type: int
    default: 1800
"""

EXAMPLES = r"""
- name: Bring uv
  ascend.fleet.bundled_tool:
    src: "{{ staged.files['uv-x86_64-unknown-linux-gnu.tar.gz'] }}"
    prefix: /opt/ascend/uv
    program: uv
"""

RETURN = r"""
complete:
  description: Whether the tool is there as a whole.
  type: bool
  returned: always
state:
  description: What was at the prefix - C(absent), C(ours), C(half) or C(theirs).
  type: str
  returned: always
cause:
  description: Why it failed.
  type: str
  returned: failure
fix:
  description: What to do about it.
  type: str
  returned: failure
log_tail:
  description: The last lines that tar or the installer printed.
  type: list
  elements: str
  returned: failure
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.change import tool_prefix
from ansible_collections.ascend.fleet.plugins.module_utils.secure import held_lock, safe_folder


def main():
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "prefix": {"type": "path", "required": True},
            "program": {"type": "str", "required": True},
            "src": {"type": "path"},
            "installer": {"type": "bool", "default": False},
            "foreign": {"type": "str", "choices": ["refuse", "use"], "default": "refuse"},
            "timeout": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    os.umask(0o022)
    params = module.params
    result = {"changed": False, "complete": False, "state": tool_prefix.ABSENT}
    try:
        tool = tool_prefix.Tool(params["prefix"], params["program"], params["timeout"])
        result["state"] = tool.state()
        result["complete"] = result["state"] == tool_prefix.OURS
        if result["state"] == tool_prefix.THEIRS:
            if params["foreign"] == "refuse" or not tool.works():
                raise tool.in_the_way()
            result["complete"] = True
        if params["src"] and not result["complete"]:
            result["changed"] = True
            if not module.check_mode:
                result.update(changed=tool.put(params["src"], params["installer"]), complete=True)
    except held_lock.LockHeld as exc:
        module.fail_json(
            msg="Another run puts %s on this host (pid %s). Cause: two runs at once. Fix: wait until it"
            " has ended, then run again." % (exc.holder.get("what") or "a tool", exc.holder.get("pid") or "unknown"),
            **result,
        )
    except (tool_prefix.ToolError, safe_folder.UnsafeFolder) as exc:
        module.fail_json(msg=str(exc), **dict(result, **exc.facts))
    except OSError as exc:
        module.fail_json(
            msg="%s cannot be written: %s. Fix: free space there, and run as root (become: true)."
            % (params["prefix"], exc),
            **result,
        )
    if module._diff and result["changed"]:
        program = os.path.join(params["prefix"], params["program"])
        result["diff"] = {"before": "%s is not complete\n" % program, "after": "%s is there\n" % program}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
