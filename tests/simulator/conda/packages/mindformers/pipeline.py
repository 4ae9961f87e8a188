"""Where the real one has its tasks."""


def pipeline(task, model=None, **_options):
    raise RuntimeError("this is a stand-in of MindFormers @VERSION@: it cannot do %s with %s" % (task, model))
