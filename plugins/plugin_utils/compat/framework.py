# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for MindSpore and MindFormers: with CANN, with Python, with each other, with CANN's own wheels."""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import environment
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat.case import joins

RUNTIME_SOURCE = "msdocs install guides: MindSpore needs the nnae or the toolkit"
WHEEL_SOURCE = "msdocs: 'pip uninstall te topi hccl -y' and reinstall after every CANN change"
TOPI_LAST = "6.0"


def minor(python):
    """3.11.4 -> 3.11: wheels are made for a minor release."""
    return ".".join(python.split(".")[:2])


@joins("mindspore", "cann")
def mindspore_cann(case):
    """mindspore-cann: the CANN release that MindSpore's documents name, or one its wheel accepts."""
    mindspore, cann = case.get("mindspore"), case.get("cann")
    row, cann_row = case.row("mindspore"), case.row("cann")
    if row is None or cann_row is None:
        return
    pair = f"MindSpore {mindspore} on CANN {cann}"
    if any(versions.same(cann_row["cann"], name) for name in row["cann"]):
        case.confirm("mindspore-cann", f"{pair}: the pair its documents name", row["source"])
        return
    checks, component = row.get("checks") or [], cann_row.get("component")
    named = " or ".join(row["cann"])
    if checks and component:
        seen = ".".join(component.split(".")[:2])
        if seen in checks:
            case.info(
                "mindspore-cann",
                "{}: the wheel accepts it ({}){}".format(
                    pair, ", ".join(checks), f"; the documents name CANN {named}" if named else ""
                ),
                row["source"],
            )
        else:
            case.error(
                "mindspore-cann",
                "{}: the wheel expects compiler version {}, CANN {} is {}. {}".format(
                    pair, ", ".join(checks), cann, seen, _cann_fix(case, named, checks)
                ),
                row["source"],
                "cann",
            )
        return
    if not row["cann"]:
        case.unknown(
            "mindspore-cann",
            f"{pair}: no document names the CANN release of MindSpore {mindspore}",
            row["source"],
        )
    elif row.get("recommended") or any(
        versions.series(cann_row["cann"]) == versions.series(name) for name in row["cann"]
    ):
        case.warn(
            "mindspore-cann",
            f"{pair}: not documented; the documents name CANN {named}. {_cann_fix(case, named, [])}",
            row["source"],
            "cann",
        )
    else:
        case.error(
            "mindspore-cann",
            f"{pair}: the documents name CANN {named}. {_cann_fix(case, named, [])}",
            row["source"],
            "cann",
        )


def _cann_fix(case, named, checks):
    if named:
        return f"Set ascend_cann_version to {named} or to auto."
    fitting = [
        row["cann"]
        for row in case.catalog["cann"]
        if row.get("component") and ".".join(row["component"].split(".")[:2]) in checks
    ]
    return "Set ascend_cann_version to {} or to auto.".format(" or ".join(fitting))


@joins("mindspore", "python")
def mindspore_python(case):
    """mindspore-python: MindSpore has a wheel for this Python."""
    row, python = case.row("mindspore"), case.python("mindspore")
    if row is None or not python:
        return
    oldest, newest = row["python"]
    if versions.key(oldest) <= versions.key(minor(python)) <= versions.key(newest):
        case.confirm(
            "mindspore-python",
            "MindSpore {} has wheels for Python {}".format(case.get("mindspore"), minor(python)),
            row["source"],
        )
    else:
        case.error(
            "mindspore-python",
            f"MindSpore {case.get('mindspore')} has wheels for Python {oldest} to {newest}, not for {minor(python)}. "
            f'Set ascend_python_version to "{newest}" or to auto.',
            row["source"],
            "python",
        )


@joins("cann", "python")
def cann_python(case):
    """cann-python: the range of Pythons CANN's documents give (a warning: its tools are Python, its runtime is not)."""
    row, python = case.row("cann"), case.get("python")
    if row is None or not python or not row.get("python"):
        return
    oldest, newest = row["python"]
    if not versions.key(oldest) <= versions.key(minor(python)) <= versions.key(newest):
        case.warn(
            "cann-python",
            f"CANN {case.get('cann')} documents Python {oldest} to {newest}; {minor(python)} may lack its operator "
            f'compiler\'s modules. Set ascend_python_version to "{newest}".',
            row["source"],
            "python",
        )


