"""Whether dbt has built what a page reads."""

from photo_search.errors import NotBuiltError
from photo_search.warehouse import Warehouse


def require_built(warehouse: Warehouse, *models: str) -> None:
    """Raises NotBuiltError, which says how to build those that have no table."""
    missing = [
        model
        for model in models
        if not warehouse.rows(f"exists table {warehouse.relation(model)}")[0]["result"]
    ]
    if missing:
        raise NotBuiltError(
            f"This page reads {', '.join(missing)}, and there is no such table yet. "
            f"Run `dbt build --select {' '.join(f'+{model}' for model in missing)}`; "
            "chDB serves one process at a time, so stop this page first."
        )
