"""A strict stand-in for MyScale, for tests. See README.md in this folder."""

from .standin import MyScaleStandIn

__all__ = ["MyScaleStandIn"]
