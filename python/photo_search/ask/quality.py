"""Search quality over builds, and the shape of the vectors now, as dbt measured them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from math import isfinite
from typing import Any

from photo_search.warehouse import Warehouse


@dataclass(frozen=True)
class Build:
    """What one `dbt build` measured: shares from 0 to 1, None where nothing was compared."""

    measured_at: datetime
    embedding_version: str
    count_photos: int
    count_query_photos: int
    recall_at_10: float | None
    keyword_precision_at_10: float | None
    random_precision: float | None


@dataclass(frozen=True)
class Health:
    """All vectors together, as vector_health describes its columns; None for what it has not."""

    count_photos: int
    smallest_norm: float | None
    largest_norm: float | None
    mean_cosine: float | None
    near_duplicate_distance: float
    hubness: float | None
    largest_hub: int
    share_antihubs: float | None
    share_near_duplicates: float | None


@dataclass(frozen=True)
class Bin:
    """Photos from `bin_from` up to `bin_to`. Numbers count from 0, empty bins are left out."""

    bin_number: int
    bin_from: float
    bin_to: float
    count_photos: int


@dataclass(frozen=True)
class Quality:
    """Builds, the earliest first, and histograms: how often photos are neighbours, and how near."""

    builds: Sequence[Build]
    health: Health
    occurrences: Sequence[Bin]
    nearest_distances: Sequence[Bin]


def read_quality(warehouse: Warehouse) -> Quality:
    """Raises NotBuiltError or WarehouseError. NaN and infinity are None."""
    warehouse.require_built("search_quality", "vector_health", "photo_neighbours")
    builds, [health] = (
        warehouse.rows(
            f"select {', '.join(field.name for field in fields(kind))}"
            f" from {warehouse.relation(model)} order by 1"
        )
        for model, kind in (("search_quality", Build), ("vector_health", Health))
    )
    bins: dict[str, list[Bin]] = {"occurrences": [], "nearest_distance": []}
    for row in warehouse.rows(warehouse.compile("vector_histograms")):
        bins[row.pop("histogram")].append(Bin(**row))
    return Quality(
        [Build(**_finite(row)) for row in builds],
        Health(**_finite(health)),
        bins["occurrences"],
        bins["nearest_distance"],
    )


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in row.items()
    }
