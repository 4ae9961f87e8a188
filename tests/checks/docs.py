"""Builds the documentation into build/docs/html: the guides, and a page per module, plugin and role from its own specs.

Nothing of it is written twice: docs/*.md are the guides, DOCUMENTATION and argument_specs the references. Markup that
cannot be read is an error. `--lint` only checks the references, which takes seconds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import paths
from tests.support.paths import COLLECTIONS, ROOT
from tests.support.virtualenv import virtualenv

BUILD = paths.BUILD / "docs"
GUIDES = ("getting-started", "operating", "security", "article", "air-gap", "variables", "report", "doctor", "rules",
          "catalog", "proofs", "architecture", "performance", "faults")  # fmt: skip

CONFIGURATION = """\
project = "ascend.fleet"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
html_theme = "furo"
html_title = "ascend.fleet"
myst_heading_anchors = 4
# Mermaid has no highlighter; files beside the guides and the pages of docs.ansible.com are not part of this site.
suppress_warnings = ["misc.highlighting_failure", "myst.xref_missing", "ref.ref", "ref.envvar"]
nitpicky = False
"""

INDEX = """\
ascend.fleet
============

.. toctree::
   :maxdepth: 1
   :caption: Guides

{guides}

.. toctree::
   :maxdepth: 1
   :caption: Reference

   collections/ascend/fleet/index
"""


def lint(tools: Path, environment: dict[str, str]) -> int:
    """References of plugins and roles, links.yml: what the site of Ansible would refuse."""
    command = [tools / "antsibull-docs", "lint-collection-docs", "--plugin-docs", ROOT]
    return subprocess.run(command, env=environment, check=False).returncode


def build(tools: Path, environment: dict[str, str]) -> int:
    """The site; the number is 0 when nothing was wrong with it."""
    source = BUILD / "source"
    shutil.rmtree(BUILD, ignore_errors=True)
    source.mkdir(parents=True)
    references = [tools / "antsibull-docs", "collection", "--use-current",
                  "--dest-dir", source, "ascend.fleet"]  # fmt: skip
    done = subprocess.run(references, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr)
        return done.returncode
    pages = [name for name in GUIDES if (ROOT / "docs" / f"{name}.md").is_file()]
    pages += sorted(path.stem for path in (ROOT / "docs").glob("*.md") if path.stem not in GUIDES)
    for name in pages:
        shutil.copy(ROOT / "docs" / f"{name}.md", source)
    (source / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    (source / "index.rst").write_text(INDEX.format(guides="\n".join(f"   {name}" for name in pages)), encoding="utf-8")
    command = [tools / "sphinx-build", "-q", "-W", "--keep-going", "-b", "html", source, BUILD / "html"]
    code = subprocess.run(command, env=environment, check=False).returncode
    if code == 0:
        print(f"==> {(BUILD / 'html' / 'index.html').relative_to(ROOT)}")
    return code


def main() -> int:
    tools = Path(sys.executable).parent
    only_lint = "--lint" in sys.argv[1:]
    if not only_lint:
        tools = virtualenv("docs", Path(__file__).with_name("docs-requirements.txt"))
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    }
    code = lint(tools, environment)
    return code if code or only_lint else build(tools, environment)


if __name__ == "__main__":
    sys.exit(main())
