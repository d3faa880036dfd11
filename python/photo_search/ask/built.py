"""Whether dbt has built what an answer needs."""

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
            f"There is no table for {' or '.join(missing)} yet. "
            f"Run `dbt build --select {' '.join(f'+{model}' for model in missing)}`. "
            "If the search page uses chDB, stop it first."
        )
