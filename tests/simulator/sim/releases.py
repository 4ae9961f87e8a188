# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which vendor packages exist in which release, and what each says about itself. Pure, from releases.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from . import frameworks
from .base import SIMULATOR, SimulatorError

_SOC = {"910": "ascend910", "910b": "ascend910b", "310p": "ascend310p", "310b": "ascend310b", "a3": "ascend910_93"}
_BASE_PARTS = {
    "toolkit": "runtime compiler hccl opp toolkit aoe ncs",
    "nnae": "runtime compiler hccl opp fwkplugin",
    "nnrt": "runtime opp",
    "kernels": "opp_kernel",
    "ops": "opp_kernel",
    "nnal": "atb",
    "tfplugin": "fwkplugin",
}
# What torch_npu links to, or opens when it is imported (seen with 2.7.1.post4); the driver has the rest of it.
_LIBRARIES = (
    *("libascendcl", "libhccl", "libacl_op_compiler", "libge_runner", "libgraph", "libacl_tdt_channel", "libascend_ml"),
    *("libopapi", "libnnopbase", "libacl_prof", "libmsprofiler", "libprofapi", "libruntime", "libhcomm"),
    *("libascend_dump", "libascendsk"),
)
_LABELS = {
    "toolkit": "Toolkit",
    "nnae": "Nnae",
    "nnrt": "Nnrt",
    "kernels": "Ops",
    "ops": "Ops",
    "nnal": "Nnal",
    "tfplugin": "Tfplugin",
}


@dataclass
class Package:
    """One package file to build: its name, makeself label, settings and generated files."""

    file: str
    label: str
    script: str
    settings: dict[str, str]
    files: dict[str, str] = field(default_factory=dict)
    wheels: dict[str, str] = field(default_factory=dict)
    libraries: tuple[str, ...] = ()  # paths of shared libraries; their functions return 0


def catalog() -> dict:
    """releases.json as data."""
    return json.loads((SIMULATOR / "releases.json").read_text())


def packages(sets: list[str] | None = None) -> list[Package]:
    """Every package of the named sets (default: the file's own default), without repetition."""
    data = catalog()
    found: dict[str, Package] = {}
    for name in sets or data["default"]:
        if name not in data["sets"]:
            raise SimulatorError(f"no package set {name}; known: {', '.join(data['sets'])}")
        wanted = data["sets"][name]
        for arch in wanted["arch"]:
            rows = [package for release in wanted["hdk"] for package in hdk(data["hdk"][release], arch)]
            rows += [package for version in wanted["cann"] for package in cann(version, data["cann"][version], arch)]
            rows += [
                runtime(data["docker_runtime"][version], version, arch) for version in wanted.get("docker_runtime", [])
            ]
            found.update({package.file: package for package in rows})
    return list(found.values())


def hdk(row: dict, arch: str) -> list[Package]:
    """Driver and firmware of one HDK release for every chip."""
    result = []
    for chip in row["chips"]:
        stem = "Atlas-A3-hdk-npu" if chip == "a3" else f"Ascend-hdk-{chip}-npu"
        driver = f"{stem}-driver_{row['driver']}_linux-{arch.replace('x86_64', 'x86-64')}.run"
        shared = {"PKG_CHIP": chip, "PKG_STYLE": "hdk"}
        info = {
            "Version": row["driver"],
            "ascendhal_version": row["ascendhal"],
            "aicpu_version": "1.0",
            "tdt_version": "1.0",
            "log_version": "1.0",
            "prof_version": "2.0",
            "dvppkernels_version": "1.1",
            "tsfw_version": "1.0",
            "Innerversion": row["innerversion"],
            "compatible_version": _brackets(row["compatible_version"]),
            "compatible_version_fw": _brackets(row["compatible_version_fw"]),
            "package_version": row["driver"],
        }
        result.append(
            Package(
                driver,
                "ASCEND DRIVER RUN PACKAGE",
                "driver.sh",
                {
                    **shared,
                    "PKG_FILE": driver,
                    "PKG_COMPONENT": "driver",
                    "PKG_LABEL": "Driver",
                    "PKG_VERSION": row["driver"],
                    "PKG_ARCH": arch,
                    "PKG_STATUS_KEY": "yes" if row["status_key"] else "no",
                    "PKG_SOC": "no",
                },
                {"version.info": _lines(info)},
            )
        )
        firmware = f"{stem}-firmware_{row['firmware']}.run"
        info = {
            "Version": row["firmware"],
            "firmware_version": "1.0",
            "package_version": row["driver"],
            "compatible_version_drv": _brackets(row["compatible_version_drv"]),
        }
        result.append(
            Package(
                firmware,
                f"{stem.upper()} FIRMWARE RUN PACKAGE",
                "firmware.sh",
                {
                    **shared,
                    "PKG_FILE": firmware,
                    "PKG_COMPONENT": "firmware",
                    "PKG_LABEL": "Firmware",
                    "PKG_VERSION": row["firmware"],
                    "PKG_ARCH": "",
                },
                {"version.info": _lines(info)},
            )
        )
    return result


