"""Work that asks to be called again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Later(Generic[Result]):
    """Returned in place of a result: call `again` after some seconds."""

    seconds: float
    again: "Callable[[], Result | Later[Result]]"
