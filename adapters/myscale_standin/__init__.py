"""A strict stand-in for MyScale, for tests: see README.md beside this file."""

from .standin import MyScaleStandIn

__all__ = ["MyScaleStandIn"]
