"""A connection without a host: every module that is sent gets the answer of a host, after as long as a host takes.

What a run costs the control node for each host is what Ansible and the collection do here: a worker process, the module
put together, the answer read and judged. An answer takes ANSWER_DELAY seconds. It is the text in the file
HOSTLESS_ANSWER, that of host_facts on a converged host. Where that is a folder, it is the text in <module>.json; or in
<module>.<n>.json for the n-th time that a host is asked by this module, the last of them for ever after. Each execution
is a line in HOSTLESS_COUNT: host and module, or "put" for a file that is sent; what Ansible itself asks (home,
temporary folders) is none.
A reboot is over at the first look after it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from pathlib import Path

from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: hostless
short_description: answers without a host
description: [For measurements only.]
author: [ascend.fleet contributors (@ascend-fleet)]
extends_documentation_fragment: [connection_pipelining]
"""


class Connection(ConnectionBase):
    """Answers every execution with the text in the file HOSTLESS_ANSWER, the host's name put in."""

    transport = "hostless"
    has_pipelining = True

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        place, host = Path(os.environ["HOSTLESS_ANSWER"]), self._play_context.remote_addr
        if not place.is_dir():
            time.sleep(float(os.environ.get("ANSWER_DELAY") or 0.1))
            return self._said("module", place.read_text(encoding="utf-8"))
        sent = in_data.decode("utf-8", "replace") if in_data else ""
        module = re.search(r"(?:modules|modules/)[./](\w+)['\"]", sent)
        if module is None and "ascend.fleet boot" in cmd:
            boot = len(self._lines())  # every look finds another one
            self._said(f"{host} reboot", "{}")
            return 0, f"ascend.fleet boot <{boot}>\n".encode(), b""
        if module is None:
            return 0, self._own(cmd), b""
        turn = sum(line == f"{host} {module[1]}" for line in self._lines())
        for name in (f"{module[1]}.{turn + 1}.json", f"{module[1]}.json"):
            if (place / name).exists():
                return self._said(f"{host} {module[1]}", (place / name).read_text(encoding="utf-8"))
        turns = sorted(place.glob(f"{module[1]}.*.json"), key=lambda path: int(path.name.split(".")[1]))
        return self._said(f"{host} {module[1]}", turns[-1].read_text(encoding="utf-8"))

    def _said(self, what, text):
        with Path(os.environ["HOSTLESS_COUNT"]).open("ab") as stream:
            stream.write(f"{what}\n".encode())  # one for each execution; appending a short line is whole
        return 0, json.dumps(json.loads(text.replace("HOSTNAME", self._play_context.remote_addr))).encode(), b""

    def _lines(self):
        return Path(os.environ["HOSTLESS_COUNT"]).read_text(encoding="utf-8").splitlines()

    def _own(self, cmd):
        """The answer to what Ansible itself asks: the home folder, a temporary folder."""
        made = re.search(r'echo (ansible-tmp-[\w.-]+)="` echo ([^`]*?) `"', cmd)
        if made:
            return f"{made[1]}={shlex.split(made[2])[0]}\n".encode()
        return b"/root\n"

    def put_file(self, in_path, out_path):
        """Nothing is kept of it."""
        self._said(f"{self._play_context.remote_addr} put", "{}")

    def fetch_file(self, in_path, out_path):
        """Nothing is fetched."""

    def close(self):
        self._connected = False
