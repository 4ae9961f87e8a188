# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tools and which Python environments a host has, without importing or starting any of them where avoidable.

Pure, given a host_view.HostView (or anything with its methods).
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.environment import ownership as environment_ownership
from ansible_collections.ascend.fleet.plugins.module_utils.environment.wanted import (
    MARKER,
    normalize,
    parse_dist_info,
    parse_marker,
    tidy_marker,
)
from ansible_collections.ascend.fleet.plugins.module_utils.host.system import which
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import BASES

PACKAGES = (
    "mindspore",
    "mindspore-ascend",
    "mindformers",
    "torch",
    "torch-npu",
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-gpu",
    "npu-device",
    "npu-bridge",
    "vllm",
    "vllm-ascend",
    "torchvision",
    "triton-ascend",
    "transformers",
    "te",
    "topi",
    "hccl",
    "numpy",
    "protobuf",
    "sympy",
    "pip",
    "requests",
)
_CONDA = (
    "/opt/conda",
    "/opt/miniconda3",
    "/opt/miniforge3",
    "/opt/anaconda3",
    "/usr/local/miniconda3",
    "/usr/local/conda",
    "/root/miniconda3",
    "/root/miniforge3",
    "/root/anaconda3",
    "/opt/ascend/conda",
)
_INTERPRETER = re.compile(r"python3\.(\d{1,3})$")
# From here on the patch level of CMake decides nothing; starting cmake costs more than all other probes together.
_CMAKE_SETTLED = (3, 23)


def tools(view):
    """facts["tools"]: what the vendor's installers, DKMS and the Python stack need."""
    uv = which(view, "uv") or _first(view, ["/root/.local/bin/uv", "/opt/ascend/uv/uv", "/opt/ascend/bin/uv"])
    conda = which(view, "conda") or _first(view, [folder + "/bin/conda" for folder in _CONDA])
    return {
        "lspci": which(view, "lspci") is not None,
        "ifconfig": which(view, "ifconfig") is not None,
        "gcc": gcc_version(view),
        "cmake": cmake_version(view),
        "make": which(view, "make") is not None,
        "dkms": which(view, "dkms") is not None,
        "openssl": which(view, "openssl") is not None,
        "conda": conda,
        "uv": uv,
        "pip3": which(view, "pip3"),
        "pythons": pythons(view),
    }


def pythons(view):
    """The minor releases of Python 3 that a venv can be made with, oldest first: where the provider looks for one."""
    found = set()
    for folder in ("/usr/bin", "/usr/local/bin"):
        for name in view.listdir(folder):
            match = _INTERPRETER.match(name)
            if match and view.executable(folder + "/" + name):
                found.add(int(match.group(1)))
    return ["3.%d" % minor for minor in sorted(found)]


def gcc_version(view):
    """The version of gcc on the default path: from its library folder, else (major only there) from gcc itself."""
    path = which(view, "gcc")
    if path is None:
        return None
    real = view.realpath(path)
    major = re.search(r"gcc-(\d+)(?:\.[\d.]+)?$", real)
    prefix = real.rsplit("/", 2)[0]
    found = []
    for base in (prefix + "/lib/gcc", prefix + "/lib64/gcc"):
        for triplet in view.listdir(base):
            found += [name for name in view.listdir(base + "/" + triplet) if re.match(r"^\d+(\.\d+)*$", name)]
    found = [name for name in found if not major or name.split(".")[0] == major.group(1)]
    full = sorted((name for name in found if "." in name), key=_numbers)
    # One compiler installed: its folder says it. Several: only gcc knows which one it is.
    if full and len({name.split(".")[0] for name in found}) == 1:
        return full[-1]
    answer = view.run([path, "-dumpfullversion", "-dumpversion"], timeout=5)
    version = answer[1].strip() if answer and answer[0] == 0 else ""
    return version or (sorted(found, key=_numbers)[-1] if found else "unknown")


def cmake_version(view):
    """The version of cmake on the default path: "3.25" from its folder of modules, the full one where it matters."""
    path = which(view, "cmake")
    if path is None:
        return None
    prefix = view.realpath(path).rsplit("/", 2)[0]
    folder = re.search(r"cmake-(\d+\.\d+\.\d+)", prefix)
    if folder:
        return folder.group(1)
    shared = [name[len("cmake-") :] for name in view.listdir(prefix + "/share") if re.match(r"^cmake-\d+\.\d+$", name)]
    newest = sorted(shared, key=_numbers)[-1] if len(shared) == 1 else None
    if newest and tuple(_numbers(newest)) >= _CMAKE_SETTLED:
        return newest
    match = re.search(r"version (\d[\w.]*)", (view.run([path, "--version"], timeout=5) or (0, ""))[1])
    return match.group(1) if match else newest or "unknown"


def environments(view, env_root, cann, more=()):
    """facts["environments"]: the folders below ``env_root`` that carry our record.

    more: distributions to look for beside PACKAGES.
    An environment may belong to an ordinary user: no link in it is followed, and nothing of it is started.
    """
    rows, known = [], frozenset(PACKAGES) | {normalize(name) for name in more}
    for name in _names(view, env_root):
        path = env_root.rstrip("/") + "/" + name
        marker = _record(view, path)
        if marker is not None:
            rows.append(_environment(view, name, path, tidy_marker(marker), cann, known))
    return rows


