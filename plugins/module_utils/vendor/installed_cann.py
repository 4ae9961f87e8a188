# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the CANN packages of a host, in every layout from 5.1 to 9.

Pure, given a host_view.HostView (or anything with its methods); installed.py is the front door.

Layouts: 5.1 to 8.3 have <root>/<product folder>/<version> and a ``latest`` beside it, a link at first
and a folder of links from 6.3 on; 8.5 and later have <root>/cann-<version> and a link <root>/cann.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils.vendor import cann_release
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files

CANN_RECORDS = ("/etc/Ascend/ascend_cann_install.info", "/etc/Ascend/ascend_toolbox_install.info")

# Folder under the install path -> product, up to CANN 8.3. From 8.5 on it is cann-<version>.
_FOLDERS = (
    ("ascend-toolkit", "toolkit"),
    ("nnae", "nnae"),
    ("nnrt", "nnrt"),
    ("tfplugin", "tfplugin"),
    ("toolbox", "toolbox"),
)
# Parts of a CANN release whose version.info proves that an installer has been here.
_PARTS = ("compiler", "runtime", "opp", "toolkit", "hccl", "fwkacllib", "acllib")


def cann_roots(view, install_path):
    """The folders CANN may be in: the configured one, then those the vendor's records name."""
    roots = [install_path]
    for record in CANN_RECORDS:
        roots += vendor_files.install_paths(view.read(record))
    seen, result = set(), []
    for root in roots:
        root = root.rstrip("/") or "/"
        real = view.realpath(root)
        if real not in seen:
            seen.add(real)
            result.append(root)
    return result


def cann(view, install_path):
    """Every installed CANN package as a list of facts["cann"] rows, in a stable order."""
    rows = []
    for root in cann_roots(view, install_path):
        names = view.listdir(root)
        for folder, product in _FOLDERS:
            if folder in names:
                rows += _versioned(view, root, root + "/" + folder, product)
        if "nnal" in names:
            rows += _nnal(view, root)
        current = _link_target(view, root + "/cann") if "cann" in names else None
        releases = [
            root + "/" + name
            for name in names
            if name.startswith("cann-") and not view.islink(root + "/" + name) and view.isdir(root + "/" + name)
        ]
        for path in releases:
            latest = view.realpath(path) == current if current else len(releases) == 1
            rows += _release(view, root, path, None, latest)
        if current and _missing(view, current):
            rows.append(_dangling(root, "toolkit", root + "/cann", current))
    return rows


def _versioned(view, root, folder, product):
    """The releases in <root>/<folder>/<version>, with or without a ``latest`` beside them."""
    releases = [
        folder + "/" + name
        for name in view.listdir(folder)
        if name != "latest" and not view.islink(folder + "/" + name) and view.isdir(folder + "/" + name)
    ]
    current = _latest_release(view, folder, releases)
    rows = []
    for path in releases:
        rows += _release(view, root, path, product, view.realpath(path) == current)
    if current is None:
        # Neither a link to it nor a script that finds it: an installation that broke off before its end.
        for row in rows:
            if len(releases) == 1 and row["product"] == product:
                _without_set_env(view, row)
        return rows
    inside = current.startswith(view.realpath(folder) + "/")
    if _missing(view, current):
        # From 8.5 on, latest leads to <root>/cann, which is judged where it is found.
        if inside or not view.islink(root + "/cann"):
            rows.append(_dangling(root, product, folder + "/latest", current))
    elif inside and current not in [view.realpath(path) for path in releases]:
        rows += _release(view, root, current, product, True)
    return rows


def _latest_release(view, folder, releases):
    """The folder that ``latest`` stands for, with links followed, or None without a ``latest``.

    Up to 6.0 it is a link to the release; from 6.3 on it is a folder whose entries are links into
    the release; a folder with files of its own is its own release.
    """
    latest = folder + "/latest"
    if view.islink(latest):
        return _link_target(view, latest)
    if not view.isdir(latest):
        return None
    base = view.realpath(folder) + "/"
    known = {view.realpath(path) for path in releases}
    guess = None
    for name in view.listdir(latest):
        entry = latest + "/" + name
        if not view.islink(entry):
            continue
        real = view.realpath(entry)
        if real.startswith(base) and not real.startswith(base + "latest/"):
            release = base + real[len(base) :].split("/", 1)[0]
            if release in known:
                return release
            guess = guess or release
    return guess or view.realpath(latest)


