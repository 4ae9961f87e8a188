"""Stand-in for MindSpore @VERSION@ on Ascend, for tests: it computes nothing, and says how it was set up."""

import json
import os
import sys

__version__ = "@VERSION@"
GRAPH_MODE, PYNATIVE_MODE = 0, 1
_context = {"device_target": "Ascend", "device_id": 0, "mode": GRAPH_MODE}


def set_context(**values):
    if values.get("device_target", "Ascend") not in ("Ascend", "CPU"):
        raise ValueError("Unsupported device_target %r" % values["device_target"])
    _context.update(values)


def get_context(name):
    return _context[name]


def set_seed(seed):
    _context["seed"] = seed


def setup():
    """What the real package would meet when it starts: conda's record, CANN's parts, the driver."""
    found = {"version": __version__, "prefix": sys.prefix, "python": sys.version.split()[0], "wheels": {}}
    try:
        with open(os.path.join(sys.prefix, "share", "mindspore-ascend", "setup.json")) as handle:
            found["installed"] = json.load(handle)
    except (IOError, OSError, ValueError):
        found["installed"] = None
    for name in ("te", "topi", "hccl"):
        try:
            found["wheels"][name] = getattr(__import__(name), "__cann_version__", "unknown")
        except ImportError:
            found["wheels"][name] = None
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    found["cann"] = [path for path in libraries if "/nnae/" in path or "/ascend-toolkit/" in path]
    found["driver"] = [path for path in libraries if "/driver/" in path]
    found["opp"] = os.environ.get("ASCEND_OPP_PATH")
    return found


def run_check():
    """The words of the real one; it reports a failure in words only, as the real one does."""
    print("MindSpore version:  %s" % __version__)
    found = setup()
    wrong = ["%s wheel" % name for name, version in sorted(found["wheels"].items()) if version is None]
    wrong += [name for name in ("cann", "driver", "opp") if not found[name]]
    if wrong and _context["device_target"] == "Ascend":
        print("[ERROR] MindSpore is not installed correctly: %s missing" % ", ".join(wrong))
        return
    print("The result of multiplication calculation is correct, MindSpore has been installed successfully!")
