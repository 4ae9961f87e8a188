"""Stand-in for vllm built with VLLM_TARGET_DEVICE=empty: it finds the platforms that are there, and serves nothing."""

from importlib.metadata import entry_points

from .version import __version__


def platforms():
    """The classes of the platforms that say they are there, by name."""
    found = {point.name: point.load()() for point in entry_points(group="vllm.platform_plugins")}
    return {name: place for name, place in found.items() if place}


__all__ = ["__version__", "platforms"]
