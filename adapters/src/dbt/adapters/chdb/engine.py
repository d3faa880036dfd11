"""Import chDB in a time zone that it knows."""

import os

_ZONE = os.environ.get("TZ")
# The engine does not load in a zone such as TZ=CST-8, which is not in the tz database. It reads the
# variable only while it loads. No answer depends on it, because every statement names UTC.
os.environ["TZ"] = "UTC"
try:
    import chdb
finally:
    if _ZONE is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = _ZONE

__all__ = ["chdb"]
