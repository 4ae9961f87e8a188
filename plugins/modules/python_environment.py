#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: python_environment
short_description: The state of one managed Python environment
version_added: "0.1.0"
description:
  - Makes a Python environment and keeps distributions, pip constraints, files and the wheels that CANN brings as asked
    for, in one execution. What is there already is read from the environment's own metadata; pip is started only for
    what differs.
  - The environment has a C(pip.conf) that makes every pip in it obey its C(constraints.txt), so that a later
    installation cannot replace what was pinned here.
  - A distribution whose installation was interrupted is installed again.
  - Ours is a folder that carries our record, C(ascend-fleet.json), with this path and its owner in it. Everything else
    that is not empty is left alone and refused, with O(state=present) and O(state=absent), and in check mode as well.
  - Run as root, it keeps in the journal of O(state_dir) what was in the environment before each change and after it, so
    that M(ascend.fleet.plan) can plan the way back.
  - Root makes and removes the folder itself, in folders that only root can write. All that happens inside is done by a
    process of the owner's.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.install_path
  - ascend.fleet.options.state
options:
  path:
    description:
      - Folder of the environment; absolute, without V(..), at least two levels deep, and no symbolic link.
      - The folders above it have to be root's, so that nobody else can exchange them.
    type: path
    required: true
  state:
    description:
      - Whether it shall be there. Only an environment that carries our record is ever removed.
      - From one that was taken over, V(absent) takes what was added to it, and leaves what was there before.
    type: str
    choices: [present, absent]
    default: present
  provider:
    description: What makes it. V(uv) has to be 0.2.14 or later.
    type: str
    choices: [venv, conda, uv]
    default: venv
  python_version:
    description: Wanted Python, such as V(3.11). An environment with another one is made anew. Default is any.
    type: str
  executable:
    description:
      - The conda or uv to use, or for V(venv) the Python to make it with.
      - Default is, for V(venv), the host's Python of that version; else the tool found in E(PATH).
    type: path
  channels:
    description: Channels for V(conda); when given, no others are used. One with a token is not put on a command line.
    type: list
    elements: str
    default: []
  offline:
    description: Whether conda and uv must not use the network.
    type: bool
    default: false
  owner:
    description:
      - User that owns the environment, and as whom everything in it is read, run and written. It must exist, and be
        able to read the wheels and CANN.
      - An environment of ours with another owner is removed as that owner and made anew.
    type: str
    default: root
  take_over:
    description:
      - Whether a virtual environment that somebody else made may be taken over, when it belongs to O(owner) and has the
        wanted Python. What is in it is never replaced or removed; a stack that needs that is refused.
    type: bool
    default: false
  packages:
    description:
      - Requirements that must hold. One with an exact version (V(numpy==1.26.4)) is brought to it.
      - Without O(index_url) exact ones are also found in the cache of O(state_dir), which keeps what was staged.
    type: list
    elements: str
    default: []
  conda_packages:
    description: The same, by conda; V(mindspore-ascend=1.10.1).
    type: list
    elements: str
    default: []
  wheels:
    description: Wheel files on the host. What each of them holds is wanted in its version, as if named in O(packages).
    type: list
    elements: path
    default: []
  sources:
    description:
      - Where a distribution of O(packages) comes from, by normalized name, when it is no index. Either a git repository
        at a commit, V(git+https://example.org/mindformers.git@) and 40 hex digits, or the URL of a wheel with
        V(#sha256=) and its hash. A tag or branch is refused, because it can mean other code tomorrow.
      - A git repository is built into a wheel by the owner, or by the user C(nobody) when the owner is root.
      - A user and password in a URL reach git through a private file. The record keeps a hash of the source only.
      - Another source than last time installs it again.
    type: dict
    default: {}
  origins:
    description:
      - What a distribution belongs to, by normalized name, where its version does not tell, such as an adapter's
        CANN. With another one than last time it is installed again.
    type: dict
    default: {}
  find_links:
    description: Folders on the host in which pip looks for wheels.
    type: list
    elements: path
    default: []
  index_url:
    description: Package index for pip. Without it pip uses none. Only wheels are taken from it.
    type: str
  no_deps:
    description: Whether pip leaves dependencies alone because O(packages) is complete.
    type: bool
    default: false
  absent:
    description: Distributions that must not be there; removed before anything is installed.
    type: list
    elements: str
    default: []
  constraints:
    description: Requirements that every pip in this environment has to obey from now on.
    type: list
    elements: str
    default: []
  operator_wheels:
    description: Wheels that the installed CANN brings, such as V(te) and V(hccl). Others of them are removed as stale.
    type: list
    elements: str
  cann:
    description: CANN they come from, such as V(nnae 8.3.RC1).
    type: str
  files:
    description: Text files inside the environment.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path below O(path).
        type: str
        required: true
      content:
        description: Its text.
        type: str
        required: true
      mode:
        description: Its permissions.
        type: str
        default: "0644"
  environment_file:
    description: An environment file, made from what a shell script of the environment exports.
    type: dict
    suboptions:
      path:
        description: Path below O(path).
        type: str
        default: ascend.env
      script:
        description: Script below O(path), which may be one of O(files).
        type: str
        required: true
  stack:
    description: Versions noted in the environment's record.
    type: dict
    default: {}
  controller:
    description: Who makes the change, for the journal. Set by the action plugin.
    type: str
  timeout:
    description: Seconds one command may take.
    type: int
    default: 1800
"""

EXAMPLES = r"""
- name: An environment with one package, pinned for good
  ascend.fleet.python_environment:
    path: /opt/ascend/envs/mindspore
    python_version: "3.11"
    packages: [requests==2.32.3]
    find_links: [/srv/wheels]
    constraints: [requests==2.32.3]
"""

RETURN = r"""
path:
  description: Folder of the environment.
  type: str
  returned: success
python:
  description: Version of its Python.
  type: str
  returned: when it exists
actions:
  description: What was done, or in check mode would be, in this order.
  type: list
  elements: str
  returned: success
packages:
  description: Version by normalized name of everything installed.
  type: dict
  returned: success
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils.change import job as async_job
from ansible_collections.ascend.fleet.plugins.module_utils.secure import host_locale
from ansible_collections.ascend.fleet.plugins.module_utils.steps import answer, environment


def main():
    # Before the arguments are read: under async Ansible keeps them where others could read them.
    async_job.seal(os.environ)
    module = AnsibleModule(argument_spec=environment.SPEC, supports_check_mode=True)
    host_locale.check(module)
    module.no_log_values.difference_update(environment.harmless(module.params))
    module.no_log_values.update(environment.secrets(module.params))
    answer.end(module, environment.run(module.params, answer.of_module(module)))


if __name__ == "__main__":
    main()
