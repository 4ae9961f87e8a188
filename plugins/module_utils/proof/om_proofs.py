# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proofs of OM models: whether an answer is the reference's, what a run took, what C(proofs/om.json) keeps. Pure."""

import hashlib
import json
import time

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.module_utils.convert import exported

FILE = "om.json"
ENGINE = "acl"
# What a passed proof is worth, in words for the report.
SHOWS = "driver, CANN's runtime and the chip, which computes what ATC has compiled"
NOT_SHOWN = "pre-processing of images, models larger than these"

# What ACL returns -> cause and fix. {soc} is the host's chip, {model} the model's, {cann} the host's CANN.
CODES = {
    507008: "The model was compiled for another chip than this host's {soc}. Convert the exported model for {soc}.",
    507009: "The chip cannot run the model's tasks: what was compiled for a whole card may not run on a virtual NPU.",
    145002: "The file cannot be read. Bring the model again.",
    145006: "The file is damaged or not whole. Remove it and run again, which brings or converts it again.",
    500000: "CANN {cann} does not take the model: it may be damaged, or compiled with a newer CANN. Convert it again.",
    500001: "CANN {cann} does not take the model: it may be damaged, or compiled with a newer CANN. Convert it again.",
    500002: "CANN {cann} does not take the model: it may be damaged, or compiled with a newer CANN. Convert it again.",
    107001: "There is no such chip: om_check_device_id counts the chips of this host from 0.",
    207001: "The chip has no memory left. Look at npu-smi info for another process that holds it.",
    207004: "No chip is visible: the driver is not loaded, or ASCEND_RT_VISIBLE_DEVICES names none (it counts from 0).",
    507033: "The chip does not start: another process holds it, or the driver is restarting. Look at npu-smi info.",
    507899: "The driver refused the chip: the user may not open its device node, or it is ill. Look at npu-smi info.",
}


def not_for_this_host(record, soc, cann):
    """Why an OM cannot run on a host by its record, with the fix; None where nothing is against it.

    Args:
        record: beside the OM.
        soc: the host's chip, None where that is not known.
        cann: the release the host runs models with.
    """
    if soc and record["soc"] != soc:
        return "%s was compiled for %s, and this host has %s. Convert the exported model for %s." % (
            record["name"],
            record["soc"],
            soc,
            soc,
        )
    if versions.compare(record["cann"], cann) > 0:
        return (
            "%s was compiled with CANN %s, and this host has CANN %s, which runs models of its own release and older "
            "ones. Convert it with a toolkit of CANN %s or older, or upgrade this host's CANN (ascend_cann_version)."
            % (record["name"], record["cann"], cann, cann)
        )
    return None


def difference(given, wanted, limits):
    """(largest difference, None or why it is too large) of one output.

    Args:
        given: numbers of the chip; more than wanted where it pads.
        wanted: of the reference.
        limits: C(rtol) and C(atol).
    """
    if len(given) < len(wanted):
        return None, "it has %d numbers, the reference %d" % (len(given), len(wanted))
    largest, worst = 0.0, None
    for place, (one, other) in enumerate(zip(given, wanted)):
        if isinstance(one, str):
            return None, "number %d is %s, the reference has %g" % (place, one, other)
        gap = abs(float(one) - float(other))
        largest = max(largest, gap)
        if gap > limits["atol"] + limits["rtol"] * abs(float(other)) and worst is None:
            worst = "number %d is %g, the reference has %g" % (place, one, other)
    return largest, worst


def judge(outputs, reference):
    """(largest difference or None, None or why the answer is wrong, whether it was compared at all).

    Args:
        outputs: of the run, each C(name) and C(values).
        reference: of the record, or None.
    """
    wanted = (reference or {}).get("output") or {}
    if not wanted:
        return None, None, False
    limits, largest = exported.tolerance(reference), 0.0
    for name in sorted(wanted):
        found = [row for row in outputs if row["name"] == name or row["name"].endswith(":" + name)]
        if not found and len(wanted) == len(outputs):
            found = [outputs[sorted(wanted).index(name)]]
        if not found:
            return (
                None,
                "the model has no output %s, it has %s" % (name, ", ".join(row["name"] for row in outputs)),
                True,
            )
        gap, wrong = difference(found[0]["values"], wanted[name], limits)
        if wrong:
            return (
                gap,
                "output %s is not the reference's: %s (rtol %g, atol %g)"
                % (
                    name,
                    wrong,
                    limits["rtol"],
                    limits["atol"],
                ),
                True,
            )
        largest = max(largest, gap)
    return largest, None, True


def latency(times):
    """Milliseconds of the runs: C(min), C(mean), C(median), C(p99) and C(max)."""
    ordered = sorted(times)
    return {
        "min": ordered[0],
        "mean": round(sum(ordered) / len(ordered), 4),
        "median": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "max": ordered[-1],
    }


def throughput(batch, mean_ms):
    """Inputs a second."""
    return round(1000.0 * batch / mean_ms, 1) if mean_ms > 0 else None


def key(sha256, reference, device_id):
    """What a proof is a proof of, beside the stack: the OM, what it was asked, on which chip."""
    words = json.dumps([sha256, reference, device_id], sort_keys=True)
    return hashlib.sha256(words.encode("utf-8")).hexdigest()


def asked(question):
    """A question of the user's own, as the proof keeps it: numbers may be many. None where there is none."""
    if not question:
        return None
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode("utf-8")).hexdigest()


def holds(proof, name, wanted, stack):
    """Whether the host's proof has shown exactly this model with exactly this stack."""
    entry = ((proof or {}).get("models") or {}).get(name) or {}
    return entry.get("status") == "passed" and entry.get("key") == wanted and entry.get("stack") == stack


def with_model(proof, name, entry, keep=None):
    """The host's proof with one model's entry; it has passed when all of its models have.

    Args:
        proof: what was kept before, or None.
        name: the model.
        entry: what this run found.
        keep: names of the models that are wanted; of others only what passed stays. None for all.
    """
    models = dict((proof or {}).get("models") or {})
    models = {
        one: value for one, value in models.items() if keep is None or one in keep or value.get("status") == "passed"
    }
    models[name] = entry
    failed = sorted(one for one, value in models.items() if value.get("status") != "passed")
    return {
        "engine": ENGINE,
        "status": "failed" if failed else "passed",
        "reason": models[failed[0]].get("reason") if failed else None,
        "stack": entry["stack"],
        "models": models,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def words(name, entry):
    """One model's proof in words, for the report."""
    shown = "as the reference" if entry.get("compared") else "without a reference to compare"
    text = "%s on %s: %s" % (name, entry.get("soc"), shown)
    if entry.get("difference") is not None:
        text += ", at most %.2g off" % entry["difference"]
    if entry.get("latency_ms"):
        text += ", %.3g ms, %.4g inputs/s" % (entry["latency_ms"]["mean"], entry.get("throughput") or 0)
    return text
