"""The main job on MyScale 1.x. With its own file, both generations run at the same time."""

from demo import Demo
from myscale.conftest import Warehouses
from myscale.test_end_to_end import (
    every_question_is_answered_as_by_chdb,
    the_index_is_of_the_edition_and_built,
    the_life_of_a_database,
)
from myscale.warehouse import Variant


def test_a_database_can_be_loaded_built_appended_to_and_changed(
    standins: Warehouses, demo: Demo
) -> None:
    the_life_of_a_database(standins(Variant(1, "oss")), demo)


def test_a_cloud_server_builds_and_searches_its_own_type_of_index(
    standins: Warehouses, demo: Demo
) -> None:
    """Only the index differs between the editions, so the other tables are not tested again."""
    warehouse = standins(Variant(1, "cloud"))
    warehouse.run("build", "--exclude-resource-type", "test", "unit_test").check()
    warehouse.run("test", "--select", "photos").check()
    the_index_is_of_the_edition_and_built(warehouse)
    every_question_is_answered_as_by_chdb(warehouse, demo)
