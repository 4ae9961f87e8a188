"""Makes the checkout importable as ansible_collections.ascend.fleet, without an installation."""

import importlib

import pytest

from tests.support.paths import link_collection

link_collection()
# pytest.ini names its folder, which may not have been there when Python looked.
importlib.invalidate_caches()


@pytest.fixture(autouse=True)
def _folders_of_tests(tmp_path_factory, monkeypatch):
    """Tests work below /tmp, which everybody may write, and leave nothing in /run."""
    from ansible_collections.ascend.fleet.plugins.module_utils.secure import safe_folder

    monkeypatch.setattr(safe_folder, "TOP", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setattr(safe_folder, "RUN_DIR", str(tmp_path_factory.getbasetemp() / "run"))
