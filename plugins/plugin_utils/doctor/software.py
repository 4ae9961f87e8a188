# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about CANN and the Python environments. See rules.py for what a rule is.

Sources: an installed CANN 8.1 tree and its scripts, the FAQ of MindSpore, and the release notes both give.
"""

from __future__ import annotations

import functools

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files as vendor_files
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.compat import pairing
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.hardware import install_disk
from ansible_collections.ascend.fleet.plugins.plugin_utils.doctor.rule import rule

_CANN_SPACE = 10240  # MiB a toolkit takes


def _bases(facts):
    return [row for row in facts["cann"] if row["product"] in vendor_files.BASES]


def _kernels(facts):
    return [row for row in facts["cann"] if row["product"] in vendor_files.KERNELS]


def _title(row):
    return "{} {}".format(row["product"], row["version"] or "of unknown version")


def _each(rows, text):
    """One piece of evidence of many rows, or None."""
    return "; ".join(text(row) for row in rows) or None


def _damaged(facts):
    return _each([row for row in facts["cann"] if row["damaged"]], lambda row: row["damaged"])


def _no_space(facts):
    path, row = install_disk(facts)
    free = row.get("free_mb")
    if free is None or free >= _CANN_SPACE or _bases(facts) or not facts["driver"]["installed"]:
        return None
    return f"{free} MiB free for {path}"


def installed_pair(facts):
    """What driver and CANN of a host say of themselves, as the compatibility rules take it."""
    driver, firmware = facts["driver"], facts["firmware"]
    stated = ("installed", "innerversion", "compatible_cann", "compatible_firmware")
    return {
        "driver": {key: driver.get(key) for key in stated},
        "firmware": {key: firmware.get(key) for key in ("installed", "compatible_driver")},
        "cann": facts["cann"],
    }


@functools.lru_cache(maxsize=1)
def _shipped():
    return catalog.load()


def _driver_refused(facts):
    """The verdict that the desk gives as well, with what the files of this host say."""
    tables, driver = facts.get("catalog") or _shipped(), facts["driver"]["installed"]
    host = {"chip": facts["accelerators"]["family"], "arch": facts["arch"], "host_kind": facts["host_kind"]}
    said = []
    for row in _bases(facts):
        if row["latest"] and row["version"]:
            verdict = pairing.driver_and_cann(tables, driver, row["version"], host, installed_pair(facts))
            said += [f"{_title(row)} on driver {driver}: {verdict.text}"] if verdict.status == "refused" else []
    return "; ".join(said) or None


def _other_arch(facts):
    rows = [row for row in facts["cann"] if row["arch"] not in (None, facts["arch"])]
    return _each(rows, lambda row: "{} is for {}, the host is {}".format(_title(row), row["arch"], facts["arch"]))


def _other_chip(facts):
    family = facts["accelerators"]["family"]
    rows = [row for row in _kernels(facts) if family and row["chip"] not in (None, family)]
    return _each(rows, lambda row: "{} is for chip {}, the host has {}".format(_title(row), row["chip"], family))


def _kernels_alone(facts):
    there = {row["version"] for row in _bases(facts) if not row["damaged"]}
    rows = [row for row in _kernels(facts) if row["version"] and row["version"] not in there]
    return _each(rows, lambda row: f"{_title(row)}, but no toolkit, nnae or nnrt of that version")


def _not_current(facts):
    products = {row["product"] for row in _bases(facts)}
    lost = [
        name for name in sorted(products) if not any(row["latest"] for row in _bases(facts) if row["product"] == name)
    ]
    return _each(lost, lambda name: f"no latest among the releases of {name}")


def _other_path(facts):
    path, _row = install_disk(facts)
    rows = [row for row in _bases(facts) if path and row["install_path"] != path]
    return _each(rows, lambda row: "{} is in {}".format(_title(row), row["path"]))


def _elsewhere(facts):
    return ", ".join(facts.get("cann_elsewhere") or []) or None


def _only_pieces(facts):
    rows = [row for row in facts["cann"] if row["product"] == vendor_files.PIECES]
    return _each(rows, lambda row: "{} has {} of {}".format(row["path"], ", ".join(row["parts"]), row["version"]))


def _no_set_env(facts):
    rows = [row for row in _bases(facts) if row["version"] and not row["set_env"]]
    return _each(rows, lambda row: "{} in {} has no set_env.sh".format(_title(row), row["path"]))


def _two_bases(facts):
    names = {row["product"] for row in _bases(facts) if row["latest"]}
    if not {"nnae", "toolkit"} <= names:
        return None
    old = []
    for env in facts["environments"]:
        version = env["packages"].get("mindspore") or env["packages"].get("mindspore-ascend")
        if version and versions.compare(version, "2.4") < 0:
            old.append("{} has MindSpore {}".format(env["name"], version))
    return "nnae and toolkit are both installed, and {}".format(", ".join(old)) if old else None


def _interpreter_gone(facts):
    rows = [env for env in facts["environments"] if not env["python"]]
    return _each(rows, lambda env: "{}/bin/python leads nowhere".format(env["path"]))


def _mindspore(env):
    return env["packages"].get("mindspore") or env["packages"].get("mindspore-ascend")


def _current_wheels(facts):
    """(title, wheel names) of the CANN that environments should have their operator wheels from, or (None, [])."""
    rows = [row for row in _bases(facts) if row["latest"] and row["wheels"]]
    return (_title(rows[0]), sorted(rows[0]["wheels"])) if len(rows) == 1 else (None, [])


def _no_wheels(facts):
    title, names = _current_wheels(facts)
    lacking = []
    for env in facts["environments"]:
        missing = [name for name in names if name not in env["packages"]]
        if _mindspore(env) and missing:
            lacking.append("{} lacks {}, which {} brings".format(env["name"], " and ".join(missing), title))
    return "; ".join(lacking) or None


def _stale_wheels(facts):
    title, _names = _current_wheels(facts)
    rows = [env for env in facts["environments"] if title and env["cann_wheels_from"] not in (None, title)]
    return _each(rows, lambda env: "{} has those of {}, CANN is {}".format(env["name"], env["cann_wheels_from"], title))


def _leftover_topi(facts):
    _title_text, names = _current_wheels(facts)
    rows = [env for env in facts["environments"] if names and "topi" in env["packages"] and "topi" not in names]
    return _each(rows, lambda env: "{} has topi {}".format(env["name"], env["packages"]["topi"]))


def _two_mindspores(facts):
    rows = [env for env in facts["environments"] if {"mindspore", "mindspore-ascend"} <= set(env["packages"])]
    return _each(
        rows,
        lambda env: "{} has mindspore {} and mindspore-ascend {}".format(
            env["name"], env["packages"]["mindspore"], env["packages"]["mindspore-ascend"]
        ),
    )


def _dependencies(facts):
    lacking = []
    for env in facts["environments"]:
        missing = [name for name in ("numpy", "sympy") if name not in env["packages"]]
        if "te" in env["packages"] and missing:
            lacking.append("{} lacks {}".format(env["name"], " and ".join(missing)))
    return "; ".join(lacking) or None


def _numpy_2(facts):
    rows = []
    for env in facts["environments"]:
        numpy, torch = env["packages"].get("numpy"), env["packages"].get("torch")
        if numpy and torch and versions.compare(numpy, "2.0") >= 0 and versions.compare(torch, "2.3") < 0:
            rows.append("{} has numpy {} and torch {}".format(env["name"], numpy, torch))
    return "; ".join(rows) or None


def _glibc(facts):
    here, rows = facts["glibc"], []
    for env in facts["environments"]:
        version = env["packages"].get("torch-npu")
        if here and version and versions.compare(version, "2.7.1") >= 0 and versions.compare(here, "2.28") < 0:
            rows.append("{} has torch_npu {}, the host has glibc {}".format(env["name"], version, here))
    return "; ".join(rows) or None


def _inference_only(facts):
    if facts["accelerators"]["role"] != "inference" or facts["accelerators"]["family"] not in ("310", "310p", "310b"):
        return None
    rows = [env for env in facts["environments"] if "mindformers" in env["packages"]]
    return _each(
        rows,
        lambda env: "{} has MindFormers {}, the chips are {}".format(
            env["name"], env["packages"]["mindformers"], facts["accelerators"]["family"]
        ),
    )


_FAQ = "mindspore-ai/docs FAQ, installation"
_TREE = "an installed CANN 8.1.RC1"

RULES = (
    rule(
        "cann-damaged",
        "error",
        _damaged,
        "A CANN package is incomplete.",
        "Install it again; ascend.fleet.site does.",
        _TREE,
    ),
    rule(
        "cann-space",
        "warning",
        _no_space,
        "There may be no room for CANN.",
        "Free about 10 GB there, or set ascend_install_path to a larger disk.",
        "ascend-deployer README",
    ),
    rule(
        "cann-driver-mismatch",
        "error",
        _driver_refused,
        "This driver and this CANN do not go together.",
        "Bring driver and CANN to releases that belong together: ansible-playbook ascend.fleet.resolve with one of the "
        "two says which.",
        "driver/version.info and the CANN info file on this host",
        "Use an image whose CANN goes with the driver of this container's host.",
    ),
    rule(
        "cann-arch",
        "error",
        _other_arch,
        "A CANN package is for another architecture.",
        "Install the package of this architecture (x86_64 is spelled x86-64 in some names).",
        _TREE,
    ),
    rule(
        "kernels-chip",
        "error",
        _other_chip,
        "The kernels are for another chip family.",
        "Install the kernels package of this chip. Ascend910B without a digit is the first generation (910).",
        "CANN 8.1.RC1 platform_config",
    ),
    rule(
        "kernels-without-base",
        "error",
        _kernels_alone,
        "Kernels without the CANN release they belong to.",
        "Install toolkit, nnae or nnrt of that version first, then the kernels.",
        "ascend-deployer process_kernels",
    ),
    rule(
        "cann-not-current",
        "warning",
        _not_current,
        "No installed release of CANN is the current one.",
        "set_env.sh leads to latest: install the wanted release again, which sets it.",
        _TREE,
    ),
    rule(
        "cann-other-path",
        "warning",
        _other_path,
        "CANN is not where this fleet expects it.",
        "/etc/Ascend/ascend_cann_install.info redirects installations. Set ascend_install_path to that path, or "
        "uninstall there.",
        "hiascend.com installation guide; ascend-deployer",
    ),
    rule(
        "cann-elsewhere",
        "info",
        _elsewhere,
        "There is a CANN that is not in the configured path.",
        "It is left alone, and nothing here uses it. To work with it, set ascend_install_path to that folder; to have "
        "it out of the way, look at PATH, LD_LIBRARY_PATH and ASCEND_HOME_PATH of those who use it.",
        "conda packages of CANN 9; installations of ordinary users",
    ),
    rule(
        "cann-pieces",
        "info",
        _only_pieces,
        "There are parts of CANN without toolkit, nnae or nnrt.",
        "Nothing, if they were built by hand. What this fleet installs needs one of the three beside them.",
        "hicann/runtime, cann-npu-runtime 8.5.0",
    ),
    rule(
        "set-env-missing",
        "warning",
        _no_set_env,
        "A CANN release cannot be loaded.",
        "libascendcl.so and others are found through set_env.sh only. Install the release again.",
        "PaddlePaddle/FastDeploy#1808",
    ),
    rule(
        "nnae-and-toolkit",
        "warning",
        _two_bases,
        "MindSpore before 2.4 mixes libraries of nnae and toolkit.",
        "Keep one of them, or use MindSpore 2.4 or newer with set_env.sh.",
        _FAQ,
    ),
    rule(
        "python-gone",
        "error",
        _interpreter_gone,
        "An environment lost its interpreter.",
        "The Python it was made from was removed. Run ascend.fleet.site: it makes the environment again.",
        "files of this host",
    ),
    rule(
        "wheels-missing",
        "error",
        _no_wheels,
        "MindSpore lacks wheels of CANN (No module named 'te').",
        "Install them from CANN's lib64 into that environment; the role ascend.fleet.mindspore does.",
        _FAQ,
    ),
    rule(
        "wheels-stale",
        "error",
        _stale_wheels,
        "The operator wheels are of another CANN release.",
        "pip uninstall te topi hccl, then install those of this release (json.exception.parse_error.101 comes from "
        "this); the role ascend.fleet.mindspore does.",
        _FAQ,
    ),
    rule(
        "topi-left-over",
        "warning",
        _leftover_topi,
        "topi is left from an older CANN.",
        "pip uninstall topi: CANN dropped it with 6.3.",
        "MindSpore 1.10 and 2.0 installation guides",
    ),
    rule(
        "two-mindspores",
        "error",
        _two_mindspores,
        "Two packages own the folder mindspore.",
        "pip uninstall both, then install one: mindspore-ascend up to 1.x, mindspore from 2.0.",
        "MindSpore 2.3 installation guide",
    ),
    rule(
        "cann-dependencies",
        "warning",
        _dependencies,
        "Packages that CANN's compiler imports are missing.",
        "pip install numpy sympy decorator attrs cffi psutil scipy protobuf; prereq_check.bash of CANN lists them.",
        _TREE + " prereq_check",
    ),
    rule(
        "numpy-2",
        "error",
        _numpy_2,
        "This torch does not work with numpy 2.",
        "pip install 'numpy<2' there.",
        "Ascend/docs#22",
    ),
    rule(
        "glibc-too-old",
        "error",
        _glibc,
        "torch_npu from 2.7.1 on needs glibc 2.28.",
        "Use torch_npu 2.6.0 or older, or a newer operating system.",
        "the wheels' manylinux_2_28 tags on PyPI",
    ),
    rule(
        "inference-chips",
        "warning",
        _inference_only,
        "These chips infer only.",
        "Train on 910 families; on 310 families run converted models.",
        "article; platform tables of torch_npu",
    ),
)
