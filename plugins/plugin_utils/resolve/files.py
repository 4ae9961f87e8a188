# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package files of a resolved stack: their names, and where the vendor publishes them."""

from urllib.parse import quote

from ansible_collections.ascend.fleet.plugins.plugin_utils import filenames
from ansible_collections.ascend.fleet.plugins.plugin_utils.hdk import release as hdk_release


def download(catalog, component, version, file_name, hdk=None, arch=""):
    """{"url", "headers"} of a vendor package, or None when the catalog has no address for its component.

    hdk: the HDK row of a driver or firmware; its obs_dir wins over the usual folder name.
    """
    row = next((item for item in catalog["downloads"] if component in item["components"]), None)
    if row is None:
        return None
    folder = (hdk or {}).get("obs_dir") or row["folder"].format(version=hdk["hdk"] if hdk else version)
    url = row["url"].format(folder=quote(folder), file=quote(file_name), version=quote(version), arch=arch)
    return {"url": url, "headers": dict(row.get("headers") or {})}


def mindspore_wheel(catalog, stack, arch):
    """{"file", "url", "headers"} of the MindSpore wheel in the vendor's store, None where PyPI has it."""
    entry, python = stack.get("mindspore"), stack.get("python")
    if not entry or not python or entry["distribution"] == "pypi":
        return None
    tag = "cp" + python["version"].replace(".", "")
    abi = tag + "m" if tag == "cp37" else tag
    name = "{}-{}-{}-{}-linux_{}.whl".format(entry["package"].replace("-", "_"), entry["version"], tag, abi, arch)
    component = "mindspore" if entry["package"] == "mindspore" else "mindspore-ascend"
    item = {"component": "mindspore", "version": entry["version"], "file": name}
    item.update(download(catalog, component, entry["version"], name, arch=arch) or {"url": None, "headers": {}})
    return item


def file_list(catalog, stack, chip, arch, variant=None):
    """The vendor packages of a stack (and the MindSpore wheel when it is not on PyPI), in the order they are installed.

    Each: component, version, file, url, headers, and for an HDK that Huawei publishes as one zip also zip, zip_url
    and zip_sha256 (None where not recorded).
    """
    files = []
    driver = (stack.get("driver") or {}).get("version")
    for component in ("driver", "firmware", "cann", "kernels"):
        entry = stack.get(component)
        if not entry or not entry.get("package"):
            continue
        kind = entry.get("flavor") or component
        hdk = hdk_release(catalog, driver, chip) if component in ("driver", "firmware") and driver else None
        item = {"component": component, "version": entry["version"], "file": entry["package"]}
        item.update(download(catalog, kind, entry["version"], entry["package"], hdk) or {"url": None, "headers": {}})
        if component == "driver":
            name = filenames.name_or_none("hdk", entry["version"], chip, arch, catalog["filenames"], variant)
            found = next((row for row in catalog["checksums"] if row["file"] == name), None)
            item["zip"] = name
            item["zip_url"] = (download(catalog, "hdk", entry["version"], name, hdk) or {}).get("url") if name else None
            item["zip_sha256"] = found["sha256"] if found else None
        files.append(item)
    wheel = mindspore_wheel(catalog, stack, arch)
    return [*files, wheel] if wheel else files
