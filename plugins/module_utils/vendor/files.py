# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the small text files that the Ascend installers leave on a host.

Pure functions: text in, plain data out. None, empty and damaged text are legal everywhere and give
empty results, because a half-finished installation is exactly when these files matter.

Sources: version.info, *_install.info and /etc/ascend_install.info as seen on hosts with
drivers 23.0 to 25.5 and CANN 6.0 to 9.2, and the vendor's open driver scripts.
"""

import re

_INFO_NAME = re.compile(r"^ascend_([A-Za-z0-9_-]+)_install\.info$")
_C_CODE = re.compile(r"^V\d+R\d+(C\d+)", re.IGNORECASE)
_BRACKET = re.compile(r"\[([^\[\]]*)\]")

# What the middle of a package name says: Ascend-cann-toolkit, Ascend-cann-kernels-910b,
# Ascend-cann-910b-ops, Atlas-A3-cann-kernels.
# BASES are a CANN of their own; the others add to one. KERNELS are one product under two names: ops from CANN 8.5 on.
BASES = ("toolkit", "nnae", "nnrt")
# What facts call parts of CANN that were installed one by one, which make no base.
PIECES = "pieces"
KERNELS = ("kernels", "ops")
PRODUCTS = BASES + KERNELS + ("nnal", "tfplugin", "toolbox")
# What is no CANN product. One version of these on a host; releases of the others lie side by side.
HDK = ("driver", "firmware")

# The vendor's spelling of a chip (package names, kernel folders) -> our family key. A test holds them to the catalog's.
_CHIPS = {
    "310": "310",
    "310p": "310p",
    "310b": "310b",
    "910": "910",
    "910b": "910b",
    "910_93": "a3",
    "a3": "a3",
    "950": "950",
}


def parse_key_values(text):
    """Turn ``key=value`` lines into a dict of strings.

    Comments, blank lines and lines without ``=`` are skipped; of a key given twice the last one
    counts (the installers append); one pair of quotes around a value is dropped.
    """
    pairs = {}
    for line in (text or "").replace("\x00", "").splitlines():
        line = line.strip().lstrip("\ufeff")
        if not line or line.startswith("#") or "=" not in line:
            continue
        key, value = line.split("=", 1)
        key = key.strip()
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if key:
            pairs[key] = value
    return pairs


def parse_brackets(value):
    """``"[a],[b]"`` -> ``["a", "b"]``. A pair inside one bracket (a range) stays ``"a,b"``."""
    return [item.strip() for item in _BRACKET.findall(value or "") if item.strip()]


def parse_ranges(value):
    """``"[7.0.0,7.2.99],[8.0.0]"`` -> ``[["7.0.0", "7.2.99"], ["8.0.0", "8.0.0"]]``.

    The limits are text as written: the vendor's upper limits may end in a dot (``24.1.``, every
    24.1 release).
    """
    ranges = []
    for item in parse_brackets(value):
        low, _comma, high = item.partition(",")
        low, high = low.strip(), high.strip()
        if low:
            ranges.append([low, high or low])
    return ranges


def c_code(innerversion):
    """``"V100R001C23SPC002B212"`` -> ``"C23"``, the code that drivers and CANN are matched by."""
    match = _C_CODE.match(innerversion or "")
    return match.group(1).upper() if match else None


def accepts_code(code, compatible):
    """Whether ``code`` (``"C23"``) is in a compatible_version list, as parse_brackets returns it.

    An entry is one internal version or a range of two (8.0.RC3 has ``V100R001C13,V100R001C19``).
    Returns None when nothing can be said: no code, or an empty list.
    """
    number = _code_number(code)
    if number is None or not compatible:
        return None
    for entry in compatible:
        limits = [_code_number(c_code(part.strip())) for part in entry.split(",")]
        if None not in limits and limits[0] <= number <= limits[-1]:
            return True
    return False


def _code_number(code):
    return int(code[1:]) if code and code[1:].isdecimal() else None


def parse_version_info(text):
    """A ``version.info`` file -> dict with fixed keys; what the file does not say is None or [].

    Keys: version (``Version=``), package_version, innerversion, version_dir, ascendhal_version,
    compatible_cann (list), compatible_firmware and compatible_driver (lists of [low, high]).
    """
    pairs = parse_key_values(text)
    return {
        "version": pairs.get("Version") or None,
        "package_version": pairs.get("package_version") or None,
        "innerversion": pairs.get("Innerversion") or pairs.get("innerversion") or None,
        "version_dir": pairs.get("version_dir") or None,
        "ascendhal_version": pairs.get("ascendhal_version") or None,
        "compatible_cann": parse_brackets(pairs.get("compatible_version")),
        "compatible_firmware": parse_ranges(pairs.get("compatible_version_fw")),
        "compatible_driver": parse_ranges(pairs.get("compatible_version_drv")),
    }


def parse_package_info(text):
    """An ``ascend_<product>_install.info`` file of a CANN package -> dict with fixed keys.

    Keys: product, chip, version, innerversion, code, compatible_version (list), arch, path.
    """
    pairs = parse_key_values(text)
    product, chip = product_of(pairs.get("package_name"))
    innerversion = pairs.get("innerversion") or None
    return {
        "product": product,
        "chip": chip,
        "version": pairs.get("version") or None,
        "innerversion": innerversion,
        "code": c_code(innerversion),
        "compatible_version": parse_brackets(pairs.get("compatible_version")),
        "arch": (pairs.get("arch") or "").replace("-", "_") or None,
        "path": pairs.get("path") or None,
    }


def product_of(package_name):
    """``"Ascend-cann-910b-ops"`` -> ``("ops", "910b")``; ``(None, None)`` for anything else."""
    words = (package_name or "").lower().split("-")
    product = next((name for name in PRODUCTS if name in words), None)
    if product is None:
        return None, None
    return product, next((_CHIPS[word] for word in words if word in _CHIPS), None)


def product_of_info_name(file_name):
    """``"ascend_nnae_install.info"`` -> ``"nnae"``; None for any other file name."""
    match = _INFO_NAME.match(file_name or "")
    if not match:
        return None
    words = re.split(r"[_-]", match.group(1).lower())
    if "kernel" in words:
        return "kernels"
    return next((name for name in PRODUCTS if name in words), None)


def chip_of_soc(name):
    """A kernel folder's or SoC's name (``"ascend910b"``, ``"Ascend910_9391"``) -> family or None.

    Ascend910B without a digit is ambiguous between generations in SoC names, so only the folder
    spelling (lower case) is taken for 910b.
    """
    text = (name or "").replace("-", "_")
    if not text.lower().startswith("ascend"):
        return None
    rest = text[len("ascend") :]
    if rest == "910B":
        return "910"
    rest = rest.lower()
    known = [spelling for spelling in _CHIPS if rest.startswith(spelling)]
    return _CHIPS[max(known, key=len)] if known else None


def install_paths(text):
    """The absolute paths that ``/etc/Ascend/ascend_cann_install.info`` names, in order, without repeats.

    The vendor reads ``Install_Path=`` from it; any key that speaks of a path is taken.
    """
    paths = []
    for key, value in parse_key_values(text).items():
        if "path" in key.lower() and value.startswith("/"):
            path = value.rstrip("/") or "/"
            if path not in paths:
                paths.append(path)
    return paths