def python_missing(case):
    """python-missing: a venv is made with a Python of the host's."""
    python = case.get("python")
    why = environment.python_missing(python, case.host.get("pythons")) if python else None
    if why:
        case.error("python-missing", why, "ascend.fleet", "python")


@joins("mindspore", "mindformers")
def mindformers_mindspore(case):
    """mindformers-mindspore: the MindSpore that a MindFormers release was made for."""
    mindspore, mindformers = case.get("mindspore"), case.get("mindformers")
    row = case.row("mindformers")
    if row is None or case.row("mindspore") is None:
        return
    pair = f"MindFormers {mindformers} with MindSpore {mindspore}"
    if any(
        versions.release(mindspore) == versions.release(name) or versions.same(mindspore, name)
        for name in row["mindspore"]
    ):
        case.confirm("mindformers-mindspore", f"{pair}: the pair its README names", row["source"])
        return
    seen = next((item for item in row.get("user_mindspore") or [] if versions.same(item["mindspore"], mindspore)), None)
    named = " or ".join(row["mindspore"])
    if seen:
        case.info(
            "mindformers-mindspore",
            f"{pair}: users report that it works; its README names MindSpore {named}",
            seen["source"],
        )
    elif not row["mindspore"]:
        case.unknown(
            "mindformers-mindspore",
            f"{pair}: no document names the MindSpore of MindFormers {mindformers}",
            row["source"],
        )
    elif row.get("requires") and versions.compatible_release(mindspore, row["requires"]):
        case.warn(
            "mindformers-mindspore",
            "{}: its README names MindSpore {}; its wheel also takes this one (~={}).".format(
                pair, named, row["requires"]
            ),
            row["source"],
            "mindformers",
        )
    elif not row.get("requires") and any(
        versions.series(mindspore) == versions.series(name) for name in row["mindspore"]
    ):
        case.warn(
            "mindformers-mindspore",
            f"{pair}: its README names MindSpore {named}, of the same series. {_mindformers_fix(case, mindspore)}",
            row["source"],
            "mindformers",
        )
    else:
        case.error(
            "mindformers-mindspore",
            f"{pair}: MindFormers {mindformers} is made for MindSpore {named}. {_mindformers_fix(case, mindspore)}",
            row["source"],
            "mindformers",
        )


def _mindformers_fix(case, mindspore):
    fitting = [
        row["mindformers"]
        for row in case.catalog["mindformers"]
        if any(versions.release(mindspore) == versions.release(name) for name in row["mindspore"])
    ]
    if fitting:
        return "Set ascend_mindformers_version to {} or to auto.".format(" or ".join(fitting))
    return f"No MindFormers release is documented for MindSpore {mindspore}; choose the MindSpore it names."


def mindformers_python(case):
    """mindformers-python: the Python its wheel requires, and the one its README names as advice."""
    row, python = case.row("mindformers"), case.python("mindspore")
    if row is None or not python:
        return
    mindformers, floor = case.get("mindformers"), row.get("requires_python")
    if floor and versions.compare(minor(python), floor) < 0:
        case.error(
            "mindformers-python",
            f"MindFormers {mindformers} requires Python {floor} or newer, not {minor(python)}. Set "
            f'ascend_python_version to "{floor}".',
            row["source"],
            "python",
        )
    elif row["python"] and minor(python) not in row["python"]:
        case.info(
            "mindformers-python",
            "MindFormers {} documents Python {}; {} is used".format(
                mindformers, " or ".join(row["python"]), minor(python)
            ),
            row["source"],
        )


def mindformers_chip(case):
    """mindformers-chip: the chips a MindFormers release names."""
    row = case.row("mindformers")
    chip = case.chip_row()
    if row is None or chip is None or chip["role"] == "inference" or not row.get("chips") or case.chip in row["chips"]:
        return
    case.warn(
        "mindformers-chip",
        "MindFormers {} names chip {}, not {}. Set ascend_mindformers_version to a later release.".format(
            case.get("mindformers"), ", ".join(row["chips"]), case.chip
        ),
        row["source"],
        "mindformers",
    )


