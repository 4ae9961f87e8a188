"""Relays of a run: what they leave, what they hand on, and what becomes of their neighbours when one is killed."""

from __future__ import annotations

import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

PIECE = 8 * 1000 * 1000
NEIGHBOURS = ("rack-2", "rack-3", "rack-4")
CACHE = "/var/lib/ascend-fleet/cache"


def test_every_host_has_what_was_handed_on(host):
    assert host.run("npu-smi info").rc == 0
    names = host.check_output(f"ls {CACHE}/*/").split()
    assert {
        "Ascend-hdk-910b-npu-driver_25.3.rc1_linux-x86-64.run",
        "Ascend-hdk-910b-npu-firmware_7.8.0.2.212.run",
    } <= set(names)
    assert not [name for name in names if name.endswith(".part")]


def test_three_of_four_served_during_the_run(host):
    """Two serve two each, and one more where one falls out."""
    said = {"rack-4": "does not"}.get(host.backend.host, "serves")
    assert host.file("/var/tmp/relay-during-the-run").content_string == said


def nothing_serves(host):
    assert host.run("systemctl is-active ascend-fleet-relay.service").stdout.strip() == "inactive"
    assert not [row for row in host.check_output("ss -Hltn").splitlines() if ":8089" in row]
    assert not host.file("/run/ascend-fleet/relay").exists
    assert not host.file("/var/lib/ascend-fleet/relay.json").exists


def test_nothing_serves_after_the_run(host):
    nothing_serves(host)


@pytest.mark.hosts("rack-1", "rack-3", "rack-4")
def test_the_web_server_that_came_for_it_is_gone(host):
    assert "nginx" not in host.check_output("dpkg-query -W -f '${Package}\n'")


@pytest.mark.hosts("rack-2")
def test_a_web_server_of_their_own_is_as_it_was(host):
    assert host.package("nginx-light").is_installed
    assert host.service("nginx").is_running and host.service("nginx").is_enabled
    assert host.socket("tcp://0.0.0.0:80").is_listening


_told = []


@pytest.fixture
def killed(fleet, tmp_path):
    """How the run ended in which the relay is killed when its neighbours have all that it has; late.bin's hash."""
    if not _told:
        _told.append(_kill(fleet, tmp_path))
    return _told[0]


def _kill(fleet, folder):
    early, late = os.urandom(PIECE), os.urandom(3 * PIECE)
    (folder / "early.bin").write_bytes(early)
    (folder / "late.bin").write_bytes(late)
    (folder / "late.part").write_bytes(late[: 2 * PIECE])
    sha256 = hashlib.sha256(late).hexdigest()
    given = json.dumps({"relay_artifacts": str(folder), "relay_late_sha256": sha256})
    part = f"{CACHE}/{sha256}/late.bin.part"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(fleet.play, "molecule/relay/handed_on.yml", "-e", given)
        while not running.done():
            sizes = [fleet.run(name, "stat", "-c", "%s", part).strip() for name in NEIGHBOURS]
            if sizes == [str(2 * PIECE)] * len(NEIGHBOURS):
                fleet.must("rack-1", "systemctl", "kill", "--kill-who=all", "--signal=KILL", "ascend-fleet-relay")
                break
            time.sleep(0.3)
        return running.result(), sha256


def test_neighbours_get_their_files_from_a_relay(host, killed):
    run, _sha256 = killed
    assert run.ok, run.text[-3000:]
    for name in NEIGHBOURS:
        assert f"{name} early.bin: {PIECE} of {PIECE} from the relay" in run.text


def test_of_a_killed_relay_they_keep_what_came_and_get_the_rest_elsewhere(host, killed):
    run, sha256 = killed
    for name in NEIGHBOURS:
        assert f"{name} late.bin: {2 * PIECE} of {3 * PIECE} from the relay" in run.text
    assert "is not asked any more" in run.text
    if host.backend.host in NEIGHBOURS:
        assert host.check_output(f"sha256sum {CACHE}/{sha256}/late.bin").split()[0] == sha256


def test_a_killed_relay_leaves_nothing(host, killed):
    nothing_serves(host)
