"""Each file is about one of the two hosts: its `testinfra_hosts` counts although the command line names a group."""


def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if _host_of(item) in item.module.testinfra_hosts]


def _host_of(item):
    return item.callspec.params["_testinfra_host"].backend.host
