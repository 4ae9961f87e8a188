"""What the documentation shows works: commands, variables and links are taken from its pages and tried."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.ascend.fleet.plugins.plugin_utils.plan.desired import OWN, VARIABLES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("roles/*/README.md")])
PAGES = [page for page in PAGES if page.name != "CHANGELOG.md"]
PLAYBOOKS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").glob("*.yml")}
ROLE_VARIABLES = {
    name
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values()
    for name in entry.get("options", {})
}
COMMAND = re.compile(
    r"^\s*(?:\$ )?((?:ANSIBLE_\w+=\S+ )*(?:\S*/)?ansible(?:-playbook)? (?:[^\\\n]|\\\n)*)", re.MULTILINE
)


def commands(page: Path) -> list[str]:
    """Commands of a page, each on one line, without what the shell takes for a comment."""
    found = COMMAND.findall(page.read_text(encoding="utf-8"))
    return [re.sub(r"\s#.*", "", command.replace("\\\n", " ")).strip() for command in found]


ALL = [(page, command) for page in PAGES for command in commands(page)]
HOSTLESS = sorted(
    {command for _page, command in ALL if re.search(r"ascend\.fleet\.(?:resolve|compat_check)\b", command)}
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_playbooks_and_variables_exist(page):
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"ansible-playbook [^\n`]*?ascend\.fleet\.(\w+)", text)) <= set(PLAYBOOKS)
    for command in commands(page):
        for name in re.findall(r"-e ['\"]?(\w+)=", command):
            known = name in VARIABLES or name in ROLE_VARIABLES or any(name in body for body in PLAYBOOKS.values())
            assert known or name.startswith("ansible_"), command
    for name in re.findall(r"(?m)^(?: {4})?(ascend_\w+): ", text):
        assert name in VARIABLES or name in OWN or name in ROLE_VARIABLES, name


@pytest.mark.parametrize("command", HOSTLESS)
def test_commands_without_hosts_run(command):
    words = shlex.split(command)
    words[0] = str(Path(sys.executable).parent / Path(words[0]).name)
    done = subprocess.run(
        [*words, "-i", "localhost,"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    judged = '"compatible": false' in done.stdout  # an example may show what does not go together
    assert done.returncode == 0 or judged, done.stdout + done.stderr


def test_both_readmes_say_the_same():
    """README.zh.md is README.md in Chinese: the same sections, commands, names, links and output."""
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")]
    blocks = [re.findall(r"(?ms)^```(\w+)\n(.*?)^```", page) for page in pages]
    shown = [
        [re.sub(r"\s+#.*", "", text) if kind != "text" else text for kind, text in found if kind] for found in blocks
    ]
    assert shown[0] == shown[1]
    for pattern in (r"(?m)^#+ ", r"`([^`\n]+)`", r"\]\((?!README)([^)]+)\)"):
        english, chinese = (sorted(re.findall(pattern, re.sub(r"(?ms)^```.*?^```", "", page))) for page in pages)
        assert english == chinese
