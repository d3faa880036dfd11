"""The main job on MyScale 1.x; a file of its own, so that both generations are tested at once."""

from demo import Demo
from myscale.conftest import Warehouses
from myscale.test_end_to_end import (
    every_question_is_answered_as_by_chdb,
    the_first_build_is_green_and_without_a_warning,
    the_index_is_of_the_edition_and_built,
    the_life_of_a_database,
)
from myscale.warehouse import Variant


def test_the_life_of_a_database(standins: Warehouses, demo: Demo) -> None:
    the_life_of_a_database(standins(Variant(1, "oss")), demo)


def test_the_index_of_the_cloud(standins: Warehouses, demo: Demo) -> None:
    """All that an edition changes is the index, so this life ends where it has been searched."""
    warehouse = standins(Variant(1, "cloud"))
    the_first_build_is_green_and_without_a_warning(warehouse)
    the_index_is_of_the_edition_and_built(warehouse)
    every_question_is_answered_as_by_chdb(warehouse, demo)
