# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is around a host's NPUs: what a container was given of the driver, and CANN where nobody looks for it.

Pure, given a host_view.HostView (or anything with its methods); names of files only, no process.
"""

from ansible_collections.ascend.fleet.plugins.module_utils import defaults

# What a container needs of its host's driver (vllm-ascend, installation guide: the volumes of docker run). Of those
# with several places one will do.
_MOUNTS = (
    ("/usr/local/dcmi",),
    ("/usr/local/bin/npu-smi", "/usr/local/sbin/npu-smi"),
    ("{driver}/lib64",),
    ("{driver}/version.info",),
    ("/etc/ascend_install.info",),
)
# Folders whose subfolders may be a Conda: where its installers and images put it.
_CONDA_PARENTS = ("/opt", "/usr/local", "/root", "/data")
_CONDA = ("conda", "miniconda", "anaconda", "miniforge", "mambaforge", "micromamba")
_HOMES = 64
_TREES = ("ascend-toolkit", "nnae", "nnrt", "cann")


def missing_mounts(view, kind, install_path, record):
    """The files of the host's driver that this container lacks; [] outside of one.

    Args:
        view: the host.
        kind: host_kind()'s word.
        install_path: the configured one.
        record: what /etc/ascend_install.info says, as a dict.
    """
    if kind != "container":
        return []
    driver = (record.get("Driver_Install_Path_Param") or install_path).rstrip("/") + "/driver"
    places = [[path.format(driver=driver) for path in paths] for paths in _MOUNTS]
    return [paths[0] for paths in places if not any(view.exists(path) for path in paths)]


def cann_elsewhere(view, known):
    """Folders that hold a CANN outside of those that are looked at: users' own, and what Conda packages bring.

    Args:
        view: the host.
        known: the folders that are looked at.
    """
    seen = {view.realpath(root) for root in known}
    found = []
    for folder in _places(view):
        names = view.listdir(folder)
        real = view.realpath(folder)
        if real in seen or not any(name in _TREES or name.startswith("cann-") for name in names):
            continue
        seen.add(real)
        found.append(folder)
    return found


def _places(view):
    homes = ["/root"] + ["/home/" + name for name in view.listdir("/home")[:_HOMES]]
    parents = list(dict.fromkeys(list(_CONDA_PARENTS) + homes))
    condas = [
        "%s/%s" % (parent, name)
        for parent in parents
        for name in view.listdir(parent)
        if name.lower().lstrip(".").startswith(_CONDA)
    ]
    environments = ["%s/envs/%s" % (conda, name) for conda in condas for name in view.listdir(conda + "/envs")]
    return [defaults.INSTALL_PATH] + [place + "/Ascend" for place in ["/opt"] + homes + condas + environments]
