"""Stand-in for MindFormers @VERSION@, for tests: it installs like the real one and generates nothing."""

__version__ = "@VERSION@"
