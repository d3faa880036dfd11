"""Jinja as every page needs it."""

import re
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from photo_search.draw.kit import links

# Control characters and those that reorder the text around them; tab and newline are harmless.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def page_environment(package: str) -> Environment:
    """The templates of `package` and of this one: values escaped, unseen characters replaced."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("photo_search.draw.kit")]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = "{:,}".format
    environment.filters["percent"] = percent
    environment.globals["links"] = links
    return environment


def percent(share: float | None, decimals: int = 1) -> str:
    return "n/a" if share is None else f"{100 * share:.{decimals}f} %"


def seen(value: Any) -> Any:
    """Text with each character that would act unseen replaced by U+FFFD."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return UNSEEN.sub("\ufffd", value)
    return value
