# Copyright: (c) 2026, ascend.fleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are on a host unless the user says otherwise.

What a module takes by itself. The ascend_* variables of a play (roles/ascend/meta/argument_specs.yml) have the same.
"""

# Source: the default of --install-path in the vendor's installers.
INSTALL_PATH = "/usr/local/Ascend"
ENV_ROOT = "/opt/ascend/envs"
STATE_DIR = "/var/lib/ascend-fleet"
# The frameworks that can have a proof beside that of a host's first one.
PROVEN = ("mindspore", "torch")


def proof_file(state_dir, framework=None):
    """Where the proof of a host's first framework is, or that of another."""
    return "%s/proofs/inference%s.json" % (state_dir, "-" + framework if framework else "")
