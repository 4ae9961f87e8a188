# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What driver and firmware have to show once they are effective, for the control node and for a job. Pure."""

from ansible_collections.ascend.fleet.plugins.module_utils.vendor import files

REBOOT = "reboot"
# What npu-smi calls the health of a chip that can be worked with; None where it does not say.
_WELL = ("OK", "Warning", None)


def lacking(facts, steps):
    """What an observation does not prove of finished steps: [(id of the step, sentence)]; empty when all is well.

    A driver counts as proven when the wanted version is installed and loaded, npu-smi answers, and it shows every chip
    of the PCI bus without an alarm. What concerns the host as a whole belongs to the driver's step, else to the last.

    Args:
        facts: as host_facts returns them.
        steps: C(id), C(component) and C(to) each, of driver, firmware and the reboot.
    """
    found = []
    for step in steps:
        if step["component"] in files.HDK:
            found += [(step["id"], said) for said in _version(facts[step["component"]], step)]
    if facts["reboot_required"]:
        said = "a reboot is still needed: %s" % "; ".join(facts["reboot_reasons"])
        found.append((_id_of(steps, REBOOT), said))
    if facts["driver"]["installed"]:
        found += [(_id_of(steps, "driver"), said) for said in _chips(facts)]
    return found


def _version(state, step):
    name, installed, wanted = step["component"], state["installed"], step["to"]
    if installed != wanted:
        return ["%s %s is installed, not %s" % (name, installed, wanted)]
    if name == "driver" and wanted and state["loaded"] != wanted:
        return ["driver %s is loaded, not %s" % (state["loaded"], wanted)]
    return []


def _id_of(steps, component):
    """The id of a component's step, else of the last; empty where there is none at all."""
    mine = [step["id"] for step in steps if step["component"] == component]
    return (mine or [step["id"] for step in steps][-1:] or [""])[0]


def _chips(facts):
    npu = facts["npu"]
    if not npu["available"]:
        return ["npu-smi does not answer: %s" % npu["message"]]
    said = []
    shown, there = len(npu["chips"]), facts["accelerators"]["count"]
    if shown < there:
        said.append("npu-smi shows %d of %d chips" % (shown, there))
    ill = ["%s/%s %s" % (chip["npu_id"], chip["chip_id"], chip["health"]) for chip in npu["chips"]]
    ill = [words for words, chip in zip(ill, npu["chips"]) if chip["health"] not in _WELL]
    if ill:
        said.append("chips with an alarm: %s" % ", ".join(ill))
    return said
