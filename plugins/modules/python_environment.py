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
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
options:
  path:
    description: Folder of the environment.
    type: path
    required: true
  state:
    description: Whether it shall be there. Only an environment that carries our record is ever removed.
    type: str
    choices: [present, absent]
    default: present
  provider:
    description: What makes it.
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
    description: Channels for V(conda); when given, no others are used.
    type: list
    elements: str
    default: []
  offline:
    description: Whether conda and uv must not use the network.
    type: bool
    default: false
  owner:
    description: User that owns the environment.
    type: str
    default: root
  packages:
    description: Requirements that must hold. One with an exact version (V(numpy==1.26.4)) is brought to it.
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
      - Where a distribution of O(packages) comes from, by normalized name, when it is no index; whatever pip takes, for
        example V(git+https://example.org/mindformers.git@v1.0.2). Another source than last time installs it again.
    type: dict
    default: {}
  find_links:
    description: Folders on the host in which pip looks for wheels.
    type: list
    elements: path
    default: []
  index_url:
    description: Package index for pip. Without it pip uses none.
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
  install_path:
    description: Where CANN is installed.
    type: path
    default: /usr/local/Ascend
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

import contextlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import (
    async_job,
    environment_commands,
    environment_host,
    environment_providers,
    host_locale,
)

SPEC = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "provider": {"type": "str", "choices": ["venv", "conda", "uv"], "default": "venv"},
    "python_version": {"type": "str"},
    "executable": {"type": "path"},
    "channels": {"type": "list", "elements": "str", "default": []},
    "offline": {"type": "bool", "default": False},
    "owner": {"type": "str", "default": "root"},
    "packages": {"type": "list", "elements": "str", "default": []},
    "conda_packages": {"type": "list", "elements": "str", "default": []},
    "wheels": {"type": "list", "elements": "path", "default": []},
    "sources": {"type": "dict", "default": {}},
    "find_links": {"type": "list", "elements": "path", "default": []},
    "index_url": {"type": "str"},
    "no_deps": {"type": "bool", "default": False},
    "absent": {"type": "list", "elements": "str", "default": []},
    "constraints": {"type": "list", "elements": "str", "default": []},
    "operator_wheels": {"type": "list", "elements": "str"},
    "cann": {"type": "str"},
    "install_path": {"type": "path", "default": "/usr/local/Ascend"},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
            "mode": {"type": "str", "default": "0644"},
        },
    },
    "environment_file": {
        "type": "dict",
        "options": {
            "path": {"type": "str", "default": "ascend.env"},
            "script": {"type": "str", "required": True},
        },
    },
    "stack": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 1800},
}


def main():
    # Before the arguments are read: under async Ansible keeps them where others could read them.
    async_job.seal(os.environ)
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    host_locale.check(module)
    wanted = module.params
    environment = None
    try:
        with contextlib.ExitStack() as stack:
            # In check mode nobody is in the way, and not even a lock file may be left behind.
            if not module.check_mode:
                stack.enter_context(environment_commands.only_one(wanted["path"].rstrip("/"), wanted["timeout"]))
            environment = environment_host.Environment(wanted, module.check_mode, warn=module.warn)
            if wanted["state"] == "absent":
                environment.remove()
            else:
                environment.bring_about()
    except (environment_providers.ProviderError, ValueError) as exc:
        module.fail_json(msg=str(exc), **(environment.result() if environment else {}))
    result = environment.result()
    if module._diff:
        result["diff"] = environment.diff()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
