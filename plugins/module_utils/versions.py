# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version numbers in the vendor's order.

Huawei writes 23.0.rc1, 8.0.RC3, 6.0.1.alpha001, 8.0.0.beta1, 2.1.0.post4, 21.0.4.B030, 20.2.2.spc001 and
8.0.0.T63 in the same family of products. Read as text, 23.0.rc1 comes after 23.0.0; the vendor means before.
Sources: the version.info files and file names recorded in catalog/, npu-smi outputs.
"""

import functools
import os.path
import re

# A word of a version, and where the field stands against "nothing follows" (rank 0). Missing fields count as zero.
_RANKS = {
    "alpha": -5,
    "a": -5,
    "beta": -4,
    "t": -3,  # internal test build of the release
    "rc": -2,
    "b": 1,  # build of the release: 21.0.4.B030
    "spc": 2,  # service pack
    "sph": 3,  # hot patch
    "post": 4,
}
_UNKNOWN_WORD = -1
_NUMBER = 5
_FIELDS = 16  # more than any vendor version has; shorter versions are filled with zeros
_TOKEN = re.compile(r"([a-z]*)([0-9]*)")
_SHAPE = re.compile(r"[0-9]+(?:[.\-_+][0-9]+|[.\-_+]?[A-Za-z]+(?![A-Za-z])[0-9]*)*\Z")
_COMMUNITY = re.compile(r"[.\-](?:alpha|beta)\.?[0-9]+\Z", re.IGNORECASE)


def is_version(text):
    """True when text looks like one version number (a string that starts with a digit)."""
    return isinstance(text, str) and _SHAPE.match(text) is not None


def fields(version):
    """The fields of a version as (rank, number, word) tuples, without the zeros at its end."""
    result = []
    for word, digits in _TOKEN.findall(version.strip().lower()):
        if not word and not digits:
            continue
        number = int(digits) if digits else 0
        if word:
            rank = _RANKS.get(word, _UNKNOWN_WORD)
            result.append((rank, number, "" if word in _RANKS else word))
        else:
            result.append((_NUMBER, number, "") if number else (0, 0, ""))
    while result and result[-1] == (0, 0, ""):
        result.pop()
    return tuple(result)


@functools.lru_cache(maxsize=8192)
def key(version):
    """A sort key: key(a) < key(b) when a is the older one. Any text gives a key, so the order is total."""
    found = fields(version)
    return found[:_FIELDS] + ((0, 0, ""),) * (_FIELDS - len(found)) + found[_FIELDS:]


def compare(left, right):
    """-1, 0 or 1, as left is older than, the same as or newer than right. 2.0 and 2.0.0 are the same."""
    a, b = key(left), key(right)
    return (a > b) - (a < b)


def same(left, right):
    """True when both are given and name one version, whatever the case and the zeros at the end."""
    return left is not None and right is not None and key(left) == key(right)


def release(version):
    """The first three fields: 25.0.rc1.1 and 25.0.RC1 are one release, 24.1.0.1 is a patch of 24.1.0."""
    return key(version)[:3]


def series(version):
    """The first two fields: 8.3.RC1 and 8.3.RC2 are one series."""
    return key(version)[:2]


def satisfies(version, wanted):
    """True when version is wanted, or fits the pattern the vendor writes as 25.5.X (any 25.5 release)."""
    if wanted.lower().endswith(".x"):
        prefix = fields_keeping_zeros(wanted[:-2])
        return fields_keeping_zeros(version)[: len(prefix)] == prefix
    return same(version, wanted)


def compatible_release(version, floor):
    """True when version satisfies `~=floor` as pip reads it: at least floor, and the same up to its last number."""
    numbers = re.match(r"[0-9]+(?:\.[0-9]+)*", floor).group(0).split(".")
    stem = fields_keeping_zeros(".".join(numbers[:-1]))
    return compare(version, floor) >= 0 and fields_keeping_zeros(version)[: len(stem)] == stem


def fields_keeping_zeros(version):
    """As fields, but 25.0 keeps its zero: a prefix must not match 25.3."""
    result = []
    for word, digits in _TOKEN.findall(version.strip().lower()):
        if word or digits:
            result.append((word, int(digits) if digits else 0))
    return tuple(result)


def in_range(version, low, high):
    """True when version lies in one of the ranges of a vendor version.info.

    The driver writes numbers, [7.0.0,7.5.99]; the firmware writes prefixes, [24.1,24.1.], which mean
    24.1 and everything that starts with it.
    """
    if high.endswith("."):
        prefix = fields_keeping_zeros(low)
        return fields_keeping_zeros(version)[: len(prefix)] == prefix
    return key(low) <= key(version) <= key(high)


def community_base(version):
    """The release a community build belongs to: 8.0.0.beta1 gives 8.0.0, 6.0.1.alpha001 gives 6.0.1."""
    return _COMMUNITY.sub("", version)


def nearest(version, known, count=3):
    """The known versions closest to a mistyped or unknown one, in the vendor's order.

    Those that share the longest beginning with it come first, then those closest in the order.
    """
    wanted = fields_keeping_zeros(version)
    ordered = sorted(set(known), key=key)
    place = sum(1 for item in ordered if key(item) < key(version))

    def distance(index):
        shared = os.path.commonprefix([wanted, fields_keeping_zeros(ordered[index])])
        return (-len(shared), abs(index - place), index)

    picked = sorted(range(len(ordered)), key=distance)[:count]
    return [ordered[index] for index in sorted(picked)]


def matches(installed, wanted):
    """True when an installed version is the wanted one; 3.11 asks for any 3.11.x. Nothing matches only nothing."""
    if not installed or not wanted:
        return installed == wanted
    left, right = str(installed).lower(), str(wanted).lower()
    series_only = right.count(".") == 1 and right.replace(".", "").isdigit()
    return left == right or (series_only and left.startswith(right + "."))
