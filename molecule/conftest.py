"""A file of tests can be about some of its hosts: `testinfra_hosts` counts although the verifier names a group."""


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if _concerns(item)]


def _concerns(item):
    wanted = getattr(item.module, "testinfra_hosts", None)
    return wanted is None or item.callspec.params["_testinfra_host"].backend.host in wanted
