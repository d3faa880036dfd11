"""Filters on the width that keep a known share of the photos. The invented widths are uniform."""

NARROWEST, TOO_WIDE = 1_500, 8_000  # pixels
SHARES = (0.5, 0.08, 0.01, 0.001)


def widest(share: float) -> int:
    """The greatest width that this share of all photos does not exceed."""
    return NARROWEST + round(share * (TOO_WIDE - NARROWEST)) - 1
