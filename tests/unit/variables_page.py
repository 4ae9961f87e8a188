"""Makes the table of docs/variables.md from the specification of the role ascend: run this file.

`tests/unit/test_docs.py` says when it has to be made again.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "variables.md"
SPECIFICATION = ROOT / "roles" / "ascend" / "meta" / "argument_specs.yml"
HEAD = "| variable | default | meaning |\n|---|---|---|\n"
# The playbooks' own, which no role reads.
HOSTS = "| `ascend_hosts` | `all` | The hosts to work on; give it with `-e`. |\n"


def table() -> str:
    """The table as it should be, with its heading."""
    options = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    return HEAD + "".join(map(_row, options, options.values())) + HOSTS


def written() -> tuple[str, str]:
    """(the words before the table, the table) as they are in the page."""
    before, head, rows = PAGE.read_text(encoding="utf-8").partition(HEAD)
    return before, head + rows


def _row(name: str, option: dict[str, Any]) -> str:
    words = option["description"]
    words = " ".join(words) if isinstance(words, list) else words
    choices = ", ".join(_code(choice) for choice in option.get("choices", ()))
    meaning = _markdown(words) + (f" One of {choices}." if choices else "")
    default = _code(option["default"]) if "default" in option else ""
    return f"| `{name}` | {default} | {meaning} |\n"


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "`[" + ", ".join(f'"{item}"' if isinstance(item, str) else str(item) for item in value) + "]`"
    return f"`{value}`"


def _markdown(text: str) -> str:
    """Ansible's markup as Markdown; a page of docs/ becomes a link to it."""
    text = re.sub(r"C\(docs/([\w-]+)\.md(#[\w-]+)?\)", r"[\1](\1.md\2)", text)
    return re.sub(r"\b[CVO]\(([^)]*)\)", r"`\1`", text)


if __name__ == "__main__":
    PAGE.write_text(written()[0] + table(), encoding="utf-8")