def _link_target(view, path):
    return view.realpath(path) if view.islink(path) or view.exists(path) else None


def _missing(view, path):
    """Whether the path is not there; what this user may not look at counts as there."""
    return not view.exists(path) and not view.denied(path)


def _dangling(root, product, link, target):
    return _row(
        product,
        root,
        target,
        latest=True,
        layout=cann_release.layout(target),
        damaged="%s points to %s, which does not exist" % (link, target),
    )


def _release(view, root, path, product, latest):
    """The rows of one release folder: its base package, kernels, and whatever else states itself there.

    ``product`` is the package the folder belongs to; None for cann-<version>, which any base may own.
    """
    arch_dirs = [
        path + "/" + name
        for name in view.listdir(path)
        if name.endswith("-linux") and not view.islink(path + "/" + name)
    ]
    parts = _parts(view, path)
    common = {"latest": latest, "layout": cann_release.layout(path), "component_version": parts.get("version")}
    rows = []
    for folder in [path] + arch_dirs:
        for name in view.listdir(folder):
            named = vendor_files.product_of_info_name(name)
            if named:
                rows.append(_stated(view, root, path, folder + "/" + name, named, common))
    rows = _once(rows)
    found = [row["product"] for row in rows]
    pieces = [] if product or any(name in found for name in vendor_files.BASES) else cann_release.pieces(view, path)
    if pieces:
        row = _row(vendor_files.PIECES, root, path, version=cann_release.release_name(path, parts), **common)
        row.update(parts=pieces, latest=latest and view.islink(root + "/cann"))
        rows.append(row)
    elif parts and not any(name in found for name in ((product,) if product else vendor_files.BASES)):
        rows.append(
            _row(
                product or "toolkit",
                root,
                path,
                damaged=(
                    "%s holds parts of %s, but no ascend_%s_install.info; the installation is incomplete"
                    % (path, parts.get("version_dir") or "a release", product or "toolkit")
                ),
                **common,
            )
        )
    if "kernels" not in found and "ops" not in found and view.exists(path + "/opp_kernel/version.info"):
        rows.append(_kernels(view, root, path, latest))
    for row in rows:
        _complete(view, row, arch_dirs)
    return rows


def _once(rows):
    """One row per product and chip: some releases have the info file twice, and the one with a version counts."""
    chosen = {}
    for row in rows:
        key = (row["product"], row["chip"])
        if key not in chosen or (chosen[key]["version"] is None and row["version"] is not None):
            chosen[key] = row
    return list(chosen.values())


def _stated(view, root, path, info_file, named, common):
    text = view.read(info_file)
    info = vendor_files.parse_package_info(text)
    damaged = None
    if not info["version"]:
        damaged = "%s %s" % (
            info_file,
            "is not readable" if text is None else "names no version; the installation is incomplete",
        )
    row = _row(info["product"] or named, root, path, info_file=info_file, damaged=damaged, **common)
    for key in ("version", "innerversion", "code", "compatible_version", "arch", "chip"):
        row[key] = info[key]
    return row


def _kernels(view, root, path, latest):
    """Kernels up to 8.3 state themselves in opp_kernel/version.info."""
    info_file = path + "/opp_kernel/version.info"
    info = vendor_files.parse_version_info(view.read(info_file))
    version = info["version_dir"] or info["version"]
    return _row(
        "kernels",
        root,
        path,
        version=version,
        latest=latest,
        layout=cann_release.layout(path),
        info_file=info_file,
        component_version=info["version"],
        damaged=None if version else "%s names no version; the installation is incomplete" % info_file,
    )


