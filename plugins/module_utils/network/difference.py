# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of the NPUs' network against what the file and the chips say. Pure; plan and module both ask it.

What is wanted: {chip (str): {key of hccn.conf without its number: value, or [values]}}.
"""

import ipaddress

from ansible_collections.ascend.fleet.plugins.module_utils.network import conf

FILE, DEVICE = "file", "device"


def device_values(chip):
    """The settings that a chip can be asked for, as hccn.conf spells them.

    Args:
        chip: a row of facts["device_network"]["chips"], or of observe.chip().
    """
    values = {key: chip.get(key) for key in ("address", "netmask", "gateway", "netdetect")}
    tls = chip.get("tls")
    values["tls_enable"] = None if tls is None else str(int(tls["enabled"]))
    ipv6 = chip.get("ipv6") or {}
    values.update(
        IPv6address=_same_spelling(ipv6.get("address")),
        IPv6netmask=ipv6.get("prefix_length"),
        IPv6netdetect=_same_spelling(ipv6.get("netdetect")),
    )
    return values


def _same_spelling(address):
    """An IPv6 address as Python spells it, which is how the plan writes it; anything else as it is."""
    try:
        return str(ipaddress.IPv6Address(address)) if address else None
    except ValueError:
        return address


def differences(wanted, in_file, chips):
    """Every setting that is not as wanted, in the file or on the chip.

    Args:
        wanted: as above; what it does not name is nobody's business here.
        in_file: conf.parse() of hccn.conf.
        chips: rows of the chips that answered; of a chip without a row only the file is compared.

    Returns:
        [{"chip": str, "key": str, "where": "file" | "device", "now": value | None, "wanted": value}], by chip.
    """
    seen = {str(row["chip"]): device_values(row) for row in chips}
    found = []
    for chip in sorted(wanted, key=int):
        for key, value in sorted(wanted[chip].items()):
            said = in_file.get(chip, {}).get(key)
            if conf.listed(said) != conf.listed(value):
                found.append({"chip": chip, "key": key, "where": FILE, "now": said, "wanted": value})
            if value is not None and chip in seen and key in seen[chip] and seen[chip][key] != value:
                # A switch that was not asked for is not known: the file lacks it then, which is said above.
                if key != "tls_enable" or seen[chip][key] is not None:
                    found.append({"chip": chip, "key": key, "where": DEVICE, "now": seen[chip][key], "wanted": value})
    return found


def words(found, at_most=6):
    """Differences in one line: `chip 0 address: file 198.51.100.9, wanted 198.51.100.10`; those alike are counted."""
    lines = []
    for row in found:
        now = ", ".join(conf.listed(row["now"])) or "nothing"
        lines.append(
            "chip %s %s: %s %s, wanted %s"
            % (row["chip"], row["key"], row["where"], now, ", ".join(conf.listed(row["wanted"])) or "nothing")
        )
    more = " and %d more" % (len(lines) - at_most) if len(lines) > at_most else ""
    return "; ".join(lines[:at_most]) + more
