# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell commands of `conda activate` and `conda deactivate`, for the stand-in of conda."""

import os
import shlex

import store
from store import ENVS, ROOT


def activation(path):
    """The shell commands that conda activate consists of."""
    name = "base" if path == ROOT else os.path.basename(path) if os.path.dirname(path) == ENVS else path
    level = int(os.environ.get("CONDA_SHLVL") or 0)
    before = os.environ.get("CONDA_PREFIX") if level else None
    lines = [deactivation(before)] if before else []
    lines += [
        'export PATH=%s:"$PATH"' % shlex.quote(path + "/bin"),
        "export CONDA_PREFIX=%s" % shlex.quote(path),
        "export CONDA_SHLVL=1",
        "export CONDA_DEFAULT_ENV=%s" % shlex.quote(name),
        "export CONDA_PROMPT_MODIFIER=%s" % shlex.quote("(%s) " % name),
        "export CONDA_EXE=%s" % shlex.quote(ROOT + "/bin/conda"),
    ]
    return "\n".join(lines + scripts(path, "activate.d"))


def deactivation(path):
    without = 'awk -v RS=: -v gone=%s \'$0 != gone {printf "%%s%%s", s, $0; s = ":"}\''
    gone = "export PATH=$(printf '%%s' \"$PATH\" | " + without + ")"
    return "\n".join(
        scripts(path, "deactivate.d")
        + [
            gone % shlex.quote(path + "/bin"),
            "unset CONDA_PREFIX CONDA_DEFAULT_ENV CONDA_PROMPT_MODIFIER",
            "export CONDA_SHLVL=0",
        ]
    )


def scripts(path, kind):
    folder = os.path.join(path, "etc", "conda", kind)
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [". %s" % shlex.quote(os.path.join(folder, name)) for name in names if name.endswith(".sh")]


def do_init(options):
    path = os.path.expanduser("~/.bashrc")
    mark = "# >>> conda initialize >>>"
    if mark in store.read(path):
        print("no change     %s\nNo action taken." % path)
        return
    with open(path, "a") as handle:
        handle.write(
            "\n%s\n. %s/etc/profile.d/conda.sh\nconda activate base\n# <<< conda initialize <<<\n" % (mark, ROOT)
        )
    print("modified      %s\n\n==> For changes to take effect, close and re-open your current shell. <==\n" % path)
