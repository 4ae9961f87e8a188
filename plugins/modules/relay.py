#!/usr/bin/python
# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
DOCUMENTATION = r"""
module: relay
short_description: Serve the verified cache of a host to its neighbours for the time of a run
version_added: "0.1.0"
description:
  - Starts nginx of the distribution with a configuration of its own as C(ascend-fleet-relay), a transient unit of
    systemd. It serves the files of the cache below O(state_dir) by their hashes, read-only, on one address and port,
    and nothing else. A configuration or a service of nginx that is there already is not touched.
  - The unit ends by itself after O(seconds), and with a reboot. V(absent) ends it and removes what it had.
  - Packages are installed and removed by the role C(ascend.fleet.relay); this module keeps which of them came with it.
author:
  - ascend.fleet contributors (@ascend-fleet)
extends_documentation_fragment:
  - ascend.fleet.attributes
  - ascend.fleet.options.state
options:
  state:
    description:
      - V(prepared) says whether nginx is there, and remembers the installed packages where it is not.
      - V(present) starts the server, V(absent) ends it.
    type: str
    choices: [prepared, present, absent]
    default: present
  address:
    description: IP address to listen on, the one that the neighbours use. Needed for V(present).
    type: str
  port:
    description: Port to listen on.
    type: int
    default: 8089
  seconds:
    description: How long the server lives at most.
    type: int
    default: 14400
"""

EXAMPLES = r"""
- name: Serve the cache to the neighbours
  ascend.fleet.relay:
    address: 192.0.2.7
  become: true

- name: Serve it no longer
  ascend.fleet.relay:
    state: absent
  become: true
"""

RETURN = r"""
nginx:
  description: Path of the web server; null where there is none.
  type: str
  returned: success
packages:
  description: With V(absent) the packages that were installed for the relay and are still there.
  type: list
  elements: str
  returned: success
"""

import ipaddress
import json
import os
import re
import shutil
import socket
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ascend.fleet.plugins.module_utils import defaults, whole_file
from ansible_collections.ascend.fleet.plugins.module_utils.artifact import relay_server
from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

RECORD = "relay.json"
# Seconds until the server answers.
PATIENCE = 10
_SBIN = ["/usr/sbin", "/sbin", "/usr/local/sbin"]
_LISTS = (("dpkg-query", ["-W", "-f", "${Package}\n"]), ("rpm", ["-qa", "--qf", "%{NAME}\n"]))