def _nnal(view, root):
    """nnal/<version> with an info file, or nnal/atb/<version> with a version.info of its own format."""
    rows = _versioned(view, root, root + "/nnal", "nnal")
    rows = [row for row in rows if not row["path"].endswith(("/atb", "/asdsip"))]
    if rows:
        return rows
    folder = root + "/nnal/atb"
    releases = [
        folder + "/" + name
        for name in view.listdir(folder)
        if name != "latest"
        and not view.islink(folder + "/" + name)
        and view.isfile(folder + "/" + name + "/version.info")
    ]
    current = _latest_release(view, folder, releases)
    for path in releases:
        info_file = path + "/version.info"
        match = re.search(r"^\s*Ascend-cann-atb\s*:\s*(\S+)", view.read(info_file) or "", re.MULTILINE)
        row = _row(
            "nnal",
            root,
            path,
            version=match.group(1) if match else None,
            layout=cann_release.layout(path),
            latest=view.realpath(path) == current,
            info_file=info_file,
            damaged=None if match else "%s names no version; the installation is incomplete" % info_file,
        )
        row["set_env"] = cann_release.first(view, [folder + "/set_env.sh", path + "/set_env.sh"])
        row["uninstall"] = cann_release.first(view, [path + "/script/uninstall.sh"])
        rows.append(row)
    if current and _missing(view, current):
        rows.append(_dangling(root, "nnal", folder + "/latest", current))
    return rows


def _row(product, root, path, **known):
    row = {
        "product": product,
        "version": None,
        "path": path,
        "install_path": root,
        "latest": False,
        "innerversion": None,
        "code": None,
        "compatible_version": [],
        "arch": None,
        "chip": None,
        "info_file": None,
        "set_env": None,
        "component_version": None,
        "wheels": {},
        "uninstall": None,
        "layout": None,
        "damaged": None,
    }
    row.update(known)
    return row


def _parts(view, path):
    """{"version": component version, "version_dir": release} from the first part that states one, or {}."""
    for part in _PARTS:
        for info_file in (path + "/" + part + "/version.info", path + "/share/info/" + part + "/version.info"):
            if view.isfile(info_file):
                info = vendor_files.parse_version_info(view.read(info_file))
                return {"version": info["version"], "version_dir": info["version_dir"]}
    return {}


def _complete(view, row, arch_dirs):
    """Fill in the paths that hang on the release folder: environment script, wheels, uninstaller, chip."""
    path, product = row["path"], row["product"]
    if row["arch"] is None and len(arch_dirs) == 1:
        row["arch"] = arch_dirs[0].rsplit("/", 1)[1][: -len("-linux")].replace("arm64", "aarch64")
    scripts = [folder + "/script" for folder in arch_dirs] + [path + "/script"]
    if product in vendor_files.KERNELS:
        row["chip"] = row["chip"] or cann_release.kernel_chip(view, path)
        row["uninstall"] = cann_release.first(
            view, [script + "/ops_uninstall.sh" for script in scripts] + [path + "/opp_kernel/script/uninstall.sh"]
        )
        return
    if product == vendor_files.PIECES:
        row["set_env"] = cann_release.first(view, [path + "/set_env.sh"])
        return
    row["uninstall"] = cann_release.first(
        view, [path + "/cann_uninstall.sh"] + [script + "/uninstall.sh" for script in scripts]
    )
    if product not in vendor_files.BASES:
        return
    row["set_env"] = cann_release.first(view, _set_env_scripts(row))
    if row["latest"]:
        _without_set_env(view, row)
    row["wheels"] = cann_release.wheels(
        view, [path + "/lib64", path + "/fwkacllib/lib64"] + [folder + "/lib64" for folder in arch_dirs]
    )


def _set_env_scripts(row):
    """Where a base package may have its environment script, the likeliest first."""
    if row["layout"] == "8.5":
        folders = [row["path"], row["install_path"] + "/cann", row["install_path"] + "/ascend-toolkit"]
    else:
        folders = [row["path"].rsplit("/", 1)[0], row["path"]]
    return [folder + "/set_env.sh" for folder in folders]


def _without_set_env(view, row):
    """Call a base package damaged that has no environment script: each has one, and nobody finds its libraries else."""
    scripts = _set_env_scripts(row)
    if (
        row["product"] in vendor_files.BASES
        and row["version"]
        and not row["damaged"]
        and all(_missing(view, script) for script in scripts)
    ):
        row["damaged"] = "%s is missing" % scripts[0]
