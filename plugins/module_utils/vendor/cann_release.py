# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is inside the folder of one CANN release: its wheels, its kernels, its parts, its layout.

Pure, given a host_view.HostView (or anything with its methods); installed_cann.py finds the folders.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

_WHEELS = ("te", "hccl", "topi")
_KERNEL_FOLDERS = (
    "opp_kernel/built-in/op_impl/ai_core/tbe/kernel",
    "opp/built-in/op_impl/ai_core/tbe/kernel",
)


def wheels(view, folders):
    """{"te": path, ..} of the Python wheels MindSpore needs; the first folder that has any."""
    for folder in folders:
        found = {}
        for name in view.listdir(folder):
            package = name.split("-", 1)[0]
            if name.endswith(".whl") and package in _WHEELS:
                found[package] = folder + "/" + name
        if found:
            return found
    return {}


def kernel_chip(view, path):
    """The chip family whose compiled kernels are there; None for none or several."""
    for folder in _KERNEL_FOLDERS:
        chips = {vendor_files.chip_of_soc(name) for name in view.listdir(path + "/" + folder)}
        chips.discard(None)
        if chips:
            return chips.pop() if len(chips) == 1 else None
    return None


def first(view, candidates):
    """The first of these paths that is a file, or None."""
    return next((path for path in candidates if view.isfile(path)), None)


def layout(path):
    """Which of the layouts a release folder has, by its name: "5.1", "6.0", "6.3" or "8.5"."""
    name = path.rsplit("/", 1)[1]
    if name.startswith("cann-"):
        return "8.5"
    numbers = [int(part) for part in re.findall(r"\d+", name)[:2]]
    if len(numbers) < 2:
        return None
    if numbers >= [8, 5]:
        return "8.5"
    if numbers >= [6, 3]:
        return "6.3"
    return "5.1" if name.upper().startswith("5.1.RC1") else "6.0"


def pieces(view, path):
    """The parts of CANN 8.5 and later that were installed each by its own package, without a base around them.

    Such a part keeps share/info/<part>/ascend_install.info (hicann/runtime, cann-npu-runtime of 8.5.0).
    """
    folder = path + "/share/info"
    return [name for name in view.listdir(folder) if view.isfile("%s/%s/ascend_install.info" % (folder, name))]


def release_name(path, parts):
    """The release of cann-<release>, as the parts state it, else as the folder says it."""
    stated = (parts.get("version_dir") or "").rpartition("cann-")[2]
    return stated or path.rpartition("/cann-")[2] or None
