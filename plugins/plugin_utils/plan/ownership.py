# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not ours is not planned for: a step that would touch it becomes a finding, before anything is changed.

Pure. Whose a vendor package is tells ownership.py from the journal; whose an environment or a model's file is, the host
said when it was observed.
"""

import re

from ansible_collections.ascend.fleet.plugins.module_utils import ownership
from ansible_collections.ascend.fleet.plugins.module_utils.vendor.files import KERNELS

# What ascend_take_over may name.
COMPONENTS = ("python", "driver", "firmware", "cann", "kernels")


def judge(facts, steps, options, finding):
    """Hold steps to what is ours.

    Args:
        facts: what host_facts returned.
        steps: the steps of a plan; those that take something over are marked C(take_over).
        options: the planner's, with C(take_over) (components whose foreign things may be taken over), C(env_name) and
            C(model_files) (names of files that the inference step links into the model's folder).
        finding: planning.finding.

    Returns:
        tuple: (the steps, a list of findings).
    """
    held, found, result = ownership.of_facts(facts), [], []
    made = any(step["component"] == "python" for step in steps)
    for step in steps:
        # What is said of the environment is said once.
        judged = None if made and step["component"] in _PACKAGES else _JUDGES.get(step["component"])
        verdict = judged(facts, held, step, options) if judged else None
        if verdict is None:
            result.append(step)
            continue
        severity, message, variable, takes_over = verdict
        if takes_over:
            step = dict(step, take_over=True)
        if all(row["message"] != message for row in found):
            found.append(finding("not-ours", severity, message, variable=variable))
        result.append(step)
    return result, found


def foreign_environment(facts, name):
    """The row of facts["foreign_environments"] that lies where the environment of this name would, or None."""
    return next((row for row in facts.get("foreign_environments") or [] if row["name"] == name), None)


def stays_beside(facts, row, component, options):
    """Whether a release of CANN is somebody else's and stays: ours is installed beside it and does not upgrade it.

    Args:
        row: of facts["cann"], or None.
        component: cann or kernels.
    """
    return bool(
        row
        and row.get("version")
        and component not in _taken(options)
        and ownership.find_cann(ownership.of_facts(facts), row) is None
    )


def _hdk(facts, held, step, options):
    component, state = step["component"], facts[step["component"]]
    if state["installed"] is None and not state.get("damaged"):
        return None
    path = ownership.hdk_place(facts, component)
    if ownership.find(held, component, path, state["installed"], state.get("damaged")):
        return None
    there = "{} {}".format(component, state["installed"] or "of an unknown version")
    where = path or ownership.DEFAULT_PATH
    keep = (
        'keep it with ascend_{}_version: "{}" (the rest then follows from it)'.format(component, state["installed"])
        if state["installed"]
        else None
    )
    return _foreign(component, there, where, f"{where}/{component}/script/uninstall.sh", keep, step, options)


def _cann(facts, held, step, options):
    component = step["component"]
    products = KERNELS if component == "kernels" else (step.get("product"),)
    rows = [row for row in facts["cann"] if row["product"] in products and (row.get("path") or row.get("version"))]
    chip = (facts.get("accelerators") or {}).get("family") if component == "kernels" else None
    rows = [row for row in rows if chip is None or row.get("chip") in (None, chip)]
    theirs = [row for row in rows if ownership.find_cann(held, row) is None]
    for row in theirs:
        path, version = ownership.place(row)
        if version == step["to"]:
            there = "{} {}".format(row["product"], version)
            script = row.get("uninstall") or "the uninstall script of that release"
            return _foreign(component, there, row.get("path") or path, script, None, step, options)
    beside = [row for row in theirs if row.get("version") and row["version"] != step["to"]]
    if component == "kernels" or not beside:
        return None
    names = ", ".join(sorted("{} {}".format(row["product"], row["version"]) for row in beside))
    if component in _taken(options):
        return (
            "warning",
            f"{names} was not installed by ascend.fleet and is taken over: the vendor's upgrade may "
            "replace "
            "it (ascend_take_over names cann).",
            "ascend_take_over",
            True,
        )
    return (
        "warning",
        "{} was not installed by ascend.fleet and stays, but {} {} is installed beside it: what latest "
        "and set_env.sh lead to changes for everybody on the host. Whoever needs the other release sources the "
        "set_env.sh inside its own folder.".format(names, step.get("product") or component, step["to"]),
        "ascend_cann_version",
        False,
    )


def _python(facts, held, step, options):
    """Of steps for Python and for its packages."""
    name = options["env_name"]
    ours = next((row for row in facts["environments"] if row["name"] == name), None)
    if ours is not None:
        if ours.get("adopted") and step["action"] == "replace":
            return (
                "error",
                "the environment {} was taken over and has Python {}, {} is wanted: it would have to be "
                "removed with all that its owner put into it. Choose another "
                "ascend_env_name.".format(ours.get("path") or name, ours["python"], step["to"]),
                "ascend_env_name",
                False,
            )
        return None
    row = foreign_environment(facts, name)
    if row is None:
        return None
    what = "{} is {} that ascend.fleet did not make (owner: {})".format(row["path"], row["what"], row.get("owner"))
    python = re.match(r"a Python (\S+) environment$", row["what"])
    if step["component"] != "python":
        # Packages for an environment that the plan does not make: its Python is not known here.
        fits = bool(python)
    else:
        fits = bool(python) and (python.group(1) + ".").startswith(step["to"] + ".")
    if "python" in _taken(options) and fits:
        return (
            "warning",
            what + ": it is taken over (ascend_take_over), what is in it stays.",
            "ascend_take_over",
            True,
        )
    fix = "Choose another ascend_env_name or ascend_env_root, or move it away"
    if fits:
        fix += ", or let it be taken over with ascend_take_over: [python]"
    return ("error", f"{what}. Nothing of it is touched. {fix}.", "ascend_env_name", False)


def _inference(facts, held, step, options):
    models = facts.get("models") or {}
    theirs = sorted(set(models.get("foreign") or []) & set(options.get("model_files") or []))
    if not theirs:
        return None
    return (
        "error",
        "{} in {}: put there by somebody else, and the model's files of the same names would take their "
        "place. Nothing of it is touched. Move them away, or set inference_check_model_root to another "
        "folder.".format(", ".join(theirs), models.get("path")),
        "inference_check_model_root",
        False,
    )


def _taken(options):
    return options.get("take_over") or ()


def _foreign(component, there, where, script, keep, step, options):
    if component in _taken(options):
        return (
            "warning",
            "{} in {} was not installed by ascend.fleet and is taken over: {} -> {} (ascend_take_over "
            "names {}). Uninstalling leaves it then.".format(there, where, step["from"] or "?", step["to"], component),
            "ascend_take_over",
            True,
        )
    ways = (
        [f"uninstall it with {script}"]
        + ([keep] if keep else [])
        + [f"let ascend.fleet take it over with ascend_take_over: [{component}]"]
    )
    return (
        "error",
        "{} in {} was not installed by ascend.fleet (its journal on the host does not know it): it is not "
        "{}. Either {}.".format(there, where, _WORDS.get(step["action"], "changed"), ", or ".join(ways)),
        "ascend_take_over",
        False,
    )


_WORDS = {
    "upgrade": "upgraded",
    "downgrade": "downgraded",
    "repair": "repaired",
    "install": "installed over",
    "remove": "removed",
    "replace": "replaced",
}
_PACKAGES = ("mindspore", "mindformers")
_JUDGES = {
    "driver": _hdk,
    "firmware": _hdk,
    "cann": _cann,
    "kernels": _cann,
    "python": _python,
    "mindspore": _python,
    "mindformers": _python,
    "inference": _inference,
}
