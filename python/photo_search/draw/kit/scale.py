"""How long the bar of a distance is, and with how many digits it is written."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The common scale of all distances on a page: 0 to `longest`."""

    longest: float

    def share(self, distance: float) -> str:
        """The length of a distance's bar in per cent of the full length."""
        return f"{100 * distance / self.longest if self.longest else 0:.2f}%"

    def text(self, distance: float) -> str:
        """A distance with as many decimals as give the longest one four significant digits."""
        magnitude = math.floor(math.log10(self.longest)) if self.longest else 0
        return f"{distance:.{max(0, 3 - magnitude)}f}"
