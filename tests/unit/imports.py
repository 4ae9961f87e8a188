"""Who needs whom below plugins/, read from the code; run as a script, it draws that into docs/architecture.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
PAGE = ROOT / "docs" / "architecture.md"
BASE = "ansible_collections.ascend.fleet.plugins."
HOUSES = {"module_utils": "what travels to a host", "plugin_utils": "what stays on the control node"}
_DRAWN = re.compile(r"(?<=<!-- imports: begin -->\n).*?(?=<!-- imports: end -->)", re.DOTALL)


def needed(path: Path) -> set[str]:
    """The files of this collection that a file imports when it is loaded, as dotted names below plugins/."""
    found = set()
    name = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            start = BASE + ".".join(name.split(".")[: -node.level])
            module = f"{start}.{node.module}" if node.module else start
        else:
            module = node.module or ""
        if module.startswith(BASE):
            found |= {module[len(BASE) :]} | {f"{module[len(BASE) :]}.{alias.name}" for alias in node.names}
    return {one for one in found if (PLUGINS / (one.replace(".", "/") + ".py")).is_file()}


def files(folder: str) -> dict[str, set[str]]:
    """{file: the files it needs} of all files below a folder of plugins/, as dotted names."""
    paths = sorted((PLUGINS / folder).rglob("*.py"))
    return {".".join(path.relative_to(PLUGINS).with_suffix("").parts): needed(path) for path in paths}


def room(name: str) -> str | None:
    """The sub-package that a file of a house is in; None for the files beside them, which all may use."""
    parts = name.split(".")
    return parts[1] if len(parts) > 2 else None


def rooms(house: str) -> dict[str, set[str]]:
    """{room: the other rooms of its house that it needs}."""
    graph: dict[str, set[str]] = {}
    for name, needs in files(house).items():
        inside = room(name)
        if inside:
            others = {room(one) for one in needs if one.startswith(house)} - {inside, None}
            graph.setdefault(inside, set()).update(str(other) for other in others)
    return graph


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = list(graph[start])
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph[name]
    return found


def drawing() -> str:
    """Both houses as a mermaid chart. An arrow that follows from two others is left out."""
    lines = ["```mermaid", "flowchart LR"]
    for house, words in HOUSES.items():
        graph = rooms(house)
        lines.append(f"  subgraph {house}[{house}: {words}]")
        for name in sorted(graph):
            lines.append(f"    {house}_{name}[{name}]")
            indirect = set().union(*(_reachable(graph, other) for other in graph[name]))
            lines += [f"    {house}_{name} --> {house}_{other}" for other in sorted(graph[name] - indirect)]
        lines.append("  end")
    return "\n".join([*lines, "  plugin_utils --> module_utils", "```", ""])


def drawn() -> str:
    """What the page shows now."""
    found = _DRAWN.search(PAGE.read_text(encoding="utf-8"))
    return found.group() if found else ""


if __name__ == "__main__":
    PAGE.write_text(_DRAWN.sub(lambda _match: drawing(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
