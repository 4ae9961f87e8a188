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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, container_engine


def main():
    """Entry point."""
    module = AnsibleModule(argument_spec=container_engine.SPEC, supports_check_mode=True)
    host_locale.check(module)
    answer.end(module, container_engine.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
