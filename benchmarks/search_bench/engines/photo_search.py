"""This project as users have it: `photo-search load`, `dbt build`, and its questions."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from photo_search.warehouse import Project
from search_bench.engines import folder_size
from search_bench.filters import widest

ROOT = Path(__file__).parents[3]


class Engine:
    def __init__(self, work: Path) -> None:
        self.work = work
        self.opened = ExitStack()
        self.compiled: dict[str, str] = {}

    def open(self) -> None:
        self.warehouse = self.opened.enter_context(Project(ROOT).open())
        self.any_photo = self.warehouse.compile("any_photo")

    def similar(self, photo_id: str) -> list[tuple[str, float]]:
        return self._nearest(photo_id)

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        return self._nearest(photo_id, exact=True)

    def filtered(self, photo_id: str, share: float) -> list[tuple[str, float]]:
        return self._nearest(photo_id, filters={"photo_width": {"max": widest(share)}})

    def filtered_exact(self, photo_id: str, share: float) -> list[tuple[str, float]]:
        return self._nearest(photo_id, filters={"photo_width": {"max": widest(share)}}, exact=True)

    def downloads_kept(self, photo_id: str) -> list[tuple[str, int]]:
        rows = self._ask("photo_conversions", photo_id)
        return [(row["photo_id"], row["count_downloads"]) for row in rows]

    def size_on_disk(self) -> int:
        return folder_size(self.work)

    def close(self) -> None:
        self.opened.close()

    def _nearest(self, photo_id: str, **arguments: Any) -> list[tuple[str, float]]:
        rows = self._ask("similar_photos", photo_id, **arguments)
        return [(row["photo_id"], row["distance"]) for row in rows]

    def _ask(self, macro: str, photo_id: str, **arguments: Any) -> list[dict[str, Any]]:
        """A question is compiled once, like a prepared statement. Each call inserts its photo."""
        question = f"{macro} {arguments}"
        if question not in self.compiled:
            self.compiled[question] = self.warehouse.compile(
                macro, photo_id=self.any_photo, **arguments
            )
        return self.warehouse.rows(self.compiled[question].replace(self.any_photo, photo_id))