class Relay(object):
    """The relay of this host: its unit, its folder, and the record of packages that came with it."""

    def __init__(self, module):
        self.module = module
        self.state_dir = module.params["state_dir"]
        self.record = os.path.join(self.state_dir, RECORD)
        self.nginx = module.get_bin_path("nginx", opt_dirs=_SBIN)

    def prepared(self):
        """Remembers what is installed where nginx is not. Returns whether something changed."""
        if self.nginx:
            return False
        # Always anew: what somebody installed since an earlier attempt is theirs.
        if not self.module.check_mode:
            safe_folder.ensure(self.state_dir)
            self._write({"before": self._installed()})
        return True

    def present(self):
        """Starts the server. Returns whether something changed."""
        address, port = self.module.params["address"], self.module.params["port"]
        cache = os.path.join(self.state_dir, "cache")
        self._judge(address, cache)
        wanted = relay_server.configuration(address, port, cache)
        path = os.path.join(relay_server.FOLDER, "nginx.conf")
        if whole_file.read(path) == wanted and self._runs():
            return False
        if self.module.check_mode:
            return True
        if not self.nginx:
            self.module.fail_json(
                msg="nginx is not on this host. Cause: it was not installed. Fix: let the role ascend.fleet.relay"
                " install it, or install it; without a relay the hosts get their files over the connection."
            )
        self._settle()
        self._stop()
        safe_folder.ensure(cache)
        safe_folder.ensure(relay_server.FOLDER)
        whole_file.put(path, wanted)
        command = relay_server.command(
            self.module.get_bin_path("systemd-run", required=True),
            self.nginx,
            self.module.params["seconds"],
            os.path.exists("/sys/fs/selinux/enforce"),
        )
        # Somebody else's server there would look like ours.
        taken = _answers(address, port, 0)
        code, out, err = self.module.run_command(command) if not taken else (1, "", "another server is there")
        if code or not _answers(address, port, PATIENCE):
            self._stop()
            self.module.fail_json(
                msg="The relay does not answer on %s. Cause: %s. Fix: see that the address is this host's"
                " (ascend_relay_address) and the port is free (ascend_relay_port); without this relay the hosts get"
                " their files elsewhere."
                % (
                    relay_server.listen(address, port),
                    (err or out).strip()[-300:] or "it ended, see journalctl -u ascend-fleet-relay",
                )
            )
        return True

    def absent(self):
        """Ends the server and removes what it had. Returns (whether something changed, packages that came with it)."""
        kept = self._read()
        there = self._runs() or os.path.isdir(relay_server.FOLDER)
        if not self.module.check_mode and there:
            self._stop()
        packages = []
        if kept:
            now = set(self._installed())
            # Of an installation that broke off nobody knows when the others came.
            broken = {name for name in now - set(kept.get("before", now)) if "nginx" in name}
            packages = sorted((set(kept.get("ours", [])) | broken) & now)
            if not packages and not self.module.check_mode:
                os.unlink(self.record)
        return there or bool(kept), packages

    def _judge(self, address, cache):
        try:
            ipaddress.ip_address(address or "")
        except ValueError:
            self.module.fail_json(
                msg="address is %r, not an IP address. Cause: the name of the host does not resolve. Fix: set"
                " ascend_relay_address to the address that its neighbours use." % address
            )
        if re.search(r'["$\\\r\n{};]', cache):
            self.module.fail_json(
                msg="A web server cannot be told of %r. Cause: ascend_state_dir has a character that nginx gives a"
                " meaning. Fix: choose another folder, or no relays." % cache
            )

    def _settle(self):
        """After the installation: what came is ours to remove, and the distribution's own service stays off."""
        kept = self._read()
        if "before" in kept:
            ours = sorted(set(self._installed()) - set(kept["before"]))
            self._write({"ours": ours})
            self._systemctl("disable", "--quiet", "nginx.service")

    def _installed(self):
        for program, words in _LISTS:
            path = self.module.get_bin_path(program)
            if path:
                code, out, _err = self.module.run_command([path] + words)
                if code == 0 and out:
                    return sorted(set(out.split()))
        return []

    def _runs(self):
        return self._systemctl("is-active", "--quiet", relay_server.UNIT) == 0

    def _stop(self):
        self._systemctl("stop", relay_server.UNIT)
        self._systemctl("reset-failed", relay_server.UNIT)
        shutil.rmtree(relay_server.FOLDER, ignore_errors=True)

    def _systemctl(self, *words):
        return self.module.run_command([self.module.get_bin_path("systemctl", required=True)] + list(words))[0]

    def _read(self):
        try:
            kept = json.loads(whole_file.read(self.record) or "{}")
        except ValueError:
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self, content):
        whole_file.put(self.record, json.dumps(content), 0o600, durable=True)


def _answers(address, port, patience):
    """Whether somebody listens there, now or within so many seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
            return True
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)


def main():
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["prepared", "present", "absent"], "default": "present"},
            "address": {"type": "str"},
            "port": {"type": "int", "default": 8089},
            "seconds": {"type": "int", "default": 14400},
            "state_dir": {"type": "path", "default": defaults.STATE_DIR},
        },
        required_if=[("state", "present", ["address"])],
        supports_check_mode=True,
    )
    relay, packages = Relay(module), []
    try:
        if module.params["state"] == "absent":
            changed, packages = relay.absent()
        else:
            changed = relay.prepared() if module.params["state"] == "prepared" else relay.present()
    except (OSError, safe_folder.UnsafeFolder) as error:
        module.fail_json(msg="The relay cannot be changed: %s" % error)
    module.exit_json(changed=changed, nginx=relay.nginx, packages=packages)


if __name__ == "__main__":
    main()
