"""Each test of search quality fails when its fault is put into a built database."""

import re

import pytest

from demo import Demo

FAULTS = {
    "an index that forgets": (
        [
            "alter table {photos} drop index photo_embed_index",
            "alter table {photos} add index photo_embed_index photo_embed "
            "type vector_similarity('hnsw', 'cosineDistance', 512, 'b1', 2, 2)",
            "alter table {photos} materialize index photo_embed_index settings mutations_sync = 2",
        ],
        "FAIL 1 vector_search_recall_at_k_photos",
    ),
    "another vector": (
        [
            "alter table {photos} update photo_embed = ("
            "select photo_embed from {photos} order by cityHash64(photo_id) desc limit 1"
            ") where photo_id = (select min(photo_id) from {canaries}) settings mutations_sync = 2"
        ],
        "FAIL 1 vector_search_canaries_are_unchanged_photos",
    ),
    "a canary that is not there": (
        ["delete from {photos} where photo_id = (select max(photo_id) from {canaries})"],
        "2 of 3 canary vectors are of rows and of the version in",
    ),
    "two versions": (
        [
            "alter table {photos} update embedding_version = 'another' "
            "where photo_id = 'H2YYHXTXg_1' settings mutations_sync = 2"
        ],
        "FAIL 2 vector_search_has_one_version_photos_embedding_version",
    ),
    "words at random": (
        [
            "alter table {keywords} update canonical_keyword = "
            "toString(cityHash64(photo_id, keyword) % 9) where true settings mutations_sync = 2"
        ],
        "WARN 1 keyword_precision_at_k_photo_keywords",
    ),
    "a conversion that stands twice": (
        ["insert into {conversions} select * from {conversions} limit 1"],
        "FAIL 1 is_unique_within_conversions_conversion_id__converted_on",
    ),
    "vectors that are all alike": (
        ["alter table {health} update mean_cosine = 0.99 where true settings mutations_sync = 2"],
        "WARN 1 is_between_vector_health_0__0_9__mean_cosine",
    ),
}
SENTENCES = [
    r"FAIL vector_search_recall_at_k_photos_: Searches through the vector index of photos find "
    r"[\d.]+ % of the true nearest rows, and must find at least 95 %\. "
    r"Run `dbt build --full-refresh --select photos`",
    r"FAIL vector_search_canaries_are_unchanged_photos_\S*: 1 canary vectors have changed\. "
    r"That of \S+ has a cosine of -?0\.\d+ with its old one\. If you expect this, freeze new ones",
    r"FAIL vector_search_has_one_version_photos_embedding_version: photos has vectors of 2 "
    r"embedding versions, and distances between them mean nothing\. "
    r"Run `photo-search embed --re-embed`",
    r"WARN keyword_precision_at_k_photo_keywords_: [\d.]+ % of similar photos share a search word, "
    r"and [\d.]+ % of random photos do\. This is ordinary with few downloads",
    r"FAIL is_unique_within_conversions_conversion_id__converted_on: conversions has a repeated "
    r"conversion_id in 1 values of converted_on\. Run `dbt build --full-refresh",
    r"WARN is_between_vector_health_0__0_9__mean_cosine: mean_cosine of vector_health is 0\.99, "
    r"not between 0 and 0\.9\. ",
    r"FAIL relationships_photo_downloads_photo_id__photo_id__ref_photos_: 1 rows of "
    r"photo_downloads have a photo_id that is not in ref\('photos'\)\. Run `dbt build",
]
TABLES = {
    "photos": "ref('photos')",
    "keywords": "ref('photo_keywords')",
    "conversions": "ref('conversions')",
    "canaries": "ref('canary_vectors')",
    "health": "ref('vector_health')",
}


@pytest.fixture(scope="module")
def tested(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The output of `dbt test` on a database with all the faults."""
    damaged = demo.copy(tmp_path_factory.mktemp("quality") / "demo")
    tables = {name: f'" ~ {relation} ~ "' for name, relation in TABLES.items()}
    statements = [one.format(**tables) for several, _ in FAULTS.values() for one in several]
    run = "".join(f'{{% do run_query("{statement}") %}}' for statement in statements)
    damaged.dbt.run("show", "--inline", f"{run} select 1").check()
    return damaged.dbt.run("test").output


@pytest.mark.parametrize("failure", [failure for _, failure in FAULTS.values()], ids=FAULTS)
def test_a_fault_fails_its_test(tested: str, failure: str) -> None:
    assert failure in tested


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_test_says_what_it_found_and_what_to_do(tested: str, sentence: str) -> None:
    assert re.search(sentence, tested), tested
