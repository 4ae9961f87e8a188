"""The playbook reset_chip: nothing is asked of a host unless one host and one chip are named."""

from __future__ import annotations

import json

import pytest

from tests.support import playbook
from tests.support.paths import ROOT


def run(tmp_path, *words):
    hosts = {f"n{at}": {"ansible_host": f"192.0.2.{at}"} for at in (1, 2)}
    # Contacted, each of them fails: there is no such Python.
    shared = {"ansible_connection": "local", "ansible_python_interpreter": "/nowhere/python", "ansible_become": False}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": shared}}))
    book = ROOT / "playbooks" / "reset_chip.yml"
    return playbook.play(book, *words, inventory=str(inventory), log=tmp_path / "log", timeout=300)


@pytest.mark.parametrize(
    "words",
    [(), ("-e", "reset_host=n1"), ("-e", "reset_chip=0/0"), ("-e", "reset_host=all", "-e", "reset_chip=0/0")],
)
def test_without_one_host_and_one_chip_nothing_is_done(tmp_path, words):
    done = run(tmp_path, *words)
    assert not done.ok and "one host and one chip, by name" in " ".join(done.text.split())
    assert "/nowhere/python" not in done.text


def test_the_host_that_is_named_is_asked_and_no_other(tmp_path):
    done = run(tmp_path, "-e", "reset_host=n2", "-e", "reset_chip=0/0")
    assert not done.ok and "/nowhere/python" in done.text and "n1" not in done.text
