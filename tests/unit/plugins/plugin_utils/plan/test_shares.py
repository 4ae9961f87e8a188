"""Which role carries out which steps, and when."""

from __future__ import annotations

import itertools

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible_collections.ascend.fleet.plugins.filter import plan_steps as filters
from ansible_collections.ascend.fleet.plugins.plugin_utils import components
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import shares, steps

WORDS = ("all", "tagged", "untagged", "cann", "npu_driver", "driver", "always", "never", "nobody")
CHOICES = [tuple(some) for size in (1, 2) for some in itertools.combinations(WORDS, size)]


def test_tags_choose_roles_as_ansible_chooses_tasks():
    rows = [{"debug": {}, "tags": [role]} for role in components.ROLES]
    play = Play.load({"hosts": "all", "gather_facts": False, "tasks": rows}, loader=DataLoader())
    tasks = dict(zip(components.ROLES, [task for block in play.get_tasks() for task in block], strict=True))
    for run in CHOICES:
        for skip in [(), *CHOICES[::3]]:
            chosen = [role for role, task in tasks.items() if task.evaluate_tags(list(run), list(skip), {})]
            assert shares.roles(run, skip) == chosen, (run, skip)


def test_roles_are_in_the_order_in_which_their_components_stand_on_each_other():
    for component in components.ALL:
        assert component.role, component.name
        for name in component.after:
            theirs = components.ROLES.index(components.get(name).role)
            assert theirs <= components.ROLES.index(component.role), f"{component.name} before {name}"


def step(component: str, action: str = "install") -> dict:
    return {"id": f"{component}-{action}", "component": component, "action": action, "to": "1", "from": None}


def ids(found: list) -> list[str]:
    return [row["id"] for row in found]


def test_every_step_has_a_role_and_a_reboot_has_the_one_whose_changes_need_it():
    every = [step(name) for name in components.NAMES] + [steps.reboot("")]
    plan = {"steps": every}
    assert ids(shares.steps_of(plan, components.ROLES)) == ids(every)
    for role in components.ROLES:
        reboots = any(one.reboots for one in components.ALL if one.role == role)
        assert ("reboot-reboot" in ids(filters.role_steps(plan, role))) is reboots


@pytest.mark.parametrize(
    ("given", "first", "second"),
    [
        ([("driver", "remove"), ("firmware", "remove")], True, False),
        ([("driver", "install"), ("firmware", "remove")], False, True),
        ([("driver", "install")], False, True),
        ([], False, True),  # a reboot alone
    ],
)
def test_a_role_has_one_turn(given, first, second):
    plan = {"steps": [step(*words) for words in given] + [steps.reboot("")]}
    everything = ids(plan["steps"])
    assert ids(shares.turn(plan, "npu_driver", True)) == (everything if first else [])
    assert ids(shares.turn(plan, "npu_driver", False)) == (everything if second else [])
    assert shares.turn(plan, "cann", True) == shares.turn(plan, "cann", False) == []