def cann_flavor(case):
    """cann-flavor: nnae or toolkit for MindSpore, nnrt for inference; and a product that is published at all."""
    flavor, row = case.get("cann_flavor"), case.row("cann")
    if not flavor:
        return
    if flavor == "nnrt" and case.get("mindspore"):
        case.error(
            "cann-flavor",
            "MindSpore {} does not run on nnrt, which has no operator compiler. Set "
            "ascend_cann_flavor to nnae or toolkit.".format(case.get("mindspore")),
            RUNTIME_SOURCE,
            "cann_flavor",
        )
    chip = case.chip_row()
    if flavor == "nnae" and chip is not None and chip["role"] == "inference":
        case.warn(
            "cann-flavor",
            f"nnae is the engine for training chips; chip {case.chip} needs nnrt. Set ascend_cann_flavor to "
            "nnrt or to auto.",
            chip["source"],
            "cann_flavor",
        )
    if row is not None and flavor not in row["products"]:
        case.warn(
            "cann-flavor",
            "CANN {}: no {} package is documented (known: {}). Set ascend_cann_flavor to toolkit.".format(
                case.get("cann"), flavor, ", ".join(row["products"])
            ),
            row["source"],
            "cann_flavor",
        )


def kernels_cann(case):
    """kernels-cann: kernels (ops from 8.5) of exactly the CANN release they serve."""
    kernels, cann = case.get("kernels"), case.get("cann")
    if kernels and cann and not versions.same(kernels, cann):
        case.error(
            "kernels-cann",
            f"kernels {kernels} with CANN {cann}: the package must be of the same release. Stage the "
            f"kernels (from CANN 8.5 on: ops) package {cann}.",
            "deployer_new 'Please install toolkit, nnae or nnrt version X before installing kernels X'",
            "kernels",
        )


def cann_wheels(case):
    """cann-wheels and topi-removed: te and hccl come from the CANN that is installed; topi ended with 6.0.x."""
    cann, flavor = case.get("cann"), case.get("cann_flavor")
    for name in ("te", "hccl", "topi", "cann_wheels_from"):
        origin = case.get(name)
        if not origin or not cann:
            continue
        match = re.search(r"\d+\.\d+(?:\.(?:RC)?\d+)*(?:[.-](?:alpha|beta)\.?\d+)?", origin, re.IGNORECASE)
        product = re.search(r"nnae|nnrt|toolkit", origin)
        what = "te and hccl" if name == "cann_wheels_from" else name
        if match and not versions.same(match.group(0), cann):
            case.error(
                "cann-wheels",
                f"{what} come from CANN {match.group(0)}, but CANN {cann} is wanted. Reinstall the wheels from the "
                f"lib64 folder of CANN {cann}.",
                WHEEL_SOURCE,
                "cann",
            )
        elif product and flavor and product.group(0) != flavor:
            case.error(
                "cann-wheels",
                f"{what} come from {product.group(0)}, but {flavor} is wanted. Reinstall the wheels from the {flavor} "
                "lib64 "
                "folder.",
                WHEEL_SOURCE,
                "cann_flavor",
            )
    if case.get("topi") and cann and versions.series(cann) > versions.series(TOPI_LAST):
        case.error(
            "topi-removed",
            f"CANN {cann} has no topi wheel, the last was in 6.0.x: one found comes from an older "
            "CANN. Run pip uninstall topi in the environment; MindSpore needs only te and hccl.",
            "msdocs r1.11 (te and hccl only)",
            "cann",
        )


def mindspore_package(case):
    """mindspore-package: mindspore-ascend up to 1.x, one mindspore from 2.0; a wheel that fits Python and machine."""
    mindspore, row = case.get("mindspore"), case.row("mindspore")
    package = case.get("mindspore_package")
    if package and row is not None and package.replace("_", "-") != row["package"]:
        case.error(
            "mindspore-package",
            f"MindSpore {mindspore} is the distribution {row['package']}, not {package}; both own the folder "
            f"mindspore. Uninstall {package} first.",
            row["source"],
            "mindspore",
        )


def device_target(case):
    """device-target-cpu: a fleet whose proof runs on the host's processor proves nothing about its NPUs."""
    if (case.get("device_target") or "").lower() == "cpu":
        case.error(
            "device-target-cpu",
            "The framework is to run on the CPU: the inference proof says nothing about the "
            "NPUs. Set ascend_device_target to Ascend, or accept this finding where there are none.",
            "ascend.fleet",
            "device_target",
        )
