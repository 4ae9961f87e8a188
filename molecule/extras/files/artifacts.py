"""Makes the artifacts of this scenario: two packages that behave like the vendor's, and a wheel."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from pathlib import Path

# Takes the words that the vendor's packages take, says how it ended, and leaves a file that states the version.
PACKAGE = """#!/bin/bash
# A stand-in for a package of the vendor's.
target=/usr/local/Ascend mode=
for word in "$@"; do
    case $word in
    --check | --install | --upgrade | --uninstall) mode=$word ;;
    --install-path=*) target=${word#*=} ;;
    --quiet) ;;
    *) echo "ERR_NO:0x0004;ERR_DES:Unrecognized parameters."; exit 1 ;;
    esac
done
case $mode in
--check) echo "Verifying archive integrity...  100%   SHA256 checksums are OK. All good."; exit 0 ;;
--uninstall) rm -rf "$target/@FOLDER@"; echo "[INFO] @NAME@ uninstall success"; exit 0 ;;
--install | --upgrade) ;;
*) echo "ERR_NO:0x0004;ERR_DES:Unrecognized parameters."; exit 1 ;;
esac
mkdir -p "$(dirname "$target/@PROOF@")"
echo "version=@VERSION@" >"$target/@PROOF@"
printf '%s\\n' '#!/bin/bash' 'rm -rf "$(dirname "$0")"' >"$target/@FOLDER@/uninstall.sh"
echo "[INFO] @NAME@ install success"
"""
PACKAGES = (
    ("Ascend-mindx-toolbox_6.0.0_linux-x86_64.run", "toolbox", "6.0.0", "toolbox/latest/ascend_toolbox_install.info"),
    ("Ascend-mindx-toolbox_6.0.0_linux-aarch64.run", "toolbox", "6.0.0", "toolbox/latest/ascend_toolbox_install.info"),
    ("Site-tool_1.2.0.run", "site-tool", "1.2.0", "site-tool/version.info"),
)


def package(name: str, version: str, proof: str) -> bytes:
    """One package's text."""
    words = {"NAME": name, "VERSION": version, "PROOF": proof, "FOLDER": proof.split("/")[0]}
    text = PACKAGE
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    return text.encode()


def wheel(name: str, version: str) -> bytes:
    """A wheel with one module that greets."""
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}.py": 'def greet():\n    return "hello"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: the scenario\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in (*members, f"{info}/RECORD"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, text in members.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), text)
    return stream.getvalue()


def main(folder: Path) -> None:
    """Write what is not there yet, or differs, and the hashes of all."""
    files = {file: package(name, version, proof) for file, name, version, proof in PACKAGES}
    files["wheels/site_greeting-1.0.0-py3-none-any.whl"] = wheel("site_greeting", "1.0.0")
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {file}\n" for file, data in sorted(files.items()))
    files["SHA256SUMS"] = sums.encode()
    for file, data in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
