"""Puts together what hosts with TensorFlow get: vendor packages, conda with its channel, wheels that stand in."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.simulator.sim import frameworks
from tests.support.artifacts import ARTICLE
from tests.support.paths import ARTIFACTS

VENDOR = ("Ascend-hdk-910-*", "Ascend-cann-*_6.0.1_*", "Ascend-cann-*_8.3.RC1_*")


def main(folder: Path) -> None:
    """Make the folder anew, of links where the files are large."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = [path for pattern in VENDOR for path in ARTIFACTS.glob(pattern)]
    for path in [*files, *ARTICLE.glob("Miniconda3-*"), *ARTICLE.glob("cmake-*")]:
        os.link(path, folder / path.name)
    shutil.copytree(ARTICLE / "conda", folder / "conda", copy_function=os.link)
    frameworks.build(folder / "wheels", frameworks.TENSORFLOW)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
