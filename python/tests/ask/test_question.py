"""Questions as macro calls, and what is known of the photos in an answer."""

from pathlib import Path

import jinja2
import pytest

from photo_search.ask.photos import MOST_AT_ONCE, Photo, read_photos, similar_photo
from photo_search.ask.question import Question
from photo_search.ask.search import search
from photo_search.errors import QuestionError

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


@pytest.mark.parametrize(("words", "picture"), [("a bee", Path("bee.jpg")), ("", None)])
def test_a_search_is_for_words_or_else_for_a_picture(words, picture):
    with pytest.raises(QuestionError, match="Say what to search for"):
        search(None, "data", words, picture, 10)


def test_a_photo_at_the_very_limit_is_a_near_duplicate():
    row = {"similarity_rank": 1, "distance": 0.25, "is_most_popular": False}
    photo = Photo("a", "00", 20, 10, "v1")
    marked = [similar_photo(photo, row, limit).is_near_duplicate for limit in (0.25, 0.24)]
    assert marked == [True, False]


def test_what_a_person_wrote_comes_before_what_a_model_guessed():
    assert (
        Photo("a", "00", 1, 1, "v1", photo_description="b", ai_description="c").description == "b"
    )
    assert Photo("a", "00", 1, 1, "v1", ai_description="c").description == "c"


def test_a_camera_is_named_with_its_make_once():
    makes = [("Canon", "Canon EOS 5D"), ("SONY", "ILCE-7M3"), (None, "X-T2"), ("Canon", None)]
    shown = [Photo("a", "00", 1, 1, "v1", camera_make=a, camera_model=b).camera for a, b in makes]
    assert shown == ["Canon EOS 5D", "SONY ILCE-7M3", "X-T2", "Canon"]


def test_a_photo_without_a_known_thumbnail_has_its_own_proportions():
    assert Photo("a", "", 0, 0, "v1", photo_width=4000, photo_height=2000).shown_size == (200, 100)


def test_photos_are_read_a_hundred_at_a_time_and_all_of_them():
    class Answers:
        """A warehouse whose statements are the ids that they ask for."""

        def compile(self, macro, photo_ids, keywords_per_photo):
            return photo_ids

        def rows(self, photo_ids):
            assert len(photo_ids) <= MOST_AT_ONCE
            return [vars(Photo(photo_id, "", 1, 1, "v1")) for photo_id in photo_ids]

    ids = [f"p{number}" for number in range(2 * MOST_AT_ONCE + 50)]
    assert list(read_photos(Answers(), ids)) == ids
