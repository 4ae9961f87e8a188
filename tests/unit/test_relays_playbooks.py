"""The playbooks around the change: who becomes a relay, and that a host which cannot be one takes nothing with it."""

from __future__ import annotations

import json

import pytest

from tests.support import playbook
from tests.support.paths import ROOT

# Something comes before them, as in the playbook site: Ansible knows no hostvars before the first play.
BOOK = f"""
- hosts: all
  gather_facts: false
  tasks: []
- ansible.builtin.import_playbook: {ROOT}/playbooks/relays_up.yml
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{{{ inventory_hostname }}}} asks {{{{ (ascend_fleet_relays.sources | default({{}}))[inventory_hostname]
              | default('nobody') | to_json }}}}"
- ansible.builtin.import_playbook: {ROOT}/playbooks/relays_down.yml
"""


def run(tmp_path, pending, **variables):
    hosts = {f"n{at}": {"ansible_host": f"192.0.2.{at}"} for at in range(1, 5)}
    # Contacted, each of them fails: there is no such Python.
    shared = {"ansible_connection": "local", "ansible_python_interpreter": "/nowhere/python", "ansible_become": False}
    groups = {"ascend_pending": {"hosts": {name: {} for name in pending}}} if pending else {}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "children": groups, "vars": {**shared, **variables}}}))
    (tmp_path / "play.yml").write_text(BOOK)
    return playbook.play(tmp_path / "play.yml", inventory=str(inventory), log=tmp_path / "log", timeout=300)


def test_pending_hosts_hand_on_to_each_other_and_a_relay_that_fails_is_no_failure(tmp_path):
    done = run(tmp_path, ["n1", "n2", "n3"], ascend_relays="auto", ascend_relay_port=8077)
    assert done.code == 0, done.text
    said = done.text.replace("\\\\", "").replace('\\"', '"')
    assert "n1 asks []" in said and 'n2 asks ["http://192.0.2.1:8077"]' in said and 'n4 asks "nobody"' in said
    assert done.text.count("hands nothing on in this run") >= 1, "n1, which has no Python"
    assert "now it could not be ended" in done.text


@pytest.mark.parametrize(("pending", "relays"), [([], ["auto"]), (["n1", "n2"], [])])
def test_without_pending_hosts_or_without_the_wish_nobody_is_contacted(tmp_path, pending, relays):
    done = run(tmp_path, pending, ascend_relays=relays)
    assert done.code == 0, done.text
    assert "nowhere" not in done.text and "no hosts to do this on" not in done.text
    assert "TASK [Choose relays" not in done.text and "TASK [Relay" not in done.text
