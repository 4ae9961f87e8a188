"""A connection without a host: every module that is sent gets the answer of a host, after as long as a host takes.

What a run costs the control node for each host is what Ansible and the collection do here: a worker process, the module
put together, the answer read and judged. The answer is that of host_facts on a converged host, and takes ANSWER_DELAY
seconds.
"""

from __future__ import annotations

import json
import os
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
        time.sleep(float(os.environ.get("ANSWER_DELAY") or 0.1))
        with Path(os.environ["HOSTLESS_COUNT"]).open("ab") as stream:
            stream.write(b".")  # one for each execution; appending a byte is whole
        text = Path(os.environ["HOSTLESS_ANSWER"]).read_text(encoding="utf-8")
        return 0, json.dumps(json.loads(text.replace("HOSTNAME", self._play_context.remote_addr))).encode(), b""

    def put_file(self, in_path, out_path):
        """Nothing has to be put with pipelining."""

    def fetch_file(self, in_path, out_path):
        """Nothing is fetched."""

    def close(self):
        self._connected = False
