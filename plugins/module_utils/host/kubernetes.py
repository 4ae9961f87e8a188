# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MindCluster finds on a node beside what host_facts says: the folders of its logs, and kubelet.

Pure, given a host_view.HostView.
"""

LOGS = "/var/log/mindx-dl"
# Of a worker; the control node has others.
_FOLDERS = ("", "/devicePlugin", "/noded", "/npu-exporter")
_KUBELET = ("/usr/bin/kubelet", "/usr/local/bin/kubelet")


def observed(view):
    """The answer of kubernetes_probe: folders and kubelet."""
    return {
        "folders": [_folder(view, LOGS + name) for name in _FOLDERS],
        "kubelet": any(view.exists(path) for path in _KUBELET),
    }


def _folder(view, path):
    facts = view.stat_owner(path)
    exists = bool(facts) and facts["type"] == "dir"
    return {
        "path": path,
        "exists": exists,
        "owner": facts["owner"] if exists else None,
        "mode": facts["mode"] if exists else None,
    }
