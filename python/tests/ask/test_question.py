"""Questions as macro calls."""

import jinja2
import pytest

from photo_search.ask.question import Question

FULL = Question("--a", top_k=3, filters={"location_country": "o'br\"\\ien é"}, exact=True)


def test_the_call_names_only_arguments_that_differ_from_the_defaults():
    assert Question("a").call == '{{ photo_conversions(top_k=12, photo_id="a") }}'


def test_popularity_calls_popular_similar_photos():
    assert Question("a", popularity=0.25).call == (
        '{{ popular_similar_photos(top_k=12, photo_id="a", similarity_weight=0.75, '
        "popularity_weight=0.25) }}"
    )


@pytest.mark.parametrize("question", [FULL, Question(vector=[0.5, -1e-7])])
def test_the_call_gives_jinja_the_same_arguments_as_dbt(question):
    given = {}
    environment = jinja2.Environment()
    environment.globals["photo_conversions"] = lambda **arguments: given.update(arguments)
    environment.from_string(question.call).render()
    assert given == question.arguments
