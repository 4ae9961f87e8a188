"""The script that every shell, unit and cron job of an environment starts with: what it takes from CANN and NNAL."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from jinja2 import Environment

from tests.support.paths import ROOT

ROLE = ROOT / "roles" / "python_toolchain"
# What NNAL's own script is: bash's, and without an argument it would ask torch.
ATB = 'function abi() { [[ "$1" == --cxx_abi=* ]] && echo "${1#*=}" || echo asked; }\n' + (
    'export ATB_HOME_PATH=@HOME@/latest/atb/cxx_abi_$(abi "$1")\n'
    "export LD_LIBRARY_PATH=$ATB_HOME_PATH/lib:$LD_LIBRARY_PATH\n"
)
SHELLS = [name for name in ("bash", "dash", "zsh", "sh") if shutil.which(name)]


def place(folder: Path, abi: str | None = None) -> Path:
    """An environment's script, beside a CANN; with NNAL and torch where an ABI is given."""
    home, prefix = folder / "Ascend", folder / "env"
    (home / "cann").mkdir(parents=True)
    (home / "cann" / "set_env.sh").write_text("export ASCEND_HOME_PATH=/cann\nexport LD_LIBRARY_PATH=/cann/lib64\n")
    if abi:
        (home / "nnal" / "atb").mkdir(parents=True)
        (home / "nnal" / "atb" / "set_env.sh").write_text(ATB.replace("@HOME@", f"{home}/nnal/atb"))
        config = prefix / "lib" / "python3.11" / "site-packages" / "torch" / "share" / "cmake" / "Torch"
        config.mkdir(parents=True)
        (config / "TorchConfig.cmake").write_text(f'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI={abi}")\n')
    prefix.mkdir(exist_ok=True)
    names = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))["__python_toolchain_set_env"]
    jinja = Environment(trim_blocks=True, keep_trailing_newline=True)  # as Ansible's
    jinja.filters["quote"] = shlex.quote
    template = jinja.from_string((ROLE / "templates" / "ascend-env.sh.j2").read_text(encoding="utf-8"))
    text = template.render(
        __python_toolchain_env=str(prefix),
        __python_toolchain_set_env=names,
        python_toolchain_install_path=str(home),
        python_toolchain_cmake_prefix="/nowhere",
    )
    (prefix / "ascend-env.sh").write_text(text)
    return prefix / "ascend-env.sh"


def values(shell: str, script: Path, times: int = 1) -> dict[str, str]:
    command = "set -eu; " + f". {script}; " * times + "env"
    said = subprocess.run(
        [shell, "-c", command], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    assert said.stderr == ""
    return dict(line.partition("=")[::2] for line in said.stdout.splitlines())


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("abi", ["0", "1"])
def test_nnal_is_applied_with_the_abi_of_torch_which_is_not_started(tmp_path, shell, abi):
    found = values(shell, place(tmp_path, abi), times=2)
    home = f"{tmp_path}/Ascend/nnal/atb/latest/atb/cxx_abi_{abi}"
    assert found["ATB_HOME_PATH"] == home
    assert found["LD_LIBRARY_PATH"].split(":") == [f"{home}/lib", "/cann/lib64"], "nothing twice, NNAL before CANN"
    assert found["ASCEND_HOME_PATH"] == "/cann"
    assert not [name for name in found if name.startswith("_ascend")]


@pytest.mark.parametrize("shell", SHELLS)
def test_without_nnal_there_is_nothing_of_it(tmp_path, shell):
    found = values(shell, place(tmp_path))
    assert "ATB_HOME_PATH" not in found and found["LD_LIBRARY_PATH"] == "/cann/lib64"
