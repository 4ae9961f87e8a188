"""An https server that gives nothing without the right secret: mirror, index of packages, git and single files."""

from __future__ import annotations

import base64
import io
import os
import re
import ssl
import subprocess
import threading
import urllib.parse
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSIONS = {"mindspore": "2.7.1", "mindformers": "1.0.2", "numpy": "1.26.4", "setuptools": "80.10.2"}
MISSING = {"absent-package"}
# What the first part of a path asks for: the password of one of the tokens, and a header and a query beside it.
BY_PASSWORD = {
    "mirror": "mirror",
    "served": "served",
    "simple": "index",
    "wheels": "index",
    "git": "git",
    "other": "bundle_index",
    "bundled": "bundle_file",
}
BY_TOKEN = ("files", "bundled")


def certificate(folder: Path, address: str) -> Path:
    """A key and a certificate for an address, in one file each; the certificate's path."""
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={address}",
            "-addext",
            f"subjectAltName=IP:{address}",
            "-keyout",
            str(folder / "key.pem"),
            "-out",
            str(folder / "cert.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder / "cert.pem"


def wheel(name: str, version: str) -> bytes:
    """A wheel with one empty package in it."""
    module, target = name.replace("-", "_"), io.BytesIO()
    about = f"{module}-{version}.dist-info"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{module}/__init__.py", f'__version__ = "{version}"\n')
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "".join(f"{file},,\n" for file in (*archive.namelist(), f"{about}/RECORD")))
    return target.getvalue()


class Server:
    """Serves a mirror, a folder, two indexes, a git repository and single files, each by secrets of its own.

    tokens: {what: token}. seen: what was asked for with the right secret.
    """

    def __init__(self, address: str, folder: Path, tokens: dict[str, str], wheels: Path) -> None:
        self.tokens, self.folder, self.wheels, self.seen = tokens, folder, wheels, set()
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            do_POST = do_HEAD = do_GET

            def log_message(self, *_args) -> None:
                pass

        self.http = ThreadingHTTPServer((address, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder, address), folder / "key.pem")
        self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.place = f"{address}:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def url(self, what: str, path: str) -> str:
        """The address of a path, with the user and the token of `what` in it."""
        return f"https://user:{self.tokens[what]}@{self.place}/{path}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path, _mark, query = request.path.partition("?")
        root = path.strip("/").partition("/")[0]
        names, good = set(), True
        if root in BY_PASSWORD:
            names.add(BY_PASSWORD[root])
            secret = base64.b64encode(f"user:{self.tokens[BY_PASSWORD[root]]}".encode()).decode()
            good = request.headers.get("Authorization") == f"Basic {secret}"
        if root in BY_TOKEN:
            names |= {"header", "query"}
            good = good and request.headers.get("X-Access-Token") == self.tokens["header"]
            good = good and urllib.parse.parse_qs(query).get("token") == [self.tokens["query"]]
        if not good or not names:
            return self._send(request, 401, b"no", {"WWW-Authenticate": 'Basic realm="test"'})
        with self.lock:
            self.seen |= names
        if root == "git":
            return self._git(request, path.removeprefix("/git"), query)
        content = self._content(root, urllib.parse.unquote(path))
        return self._send(request, 200 if content is not None else 404, content or b"not here", {})

    def _content(self, root: str, path: str) -> bytes | None:
        parts = path.strip("/").split("/")
        if parts[0] == "other":
            parts = parts[1:]
            root = parts[0]
        if root == "simple":
            name = re.sub(r"[-_.]+", "-", parts[-1]).lower()
            if len(parts) != 2 or name in MISSING:
                return None
            file = f"{name.replace('-', '_')}-{VERSIONS.get(name, '1.0')}-py3-none-any.whl"
            return f'<html><body><a href="../../wheels/{file}">{file}</a></body></html>'.encode()
        if root == "wheels":
            real = self.wheels / parts[-1]
            if parts[-1].startswith("setuptools-"):
                return real.read_bytes()
            name, version = parts[-1].split("-")[:2]
            return wheel(name.replace("_", "-"), version)
        file = self.folder.joinpath(root.replace("bundled", "files"), *parts[1:])
        return file.read_bytes() if file.is_file() else None

    def _git(self, request: BaseHTTPRequestHandler, path: str, query: str) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder / "git"),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": request.command,
            "REMOTE_USER": "user",
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "HOME": str(self.folder),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=False)
        head, _gap, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        status = int(headers.pop("Status", "200").split()[0])
        self._send(request, status, content, headers)

    def _send(self, request: BaseHTTPRequestHandler, code: int, content: bytes, headers: dict[str, str]) -> None:
        request.send_response(code)
        for key, text in {"Content-Type": "text/html", **headers, "Content-Length": str(len(content))}.items():
            request.send_header(key, text)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


def repository(folder: Path) -> str:
    """A bare repository mindformers.git in a folder, with one commit; the commit's 40 digits."""
    work, bare = folder / "work", folder / "git" / "mindformers.git"
    (work / "mindformers").mkdir(parents=True)
    (work / "mindformers" / "__init__.py").write_text("", encoding="utf-8")
    (work / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "mindformers"\nversion = "1.0.2"\n[tool.setuptools]\npackages = ["mindformers"]\n',
        encoding="utf-8",
    )

    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=work).stdout.strip()

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("clone", "-q", "--bare", ".", str(bare))
    subprocess.run(["git", "-C", str(bare), "config", "uploadpack.allowAnySHA1InWant", "true"], check=True)
    return git("rev-parse", "HEAD")
