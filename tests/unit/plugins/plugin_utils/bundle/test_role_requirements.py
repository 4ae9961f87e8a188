# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog, components
from ansible_collections.ascend.fleet.plugins.plugin_utils.bundle import role_requirements
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import wishes
from ansible_collections.ascend.fleet.plugins.plugin_utils.resolve import resolver


def test_the_roles_defaults_and_a_host_that_overrides_them():
    templar = Templar(loader=DataLoader())
    stack = {"mindspore": {"version": "2.7.1"}, "mindformers": {"version": "1.7.0"}, "cann": {"version": "8.3.RC1"}}
    requirements, constraints = role_requirements.environment(stack, {}, templar)
    assert {"sympy", "scipy", "requests"} <= set(requirements) and "numpy<2" in constraints
    own = {"mindspore_operator_requirements": ["attrs"], "mindformers_constraints": []}
    assert "sympy" not in role_requirements.environment(stack, own, templar)[0]
    assert "attrs" in role_requirements.environment(stack, own, templar)[0]
    assert len(role_requirements.environment(stack, own, templar)[1]) < len(constraints)


def test_a_role_of_what_the_stack_has_not_adds_nothing():
    stack = {"mindspore": {"version": "2.7.1"}, "mindformers": None}
    requirements, constraints = role_requirements.environment(stack, {}, Templar(loader=DataLoader()))
    assert "sympy" in requirements and "requests" not in requirements and constraints == ["numpy<2"]


def test_what_a_release_s_wheel_does_not_say_is_the_catalogs():
    """MindSpore 2.0.0 does not import with today's Pillow, and its wheel sets no limit."""
    subject = {"chip": "910", "arch": "x86_64", "host_kind": "physical"}
    stack = resolver.resolve(catalog.load(), {"mindspore": "2.0.0"}, subject)["stack"]
    limits = role_requirements.environment(stack, {"mindspore_constraints": ["numpy<2"]}, Templar(loader=DataLoader()))[
        1
    ]
    assert {"numpy<2", "numpy<1.24", "pillow<10"} <= set(limits)


@pytest.mark.parametrize("component", components.ALL, ids=components.NAMES)
def test_the_variables_that_a_component_names_are_its_roles(component):
    known = yaml.safe_load((role_requirements.ROLES / component.role / "defaults" / "main.yml").read_text())
    git = [f"{component.git_variable}_url", f"{component.git_variable}_version"] if component.git_variable else []
    named = {component.requirements_variable, component.constraints_variable, *git} - {""}
    assert named <= set(known)
    assert component.name not in ("mindspore", "mindformers") or len(named) > 1


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("version", ["r0.6", "v1.0.2", "", None, COMMIT[:7], COMMIT + "0", "{{ lacking }}"])
def test_209_a_movable_source_is_found_before_any_host_is_touched(version):
    variables = {"mindformers_git_url": "https://git.example/mf.git", "mindformers_git_version": version}
    [problem] = [
        problem
        for problem in wishes.of_host(Templar(loader=DataLoader()), {**variables, "ascend_stack": "article"}).problems
        if problem.variable == "mindformers_git_version"
    ]
    assert "git ls-remote" in str(problem) or "cannot be templated" in str(problem)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"mindformers_git_url": "", "mindformers_git_version": ""},
        {"mindformers_git_version": "r0.6"},
        {"mindformers_git_url": "https://git.example/mf.git", "mindformers_git_version": COMMIT},
        {"mindformers_git_url": "{{ url }}", "url": "https://git.example/mf.git", "mindformers_git_version": COMMIT},
    ],
)
def test_a_commit_or_no_repository_is_fine(variables):
    templar = Templar(loader=DataLoader(), variables=variables)
    assert role_requirements.movable_sources(variables, templar.template) == {}