def foreign_environments(view, env_root):
    """facts["foreign_environments"]: what lies below ``env_root``, is not ours and no empty folder."""
    rows = []
    for name in _names(view, env_root):
        path = env_root.rstrip("/") + "/" + name
        status = view.stat_owner(path)
        what = None
        if view.islink(path):
            what = "a symbolic link"
        elif not view.isdir(path):
            what = "a file"
        elif _record(view, path) is None:
            names = [entry for entry in view.listdir(path) if not entry.startswith(".%s." % MARKER)]
            version = environment_ownership.venv_version(view.read_inside(path, "pyvenv.cfg"))
            what = environment_ownership.describe(names, version) if names else None
        if what:
            rows.append({"name": name, "path": path, "what": what, "owner": status["owner"] if status else None})
    return rows


def _names(view, env_root):
    """What an environment's name can be: none starts with a dot, as our locks do."""
    return [name for name in view.listdir(env_root) if not name.startswith(".")]


def _record(view, path):
    """Our record of the environment at a path, or None where it is not ours."""
    folder, file = view.stat_owner(path), view.stat_owner(path + "/" + MARKER)
    if view.islink(path) or not folder or folder["type"] != "dir" or not file:
        return None
    record = parse_marker(view.read_inside(path, MARKER))
    status = {"uid": folder["uid"], "owner": folder["owner"], "mode": int(folder["mode"], 8)}
    return record if environment_ownership.is_ours(path, record, status, file) else None


def _environment(view, name, path, marker, cann, known):
    conda = {}
    for entry in [] if view.islink(path + "/conda-meta") else view.listdir(path + "/conda-meta"):
        parts = entry[: -len(".json")].rsplit("-", 2) if entry.endswith(".json") else []
        if len(parts) == 3:
            conda[normalize(parts[0])] = parts[1]
    packages = {package: version for package, version in conda.items() if package in known}
    site = _site_packages(view, path)
    if site:
        packages.update(_distributions(view, path, site, known))
    for package in marker.get("unfinished") or ():
        packages.pop(package, None)
    return {
        "name": name,
        "path": path,
        "provider": marker.get("provider") or ("conda" if conda else "venv"),
        "owner": view.stat_owner(path)["owner"],
        "adopted": marker.get("adopted") is True,
        "python": None if marker.get("creating") else _python(view, path, conda),
        "packages": packages,
        "stack": marker.get("stack"),
        # The marker is written after the wheels' content was compared with CANN's; pip's record only knows a path.
        "cann_wheels_from": _text(marker.get("cann_wheels_from")) or _wheel_origin(view, path, site, packages, cann),
    }


def _site_packages(view, path):
    """Where the packages are, as a path below the environment's; None where a link leads there."""
    if view.islink(path + "/lib"):
        return None
    for name in view.listdir(path + "/lib"):
        site = "lib/%s/site-packages" % name
        folders = ["%s/lib/%s" % (path, name), "%s/%s" % (path, site)]
        if name.startswith("python3") and view.isdir(folders[-1]) and not any(map(view.islink, folders)):
            return site
    return None


def _python(view, path, conda):
    """The interpreter's version by the environment's own record; None when its python leads nowhere."""
    if not view.exists(path + "/bin/python"):
        return None
    return conda.get("python") or environment_ownership.venv_version(view.read_inside(path, "pyvenv.cfg"))


def _distributions(view, path, site, known):
    """{package: version} of the packages we know, by their dist-info folders.

    pip renames what it is about to remove (``~indspore``), and writes RECORD last: a folder without one is what
    an interrupted installation leaves, and does not count.
    """
    packages = {}
    for entry in view.listdir("%s/%s" % (path, site)):
        name, version = (parse_dist_info(entry) if entry.endswith(".dist-info") else None) or (None, None)
        if name in known and view.exists("%s/%s/%s/RECORD" % (path, site, entry)):
            metadata = view.read_inside(path, "%s/%s/METADATA" % (site, entry), 4096) or ""
            match = re.search(r"^Version:\s*(\S+)", metadata, re.MULTILINE)
            packages[name] = match.group(1) if match else version
    return packages


def _wheel_origin(view, path, site, packages, cann):
    """ "nnae 8.3.RC1" when pip's record of where te or hccl came from lies in that release; else None.

    Up to date only for a path with the version in it: what ``latest`` meant then is not known now.
    """
    for name in ("te", "hccl"):
        if not site or name not in packages:
            continue
        record = view.read_inside(path, "%s/%s-%s.dist-info/direct_url.json" % (site, name, packages[name]))
        url = _text((parse_marker(record) or {}).get("url")) or ""
        for row in cann:
            named = row["version"] and row["version"] in row["path"] and row["product"] in BASES
            if named and url.startswith("file://" + row["path"] + "/"):
                return "%s %s" % (row["product"], row["version"])
    return None


def _text(value):
    """The value if it is text, else None: a marker is a file, and files get edited."""
    return value if isinstance(value, str) else None


def _numbers(text):
    return [int(part) for part in re.findall(r"\d+", text)]


def _first(view, candidates):
    return next((path for path in candidates if view.executable(path)), None)
