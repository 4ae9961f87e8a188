# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at the host, of the module host_facts as of a job that ends with one. Touches the host, changes nothing."""

import sys

from ansible_collections.ascend.fleet.plugins.module_utils import defaults, host_view
from ansible_collections.ascend.fleet.plugins.module_utils.container import engines
from ansible_collections.ascend.fleet.plugins.module_utils.host import busy, facts, npu, pci, system
from ansible_collections.ascend.fleet.plugins.module_utils.network import tool
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import declared

# What a look is told; the options of host_facts, which documents them.
SPEC = {
    "install_path": {"type": "path", "default": defaults.INSTALL_PATH},
    "user": {"type": "str", "default": "HwHiAiUser"},
    "env_root": {"type": "path", "default": defaults.ENV_ROOT},
    "state_dir": {"type": "path", "default": defaults.STATE_DIR},
    "model_dir": {"type": "path"},
    "npu_smi_timeout": {"type": "int", "default": 30},
    "pci_ids": {"type": "list", "elements": "dict", "options": pci.PCI_ID},
    "npu_names": {"type": "dict"},
    "python_packages": {"type": "list", "elements": "str", "default": []},
    "extra_packages": {"type": "list", "elements": "dict", "options": declared.PROOF, "default": []},
    "container_runtime": {"type": "bool", "default": False},
    "accounts": {"type": "list", "elements": "dict", "default": [], "options": system.ACCOUNT},
    "container_engine": {"type": "str", "choices": list(engines.NAMES), "default": "docker"},
    "device_network": {"type": "bool", "default": False},
    "host_tuning": {"type": "bool", "default": False},
    "network_ports": {"type": "dict"},
    "device_network_timeout": {"type": "int", "default": 120},
}


def look(params):
    """What the host shows now, as host_facts documents it.

    Args:
        params: those of SPEC, in their types.
    """
    params = dict(params, pci_ids=params["pci_ids"] or [], npu_names=params["npu_names"] or {})
    interpreter = {"version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable}

    def network_tool(path):
        return tool.Tool(path, total=params["device_network_timeout"])

    return facts.collect(host_view.HostView(), params, interpreter, npu.run, busy.users, network_tool)
