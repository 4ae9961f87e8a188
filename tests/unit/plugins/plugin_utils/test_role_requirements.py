# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.ascend.fleet.plugins.plugin_utils import role_requirements


def test_the_roles_defaults_and_a_host_that_overrides_them():
    templar = Templar(loader=DataLoader())
    requirements, constraints = role_requirements.environment({}, templar)
    assert {"sympy", "scipy", "requests"} <= set(requirements) and "numpy<2" in constraints
    own = {"mindspore_operator_requirements": ["attrs"], "mindformers_constraints": []}
    assert "sympy" not in role_requirements.environment(own, templar)[0]
    assert "attrs" in role_requirements.environment(own, templar)[0]
    assert len(role_requirements.environment(own, templar)[1]) < len(constraints)
