"""make currency against a stand-in index: what it lists, what it leaves out, and how it ends."""

import http.server
import json
import threading

import pytest
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog

from tests.checks import currency

DATA = catalog.load()
PAGES = {
    "torch-npu": [
        "torch_npu-2.7.1-cp311-cp311-manylinux_2_28_aarch64.whl",
        "torch_npu-99.1.0-cp311-cp311-manylinux_2_28_aarch64.whl",
        "torch_npu-99.1.0.dev20270101-cp311-cp311-manylinux_2_28_aarch64.whl",
        "torch_npu-0.1.0-cp37-cp37m-linux_aarch64.whl",
    ],
    "mindspore": ["mindspore-2.7.1-cp311-none-any.whl", "mindspore-99.2.0-cp311-none-any.whl"],
    "mindformers": ["mindformers-1.7.0-py3-none-any.whl"],
    "vllm-ascend": ["vllm_ascend-0.18.0.tar.gz", "vllm_ascend-99.0.0rc1.tar.gz"],
}


class Index(http.server.BaseHTTPRequestHandler):
    pages: dict = {}
    as_json = False

    def do_GET(self):
        names = self.pages.get(self.path.strip("/").rpartition("/")[2])
        self.send_response(200 if names is not None else 404)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json" if self.as_json else "text/html")
        self.end_headers()
        body = json.dumps({"files": [{"filename": name} for name in names or []]})
        links = "".join(f'<a href="../../f/{name}#sha256=00">{name}</a>' for name in names or [])
        self.wfile.write((body if self.as_json else links).encode())

    def log_message(self, *_args):
        pass


@pytest.fixture(params=[False, True], ids=["html", "json"])
def index(request):
    handler = type("Handler", (Index,), {"pages": dict(PAGES), "as_json": request.param})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/simple", handler.pages
    server.shutdown()
    server.server_close()


def test_what_is_missing_is_listed(index, capsys):
    address, _pages = index
    assert currency.main(["--index", address]) == 1
    told = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert told["torch-npu"].endswith("lacking: 99.1.0"), "no builds, nothing older than the catalog"
    assert told["mindspore"].endswith("lacking: 99.2.0")
    assert told["mindformers"].endswith("lacking: nothing") and told["vllm-ascend"].endswith("lacking: nothing")


def test_nothing_is_missing(index, capsys):
    address, pages = index
    pages.update({"torch-npu": PAGES["torch-npu"][:1], "mindspore": PAGES["mindspore"][:1]})
    assert currency.main(["--index", address]) == 0
    assert "docs/catalog.md" not in capsys.readouterr().out


@pytest.mark.parametrize("page", [None, []])
def test_an_index_that_does_not_answer_is_no_good_news(index, capsys, page):
    address, pages = index
    pages["torch-npu"] = page
    assert currency.main(["--index", address]) == 2
    assert "torch-npu     not answered" in capsys.readouterr().out


def test_every_project_is_a_table_or_a_wheel_of_the_catalog():
    for component in currency.PROJECTS.values():
        assert currency.missing(DATA, component, ["99.0"]) == ["99.0"]