def runtime(row: dict, version: str, arch: str) -> Package:
    """The container runtime of one MindCluster release."""
    file = f"Ascend-docker-runtime_{version}_linux-{arch}.run"
    settings = {
        "PKG_FILE": file,
        "PKG_COMPONENT": "container_runtime",
        "PKG_STYLE": "hdk",
        "PKG_LABEL": "Docker-runtime",
        "PKG_VERSION": version,
        "PKG_ARCH": arch,
        "PKG_EULA": "yes" if row["eula"] else "no",
        "PKG_CRIO": "yes" if row["crio"] else "no",
    }
    agreement = "A stand-in for the end user licence agreement.\n"
    return Package(file, "ascend-docker-runtime", "docker_runtime.sh", settings, {"agreement.txt": agreement})


def cann(version: str, row: dict, arch: str) -> list[Package]:
    """The packages of one CANN release."""
    result = [
        _cann(
            version,
            row,
            product,
            f"Ascend-cann-{product}_{version}_linux-{arch}.run",
            arch,
            f"Ascend-cann-{product}",
            None,
        )
        for product in row["products"]
    ]
    product = "ops" if row["layout"] == "8.5" else "kernels"
    for chip in row["kernel_chips"]:
        suffix = f"linux-{arch}" if row.get("kernels_arch") else "linux"
        if product == "ops":
            title = f"Ascend-cann-{'A3' if chip == 'a3' else chip}-ops"
        else:
            title = "Atlas-A3-cann-kernels" if chip == "a3" else f"Ascend-cann-kernels-{chip}"
        result.append(
            _cann(
                version,
                row,
                product,
                f"{title}_{version}_{suffix}.run",
                arch if row.get("kernels_arch") else "",
                title,
                chip,
            )
        )
    return result


def _cann(version: str, row: dict, product: str, file: str, arch: str, title: str, chip: str | None) -> Package:
    settings = {
        "PKG_FILE": file,
        "PKG_COMPONENT": product,
        "PKG_PRODUCT": product,
        "PKG_STYLE": "cann",
        "PKG_LABEL": _LABELS[product],
        "PKG_TITLE": title,
        "PKG_VERSION": version,
        "PKG_ARCH": arch,
        "PKG_NUMBER": row["number"],
        "PKG_INNERVERSION": row["innerversion"],
        "PKG_COMPATIBLE": _brackets(row["compatible_version"]),
        "PKG_LAYOUT": row["layout"],
        "PKG_EULA": "yes" if row["eula"] else "no",
        "PKG_PARTS": _BASE_PARTS[product],
        "PKG_LOG": f"ascend_{product}_install.log",
        "PKG_TIMESTAMP": "20250101_000000000",
        "PKG_CHIP": chip or "",
    }
    files = {}
    if chip:
        kernels = "parts/opp_kernel/built-in/op_impl/ai_core/tbe/kernel"
        files[f"{kernels}/{_SOC[chip]}/add/Add_simulated.json"] = json.dumps({"binFileName": "Add"}) + "\n"
    if product in ("toolkit", "nnae", "nnrt"):
        files["parts/opp/built-in/op_impl/ai_core/tbe/op_tiling/liboptiling.so"] = f"simulated CANN {version}\n"
    if product == "tfplugin":
        adapter = frameworks.program("npu_device", "2.6.5")
        files.update({f"python/site-packages/{path}": text for path, text in adapter.items()})
    wheels = row["wheels"] if product in ("toolkit", "nnae") else {}
    libraries = {"nnal": ("libatb",)}.get(product, _LIBRARIES if product in ("toolkit", "nnae", "nnrt") else ())
    paths = tuple(f"lib64/{name}.so" for name in libraries)
    paths += ("devlib/libascend_hal.so",) if product == "toolkit" else ()
    return Package(file, "ASCEND_RUN_PACKAGE", "cann.sh", settings, files, wheels, paths)


def _brackets(items: list[str]) -> str:
    return ",".join(f"[{item}]" for item in items)


def _lines(values: dict[str, str]) -> str:
    return "".join(f"{key}={text}\n" for key, text in values.items())
