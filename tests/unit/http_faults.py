# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server on the loopback that misbehaves as told, one fault per request."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultyServer(ThreadingHTTPServer):
    """Serves `contents` by path. `faults` is consumed from the left, one per request; then requests succeed.

    Faults: "cut:N" stops after N bytes of body though more was announced, "reset:N" resets the connection there,
    "flip" changes one bit, "whole" ignores Range, "lie" answers 206 for another range, "to:URL" redirects there,
    "long:N" announces nothing and sends N MB, or a status code as text.
    """

    daemon_threads = True

    def __init__(self, contents: dict[str, bytes], faults: list[str] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.contents = contents
        self.faults = list(faults or [])
        self.requests: list[tuple[str, str | None]] = []
        self.headers_seen: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """Broken pipes are what the tests ask for."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def log_message(self, *args) -> None:
        """Keeps the test output clean."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.requests.append((self.path, asked))
        self.server.headers_seen.append(dict(self.headers))
        fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault.startswith("to:"):
            self.send_response(302)
            self.send_header("Location", fault[3:])
            return self.end_headers()
        if fault.startswith("long:"):
            self.send_response(200)
            self.end_headers()
            for _megabyte in range(int(fault[5:])):
                self.wfile.write(bytes(1000 * 1000))
            return None
        body = self.server.contents.get(self.path.lstrip("/"))
        if fault.isdigit() or body is None:
            return self.send_error(int(fault or 404))
        start = int(asked.split("=")[1].rstrip("-")) if asked and fault != "whole" else 0
        if start and start >= len(body):
            return self.send_error(416)
        shown = 0 if fault == "lie" else start
        piece = body[start:]
        if fault == "flip":
            piece = bytes([piece[0] ^ 1]) + piece[1:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {shown}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(piece)))
        self.end_headers()
        kind, _, count = fault.partition(":")
        self.wfile.write(piece[: int(count)] if count else piece)
        self.wfile.flush()
        if kind == "reset":
            # Linger 0 turns the close into a TCP reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        return None


@contextlib.contextmanager
def serving(contents: dict[str, bytes], faults: list[str] | None = None) -> Iterator[FaultyServer]:
    """Runs a server for the length of a with block."""
    server = FaultyServer(contents, faults)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
