"""What the gallery is drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pytest

from demo import Demo
from photo_search.gallery.rows import Showcase, read_showcases
from warm_project import REPOSITORY


class Answers(NamedTuple):
    """What the SQL answers: by the gallery's own statement, and by asking the marts themselves."""

    showcases: Sequence[Showcase]
    similar: Sequence[Mapping[str, Any]]
    downloads: Mapping[str, int]


@pytest.fixture(scope="session")
def answers(demo: Demo) -> Answers:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        for name, value in demo.dbt.environment.items():
            patch.setenv(name, value)
        with demo.project.open() as warehouse:
            showcases = read_showcases(warehouse)
            similar = warehouse.rows(
                f"select * from {warehouse.relation('showcase_similar_photos')}"
                " order by showcase_order, similarity_rank"
            )
            downloads = warehouse.rows(f"select * from {warehouse.relation('photo_downloads')}")
    return Answers(
        showcases, similar, {row["photo_id"]: row["count_downloads"] for row in downloads}
    )
