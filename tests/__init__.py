"""Everything that tests the collection, run from the root: `pytest tests/unit`, `python -m tests.faults.run`."""
