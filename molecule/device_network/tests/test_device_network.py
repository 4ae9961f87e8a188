"""What device_network leaves on a host, and what it does when somebody moves a chip."""

import json
import re

import pytest

TOOL = "/usr/local/Ascend/driver/tools/hccn_tool"
PLACES = {"node-1": 8, "node-2": 16}


def name(host):
    return host.check_output("hostname")


def ask(host, chip, *words):
    done = host.run(f"sudo {TOOL} -i {chip} {' '.join(words)}")
    return done.stdout + done.stderr


def test_every_chip_has_the_address_that_its_host_and_number_give(host):
    for chip in range(8):
        assert f"ipaddr:198.51.100.{PLACES[name(host)] + chip}\n" in ask(host, chip, "-ip", "-g")
        assert "tls switch[0]" in ask(host, chip, "-tls", "-g")


def test_the_file_says_what_the_chips_say(host):
    text = host.file("/etc/hccn.conf").content_string
    assert host.file("/etc/hccn.conf").mode == 0o644
    for chip in range(8):
        assert f"address_{chip}=198.51.100.{PLACES[name(host)] + chip}\n" in text
        assert f"netdetect_{chip}=198.51.100.254\n" in text and f"tls_enable_{chip}=0\n" in text


def test_the_chips_of_both_hosts_reach_each_other(host):
    other = PLACES["node-2" if name(host) == "node-1" else "node-1"]
    for chip in range(8):
        said = ask(host, chip, "-ping", "-g", "address", f"198.51.100.{other + chip}")
        assert "3 received, 0.00% packet loss" in said


def test_the_journal_knows_the_change(host):
    text = host.check_output("sudo cat /var/lib/ascend-fleet/journal.jsonl")
    ends = [row for row in map(json.loads, text.splitlines()) if row["event"] == "end"]
    assert [row["result"] for row in ends if row["component"] == "device_network"] == ["ok"]


def changed(run):
    return {host: int(count) for host, count in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", run.text, re.M)}


@pytest.mark.hosts("node-1")
def test_a_chip_that_somebody_moved_is_shown_and_brought_back_and_the_others_are_left_alone(host, fleet):
    host.check_output("echo '# ours' | sudo tee -a /etc/hccn.conf")
    host.check_output(f"sudo {TOOL} -i 3 -ip -s address 198.51.100.200 netmask 255.255.255.0")
    shown = fleet.play("playbooks/site.yml", "--check", "--diff")
    assert shown.ok and "198.51.100.200" in shown.text and "198.51.100.11" in shown.text
    assert "ipaddr:198.51.100.200" in ask(host, 3, "-ip", "-g"), "check mode changes nothing"
    run = fleet.play("playbooks/site.yml")
    assert run.ok, run.text[-3000:]
    assert changed(run)["node-1"] and not changed(run).get("node-2")
    assert "ipaddr:198.51.100.11\n" in ask(host, 3, "-ip", "-g")
    assert "# ours\n" in host.file("/etc/hccn.conf").content_string
    again = fleet.play("playbooks/site.yml")
    assert again.ok and not any(changed(again).values()), again.text[-3000:]


@pytest.mark.hosts("node-1")
def test_a_host_alone_gets_the_addresses_that_it_has_with_the_others(host, fleet):
    run = fleet.play("playbooks/site.yml", "--limit", "node-1")
    assert run.ok and not any(changed(run).values()), run.text[-3000:]


@pytest.mark.hosts("node-1")
def test_a_wrong_gateway_is_refused_before_any_host_changes(host, fleet):
    wish = {"ranges": [{"addresses": "198.51.100.0/24", "netmask": "24", "gateway": "203.0.113.1"}]}
    run = fleet.play("playbooks/site.yml", "-e", json.dumps({"ascend_device_network": wish}))
    assert not run.ok and "outside the net" in " ".join(run.text.split())


@pytest.mark.hosts("node-2")
def test_uninstalling_puts_the_file_back(host, fleet):
    run = fleet.play("playbooks/uninstall.yml", "--limit", "node-2", "-e", '{"ascend_components": ["device_network"]}')
    assert run.ok, run.text[-3000:]
    assert "address_" not in host.file("/etc/hccn.conf").content_string
    back = fleet.play("playbooks/site.yml", "--limit", "node-2")
    assert back.ok and "ipaddr:198.51.100.16\n" in ask(host, 0, "-ip", "-g")
