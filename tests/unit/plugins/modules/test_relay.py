# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay comes and goes: what it is told to serve, that it touches nobody's nginx, and that it leaves nothing."""

import json
import re

import pytest
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import relay_server
from ansible_collections.ascend.fleet.plugins.modules import relay

SHA = "0" * 64


class Failed(Exception):
    pass


class Host:
    """A module and its host: which packages there are, whether the unit runs, what was called."""

    def __init__(self, state_dir, check_mode=False, nginx=True, **params):
        self.check_mode, self.runs, self.starts, self.calls = check_mode, False, True, []
        self.packages = ["bash", "nginx"] if nginx else ["bash"]
        self.params = {"state_dir": str(state_dir), "address": "192.0.2.7", "port": 8089, "seconds": 60, **params}

    def get_bin_path(self, name, required=False, opt_dirs=None):
        known = {"systemctl", "systemd-run", "dpkg-query"} | ({"nginx"} & set(self.packages))
        return f"/usr/bin/{name}" if name in known else None

    def run_command(self, words):
        self.calls.append(words)
        name = words[0].rpartition("/")[2]
        if name == "dpkg-query":
            return 0, "\n".join(self.packages), ""
        if name == "systemd-run":
            self.runs = self.starts
            return (0, "", "") if self.starts else (1, "", "no such address")
        if "stop" in words:
            self.runs = False
        return (0 if self.runs or "is-active" not in words else 3), "", ""

    def fail_json(self, msg):
        raise Failed(msg)

    def called(self, word):
        return [words for words in self.calls if word in " ".join(words)]


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(relay_server, "FOLDER", str(tmp_path / "run"))
    monkeypatch.setattr(relay.safe_folder, "ensure", lambda path: relay.os.makedirs(path, exist_ok=True))
    hosts: list[Host] = []
    monkeypatch.setattr(relay, "_answers", lambda address, port, patience: hosts[-1].runs if hosts else False)
    return hosts


@pytest.fixture
def host(tmp_path, places):
    def make(**more):
        (tmp_path / "state").mkdir(exist_ok=True)
        places.append(Host(**{"state_dir": tmp_path / "state", **more}))
        return places[-1]

    return make


def test_it_starts_once_and_leaves_nothing(host, tmp_path):
    one = host()
    assert relay.Relay(one).present() and one.runs
    assert (tmp_path / "run" / "nginx.conf").exists()
    assert not relay.Relay(one).present(), "the second time nothing is done"
    assert relay.Relay(one).absent() == (True, [])
    assert not one.runs and not (tmp_path / "run").exists() and not (tmp_path / "state" / relay.RECORD).exists()
    assert relay.Relay(one).absent() == (False, [])
    assert not one.called("disable"), "an nginx that was there stays as it was"


def test_packages_that_came_for_it_are_named_and_then_forgotten(host, tmp_path):
    one = host(nginx=False)
    assert relay.Relay(one).prepared()
    one.packages += ["nginx", "nginx-common"]
    relay.Relay(one).present()
    assert one.called("disable --quiet nginx.service")
    assert relay.Relay(one).absent() == (True, ["nginx", "nginx-common"])
    one.packages = ["bash", "nginx-common"]
    assert relay.Relay(one).absent() == (True, ["nginx-common"]), "one that was not removed is named again"
    one.packages = ["bash"]
    assert relay.Relay(one).absent() == (True, [])
    assert not (tmp_path / "state" / relay.RECORD).exists()


def test_an_installation_that_died_is_cleaned_as_well(host):
    one = host(nginx=False)
    relay.Relay(one).prepared()
    one.packages += ["nginx-common", "vim"]
    assert relay.Relay(one).absent() == (True, ["nginx-common"]), "whoever installed vim keeps it"


def test_what_came_between_two_attempts_is_not_taken_for_ours(host):
    one = host(nginx=False)
    relay.Relay(one).prepared()
    one.packages.append("vim")
    relay.Relay(one).prepared()
    one.packages.append("nginx")
    relay.Relay(one).present()
    assert relay.Relay(one).absent() == (True, ["nginx"])


def test_one_that_does_not_start_leaves_nothing_and_says_why(host, tmp_path):
    one = host()
    one.starts = False
    with pytest.raises(Failed, match=r"no such address.*ascend_relay_address"):
        relay.Relay(one).present()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"address": "node-1"}, "ascend_relay_address"),
        ({"address": None}, "ascend_relay_address"),
        ({"state_dir": '/srv/a"b'}, "ascend_state_dir"),
        ({"nginx": False}, "nginx is not on this host"),
    ],
)
def test_what_cannot_be_is_refused_in_words(host, more, words):
    with pytest.raises(Failed, match=words):
        relay.Relay(host(**more)).present()


def test_check_mode_changes_nothing(host, tmp_path):
    one = host(check_mode=True)
    assert relay.Relay(one).present() and not one.runs and not (tmp_path / "run").exists()
    bare = host(check_mode=True, nginx=False)
    assert relay.Relay(bare).prepared() and not (tmp_path / "state" / relay.RECORD).exists()


def test_a_broken_record_is_none(host, tmp_path):
    one = host()
    (tmp_path / "state" / relay.RECORD).write_text("[")
    assert relay.Relay(one).absent() == (False, [])
    (tmp_path / "state" / relay.RECORD).write_text(json.dumps(["x"]))
    assert relay.Relay(one).absent() == (False, [])


@pytest.mark.parametrize(
    ("path", "served"),
    [
        (f"/{SHA}/a.run", True),
        (f"/{SHA}/wheel-1%2B2-py3.whl", True),
        (f"/{SHA}/a.run.ok", False),
        (f"/{SHA}/a.run.part", False),
        (f"/{SHA}/", False),
        (f"/{SHA}/a/b", False),
        ("/.lock", False),
        ("/", False),
        (f"/{'0' * 63}/a.run", False),
        ("/journal.json", False),
    ],
)
def test_only_files_by_their_hashes_are_served(path, served):
    text = relay_server.configuration("192.0.2.7", 8089, "/var/lib/ascend-fleet/cache")
    (pattern,) = re.findall(r'location ~ "(.*)" \{', text)
    assert bool(re.match(pattern, path)) is served
    assert "listen 192.0.2.7:8089;" in text and "autoindex off" in text and "location / { return 404; }" in text
    assert "listen [2001:db8::1]:8089;" in relay_server.configuration("2001:db8::1", 8089, "/c")


def test_the_unit_ends_by_itself_and_can_write_nowhere():
    words = relay_server.command("/usr/bin/systemd-run", "/usr/sbin/nginx", 60, selinux=True)
    assert {"--property=RuntimeMaxSec=60", "--property=ProtectSystem=strict", "--collect"} <= set(words)
    assert any("SELinuxContext" in word for word in words)
    assert not any("SELinux" in word for word in relay_server.command("a", "b", 60, selinux=False))
