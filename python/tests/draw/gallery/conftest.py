"""The rows that the gallery is drawn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from demo import Demo
from photo_search.ask.showcases import Showcase, read_showcases
from photo_search.warehouse import Warehouse
from warm_project import REPOSITORY


class Answers(NamedTuple):
    """What the SQL answers, by the gallery's own statement and by queries of the marts."""

    showcases: Sequence[Showcase]
    similar: Sequence[Mapping[str, Any]]
    downloads: Mapping[str, int]
    asked: Sequence[tuple[str, Sequence[str]]]
    """Macros that the gallery called, and for which photos."""


@dataclass(frozen=True)
class Recorded(Warehouse):
    """A warehouse that records its queries."""

    asked: list[tuple[str, Sequence[str]]] = field(default_factory=list)

    def compile(self, macro: str, **arguments: Any) -> str:
        self.asked.append((macro, arguments["photo_ids"]))
        return super().compile(macro, **arguments)


@pytest.fixture(scope="session")
def answers(demo: Demo) -> Answers:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        for name, value in demo.dbt.environment.items():
            patch.setenv(name, value)
        with demo.project.open() as warehouse:
            showcases = read_showcases(recorded := Recorded(warehouse.manifest, warehouse.adapter))
            similar = warehouse.rows(
                f"select * from {warehouse.relation('showcase_similar_photos')}"
                " order by showcase_order, similarity_rank"
            )
            downloads = warehouse.rows(f"select * from {warehouse.relation('photo_downloads')}")
    return Answers(
        showcases,
        similar,
        {row["photo_id"]: row["count_downloads"] for row in downloads},
        recorded.asked,
    )
