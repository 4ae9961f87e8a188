# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MindCluster finds on a node: the container runtime, the engines, its user and the folders of its logs.

Pure, given a host_view.HostView.
"""

import json
import re

from ansible_collections.ascend.fleet.plugins.module_utils import defaults
from ansible_collections.ascend.fleet.plugins.module_utils.exporter import observe

LOGS = "/var/log/mindx-dl"
# Of a worker; the control node has others.
_FOLDERS = ("", "/devicePlugin", "/noded", "/npu-exporter")
_RUNTIME = defaults.INSTALL_PATH + "/Ascend-Docker-Runtime/ascend_docker_runtime_install.info"
_ENGINES = (
    ("docker", ("/usr/bin/dockerd", "/usr/local/bin/dockerd")),
    ("containerd", ("/usr/bin/containerd", "/usr/local/bin/containerd")),
    ("crio", ("/usr/bin/crio", "/usr/local/bin/crio")),
    ("isula", ("/usr/bin/isulad",)),
)
_DAEMON, _CONTAINERD = "/etc/docker/daemon.json", "/etc/containerd/config.toml"


def observed(view):
    """The answer of kubernetes_probe: runtime (version, scene, is_default, engines), account, folders, kubelet."""
    said = _pairs(view.read(_RUNTIME))
    version = said.get("version", "").lstrip("v") or None
    scene = said.get("install-scene") or ("docker" if version else None)
    engines = [name for name, paths in _ENGINES if any(view.exists(path) for path in paths)]
    return {
        "runtime": {
            "version": version,
            "scene": scene,
            "engines": engines,
            "is_default": is_default(view, scene) if version else None,
        },
        "account": observe.account(view),
        "folders": [_folder(view, LOGS + name) for name in _FOLDERS],
        "kubelet": any(view.exists(path) for path in ("/usr/bin/kubelet", "/usr/local/bin/kubelet")),
    }


def is_default(view, scene):
    """Whether an engine takes the ascend runtime where nobody names one; None where its configuration does not say."""
    if scene in ("docker", "isula"):
        try:
            found = json.loads(view.read(_DAEMON) or "{}")
        except (ValueError, RecursionError):
            return None
        return found.get("default-runtime") == "ascend" if isinstance(found, dict) else None
    if scene == "containerd":
        text = view.read(_CONTAINERD)
        names = re.findall(r"^\s*default_runtime_name\s*=\s*[\"']([^\"']*)", text or "", re.MULTILINE)
        return names[-1] == "ascend" if names else None
    return None


def _pairs(text):
    return dict(line.split("=", 1) for line in (text or "").splitlines() if "=" in line)


def _folder(view, path):
    facts = view.stat_owner(path)
    exists = bool(facts) and facts["type"] == "dir"
    return {
        "path": path,
        "exists": exists,
        "owner": facts["owner"] if exists else None,
        "mode": facts["mode"] if exists else None,
    }
