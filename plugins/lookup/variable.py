# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: variable
short_description: A variable that all roles share, or its default
version_added: "0.1.0"
author: ascend.fleet contributors (@ascend-fleet)
description:
  - Returns what a host has set of the C(ascend_*) variables that the role P(ascend.fleet.ascend#role) declares, in the
    type that is declared there, or the default of that declaration. So a default stands once.
options:
  _terms:
    description: Names of variables, such as V(ascend_state_dir).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Where the collection keeps its journal on this host
  ansible.builtin.debug:
    msg: "{{ lookup('ascend.fleet.variable', 'ascend_state_dir') }}"
"""

RETURN = r"""
_list:
  description: One value a name, as the variable is declared. Empty text where it is not set and has no default.
  type: list
  elements: raw
"""

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.ascend.fleet.plugins.plugin_utils import host_variables
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan import declared


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)

        def given(name: str) -> Any:
            return host_variables.value(self._templar, variables or {}, name)

        found = []
        for name in terms:
            if name not in declared.OPTIONS:
                raise AnsibleError(f"{name} is none of the variables that roles share; see docs/variables.md.")
            try:
                value = given(name)
                if value is not None:
                    overlay = given("ascend_catalog_overlay") if name == "ascend_chip" else None
                    value = declared.value(name, value, overlay)
            except declared.Problem as problem:
                raise AnsibleError(str(problem)) from problem
            value = declared.default(name) if value is None else value
            found.append("" if value is None else value)
        return found
