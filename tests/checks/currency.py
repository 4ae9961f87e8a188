"""What the package index has and the catalog lacks; `make currency` runs it, --index URL asks another index.

It asks the index's simple pages (PEP 503) for the projects that the catalog has tables of, and prints one row each:
releases that are newer than the oldest the catalog knows and that it does not name. docs/catalog.md says how a release
gets its rows. The end is 0 when nothing is missing, 1 when something is, 2 when the index did not answer: then nothing
was learnt.
"""

from __future__ import annotations

import argparse
import html.parser
import json
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from ansible_collections.ascend.fleet.plugins.module_utils import versions
from ansible_collections.ascend.fleet.plugins.plugin_utils import catalog
from ansible_collections.ascend.fleet.plugins.plugin_utils.releases import is_listed, known_versions, public

# Project on the index -> the catalog's name of it.
PROJECTS = {
    "mindspore": "mindspore",
    "mindformers": "mindformers",
    "torch-npu": "torch_npu",
    "vllm-ascend": "vllm_ascend",
}
# Builds nobody installs for good.
_PASSING = re.compile(r"(?:\.dev|a|alpha|b|beta|rc)\.?\d+", re.IGNORECASE)
_FILE = re.compile(r"-(?P<version>\d[^-]*)(?:-.*\.whl|\.tar\.gz|\.zip)\Z")


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        address = dict(attrs).get("href") if tag == "a" else None
        if address:
            self.names.append(urllib.parse.unquote(urllib.parse.urlparse(address).path.rpartition("/")[2]))


def published(index: str, project: str) -> list[str]:
    """The finished releases of a project on an index, the newest first. Raises OSError; ValueError for no files."""
    request = urllib.request.Request(
        f"{index.rstrip('/')}/{project}/", headers={"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.5"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        text, kind = answer.read().decode("utf-8"), answer.headers.get_content_type()
    if kind.endswith("json"):
        names = [item["filename"] for item in json.loads(text)["files"]]
    else:
        links = _Links()
        links.feed(text)
        names = links.names
    found = {match.group("version") for name in names for match in [_FILE.search(name)] if match}
    if not found:
        raise ValueError(f"no files of {project} on its page")
    return sorted({one for one in found if not _PASSING.search(one)}, key=versions.key, reverse=True)


def missing(data: dict[str, Any], component: str, releases: list[str]) -> list[str]:
    """Those of releases that the catalog does not name and that are not older than everything it knows."""
    known = known_versions(data, component)
    oldest = versions.key(known[0]) if known else versions.key("0")
    return [one for one in releases if versions.key(one) > oldest and not is_listed(data, component, public(one))]


def default_index() -> str:
    """The index that pip asks: the one it is set to, else its own default, both as its help names them."""
    help_text = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--help"], capture_output=True, text=True, check=True
    ).stdout
    return re.search(r"--index-url <url>.*?\(default\s+(\S+)\)", help_text, re.DOTALL)[1]


def main(arguments: list[str] | None = None) -> int:
    """Print the table; the exit status says how it ended."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--index", default=None, help="a simple index (PEP 503), pip's own by default")
    index = parser.parse_args(arguments).index or default_index()
    data, lacking, silent = catalog.load(), 0, 0
    for project, component in PROJECTS.items():
        try:
            releases = published(index, project)
        except (OSError, ValueError, KeyError) as error:
            reason = getattr(error, "reason", None) or error
            print(f"{project:<13} not answered: {reason}")
            silent += 1
            continue
        found = missing(data, component, releases)
        lacking += len(found)
        print(f"{project:<13} newest {releases[0] if releases else '-':<15} lacking: {', '.join(found) or 'nothing'}")
    if lacking:
        print("docs/catalog.md, 'A new release came out', says which rows they need.")
    return 2 if silent else 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
