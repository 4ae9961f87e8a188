# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that go back: to the versions before the last run, or to nothing at all.

Pure. What there is to go back to is read from the host's journal, so only what we changed is undone.
"""

from ansible_collections.ascend.fleet.plugins.module_utils import journal, planning
from ansible_collections.ascend.fleet.plugins.module_utils.vendor_files import BASES, KERNELS

# What depends on something goes before what it depends on.
REMOVAL_ORDER = ("python", "kernels", "cann", "firmware", "driver")


def component_of(product):
    """The plan's component of a package in the journal."""
    if product in BASES:
        return "cann"
    return "kernels" if product in KERNELS else product


def rollback_target(facts, components, run=None):
    """What the host had before the last run that changed it.

    Args:
        facts: what host_facts returned.
        components: the components to take back.
        run: go back only if this control process made the last change; None goes back in any case.

    Returns:
        tuple: ({component: version} to go back to, [components that were not there]).
    """
    back, gone = {}, []
    if run is not None and journal.last_run(facts["journal"]["entries"]) != run:
        return back, gone
    for product, version in sorted((facts["journal"].get("before_last_run") or {}).items()):
        component = component_of(product)
        if component not in components:
            continue
        if version is None:
            gone.append(component)
        else:
            back[component] = version
            if component == "cann":
                back["cann_flavor"] = product
    return back, gone


def removal_steps(facts, components, env_name, gone=None):
    """Steps that remove what we installed, and findings about what is left alone.

    Args:
        facts: what host_facts returned.
        components: the components to remove.
        env_name: the managed Python environment.
        gone: only these components, whoever installed them first (a rollback); None removes what the journal says
            was not there before us.
    """
    origin = {component_of(name): version for name, version in (facts["journal"].get("origin") or {}).items()}
    steps, findings = [], []
    for component in REMOVAL_ORDER:
        if component not in components or (gone is not None and component not in gone):
            continue
        installed, product = _installed(facts, component, env_name)
        if installed is None:
            continue
        ours = component == "python" or gone is not None or (component in origin and origin[component] is None)
        if not ours:
            was = "%s was there before" % origin[component] if component in origin else "the journal does not know it"
            findings.append(planning.finding(
                "left-alone", "info", "%s %s was not installed by ascend.fleet (%s) and is left alone."
                % (product, installed, was)))
            continue
        why = "it was not there before the last run" if gone is not None else "asked for"
        step = planning.make_step(facts, component, "remove", installed, None, why,
                                  reboot=component in ("driver", "firmware"))
        step["product"] = product
        steps.append(step)
    return steps, findings


def join(plan, removals, facts, busy_policy):
    """The plan with removals before its own steps, and one reboot at the end where drivers or firmware change."""
    steps = removals + [step for step in plan["steps"] if step["component"] != "reboot"]
    if any(step["reboot"] for step in steps):
        steps.append(planning.make_step(facts, "reboot", "reboot", None, None, "the change becomes effective with it",
                                        reboot=True))
    findings = plan["findings"]
    if removals:
        findings = findings + planning.refusals(facts, removals, {"allow_downgrade": True, "busy_policy": busy_policy})
    blocked = any(found["severity"] == "error" and not found.get("accepted") for found in findings)
    return dict(plan, steps=steps, findings=findings, minutes=sum(step["minutes"] for step in steps),
                status="refused" if blocked else "pending" if steps else "converged")


def _installed(facts, component, env_name):
    """(version, name) of what is installed of a component; (None, ...) when nothing is."""
    if component in ("driver", "firmware"):
        return facts[component]["installed"], component
    if component == "python":
        env = planning.environment(facts, env_name)
        return (env["python"] if env else None), "environment %s" % env_name
    products = BASES if component == "cann" else KERNELS
    for row in facts["cann"]:
        if row["product"] in products:
            return row["version"], row["product"]
    return None, component
