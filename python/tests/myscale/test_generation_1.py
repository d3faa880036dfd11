"""The main job on MyScale 1.x; a file of its own, so that both generations are tested at once."""

import pytest

from demo import Demo
from myscale.conftest import Warehouses
from myscale.test_end_to_end import the_life_of_a_database
from myscale.warehouse import Variant


@pytest.mark.parametrize("edition", ["cloud", "oss"])
def test_the_life_of_a_database(edition: str, standins: Warehouses, demo: Demo) -> None:
    the_life_of_a_database(standins(Variant(1, edition)), demo)
