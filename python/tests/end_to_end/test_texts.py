"""Numbers, times and keywords as other programs write them, from the files to the answers."""

# ruff: noqa: RUF001 (letters that look like others are what is tested)

import random
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_questions import ask_all, call, show

from demo import Demo
from myscale_standin import MyScaleStandIn
from myscale_standin.client import Client
from truth import ASSIGNED, folded

PHOTOS = {
    "photo_featured": ["True", "true", "1", "False", "maybe"],
    "photo_width": ["3000.0", "900", "3e3", "tall", "inf"],
    "photo_height": ["2000.0", "1e3", "3,000", "2000", "2000"],
    "exif_iso": ["400.0", "", "nan", "-400", "None"],
    "photo_submitted_at": [
        *("2025-07-01 01:27:06,254", "1751333226", "2025-07-01T01:27:06+02:00"),
        *("9999-12-31", "yesterday"),
    ],
}
KEYWORDS = ["кот", "Кот", "КОТ", "éclair", "Éclair", "E\u0301CLAIR"]
KEYWORDS += ["pasta", "pasta\u00a0", "\u3000pasta", "\ufeffpasta", "pas\u200bta"]
TIMES = ["2025-07-01 01:00:00", "1751331600", "2025-07-01T03:00:00+02:00", "9999-01-01 00:00:00"]
TIMES += ["2026-10-01 00:00:00", "nonsense", None, *["2160-05-01 00:00:00"] * 12]
STRAY = "a stray"
UNUSED = "never-used1"  # by anybody who typed a keyword


@pytest.fixture(scope="module")
def foreign(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo. Five of its photos and some added downloads are as other programs write them."""
    whole = tmp_path_factory.mktemp("foreign") / "whole"
    shutil.copytree(demo.data, whole, symlinks=True)
    photos = pq.read_table(demo.data / "photos.parquet")
    for name, texts in PHOTOS.items():
        at = photos.schema.get_field_index(name)
        column = pa.array([*texts, *photos[name].to_pylist()[len(texts) :]], pa.string())
        photos = photos.set_column(at, photos.schema.field(at), column)
    pq.write_table(photos, demo.data / "photos.parquet")
    conversions = pq.read_table(demo.data / "conversions.parquet")
    searched = len(KEYWORDS) + len(TIMES)
    count = searched + 2
    cells: dict[str, list[Any]] = {
        "photo_id": [*photos["photo_id"].to_pylist()[:1] * searched, UNUSED, UNUSED],
        "keyword": [*KEYWORDS, *[STRAY] * len(TIMES), None, " "],
        "converted_at": [
            *["2025-07-01 01:00:00"] * len(KEYWORDS),
            *TIMES,
            *["2025-07-01 01:00:00"] * 2,
        ],
        "conversion_type": ["download"] * count,
        "anonymous_user_id": [f"user {row}" for row in range(count)],
    }
    columns = [cells.get(name, [None] * count) for name in conversions.schema.names]
    added = pa.table(columns, schema=conversions.schema)
    pq.write_table(pa.concat_tables([conversions, added]), demo.data / "conversions.parquet")
    demo.dbt.load("--data", str(demo.data)).check()
    models = ["photos", "conversions", "photo_downloads", "photo_keywords"]
    demo.dbt.run("run", "--select", *models).check()
    yield demo
    shutil.rmtree(demo.data)
    whole.rename(demo.data)


def test_numbers_booleans_and_times_are_read_in_every_known_format(foreign: Demo) -> None:
    ids = pq.read_table(foreign.data / "photos.parquet")["photo_id"].to_pylist()[:5]
    rows = show(
        foreign,
        "select photo_id, is_featured, photo_width, photo_height, iso, orientation,"
        " substring(toString(submitted_at), 1, 23) as submitted from {{ ref('photos') }}"
        f" where photo_id in {tuple(ids)}",
    )
    found = {row["photo_id"]: tuple(row.values())[1:] for row in rows}
    assert [found[photo_id] for photo_id in ids] == [
        (True, 3000, 2000, 400, "landscape", "2025-07-01 01:27:06.254"),
        (True, 900, 1000, None, "portrait", "2025-07-01 01:27:06.000"),
        (True, 3000, 3000, None, "square", "2025-06-30 23:27:06.000"),
        (False, None, 2000, None, None, None),
        (None, None, 2000, None, None, None),
    ]


def test_a_warning_counts_unreadable_values_by_column(foreign: Demo) -> None:
    tested = foreign.dbt.run("test", "--select", "every_number_and_time_can_be_read").check().output
    assert "WARN 5 every_number_and_time_can_be_read" in tested
    said = re.sub(r"\s+", " ", tested)
    for sentence in (
        'conversions.converted_at in 2 rows, such as "9999-01-01 00:00:00",',
        'photos.exif_iso in 1 rows, such as "-400",',
        'photos.photo_featured in 1 rows, such as "maybe",',
        'photos.photo_submitted_at in 2 rows, such as "9999-12-31",',
        'photos.photo_width in 2 rows, such as "inf". Correct the',
    ):
        assert sentence in said


def test_a_download_with_an_unreadable_time_is_kept(foreign: Demo) -> None:
    sent = pq.read_table(foreign.data / "conversions.parquet")
    [counted] = show(
        foreign,
        "select (select count() from {{ ref('conversions') }}) as conversions,"
        " (select sum(count_downloads) from {{ ref('photo_downloads') }}) as downloads",
    )
    orphans = counted["conversions"] - counted["downloads"]
    ids = set(pq.read_table(foreign.data / "photos.parquet")["photo_id"].to_pylist())
    assert counted["conversions"] == sent.group_by(sent.schema.names).aggregate([]).num_rows
    assert orphans == sum(photo_id not in ids for photo_id in sent["photo_id"].to_pylist())
    strays = [
        row
        for row in ask_all(foreign, call("keyword_rollup", by=["keyword", "month"], limit=10**6))[0]
        if row["keyword"] == STRAY
    ]
    assert {row["month"]: row["count_downloads"] for row in strays} == {
        **{"2025-07-01": 3, "2026-10-01": 1, "2160-05-01": 12},
        None: 3,
    }


def test_downloads_without_a_keyword_count_for_their_photo_and_for_no_keyword(
    foreign: Demo,
) -> None:
    [photo_id] = pq.read_table(foreign.data / "photos.parquet")["photo_id"].to_pylist()[:1]
    unused = {"photo_id": UNUSED}
    rolled, counted, popular = ask_all(
        foreign,
        call("keyword_rollup", by=["device"]),
        call("photo_conversions", photo_id=photo_id, filters=unused),
        call("popular_keywords", photo_id=photo_id, filters=unused),
    )
    [downloads] = show(
        foreign, "select sum(count_downloads) as n from {{ ref('photo_downloads') }}"
    )
    assert sum(row["count_downloads"] for row in rolled) == downloads["n"] - 2
    assert [(row["count_downloads"], row["is_most_popular"]) for row in counted] == [(2, True)]
    assert popular == []


def test_a_second_build_finds_the_downloads_without_a_time_unchanged(foreign: Demo) -> None:
    added = "select uniqExact(added_at) as builds, count() as rows from {{ ref('conversions') }}"
    before = show(foreign, added)
    foreign.dbt.run("run", "--select", "conversions").check()
    assert show(foreign, added) == before


def test_stray_dates_do_not_move_the_period_of_trends(foreign: Demo) -> None:
    default, named = ask_all(
        foreign,
        call("trending_keywords", limit=1000),
        call("trending_keywords", limit=1000, until="2026-07-01"),
    )
    assert default == named != []


def test_all_spellings_of_a_keyword_are_one_keyword_and_each_finds_it(foreign: Demo) -> None:
    asked = ["кОТ", "E\u0301clair", "\u00a0PASTA\u200b"]
    answers = ask_all(
        foreign,
        call("keyword_rollup", limit=10**6),
        *(call("photos_for_keyword", keyword=keyword) for keyword in asked),
        call("related_keywords", keyword="КОТ", minimum_photos=1),
    )
    counts = {row["keyword"]: row["count_downloads"] for row in answers[0]}
    assert [counts.get(keyword) for keyword in ("кот", "éclair", "pasta")] == [3, 3, 5]
    assert [[row["count_keyword_downloads"] for row in rows] for rows in answers[1:4]] == [
        *([3], [3], [5])
    ]
    assert "pasta" in {row["keyword"] for row in answers[4]}


# ------------------------------------------------------------ folding, compared with Python's


@pytest.fixture(scope="module")
def words() -> list[str]:
    """Every character that folding changes, some other characters, and words of both."""
    rng = random.Random(20)
    dashes = set("–—−")  # clickhouse-local reads them as the -- of an option
    characters = [c for c in ASSIGNED if not dashes & set(c + (folded(c) or ""))]
    changed = [c for c in characters if folded(c) != c]
    plain = rng.sample(characters, 1000)
    return [
        *changed,
        *plain,
        *("".join(rng.choices(changed, k=rng.randint(2, 8))) for _ in range(1000)),
        *("".join(rng.choices(changed + plain, k=rng.randint(2, 8))) for _ in range(1000)),
    ]


@pytest.mark.parametrize("engine", ["chdb", "generation 1", "generation 2"])
def test_every_engine_folds_as_python_does_and_folding_twice_changes_nothing(
    demo: Demo, words: list[str], engine: str
) -> None:
    compiled = demo.dbt.run("--quiet", "compile", "--inline", "{{ fold_keyword('word') }}").check()
    fold = f"select {compiled.output.strip()} from (select arrayJoin([%s]) as word)"
    with _engine(engine) as rows:
        found = [word for (word,) in rows(fold % ", ".join(map(_literal, words)))]
        again = [word for (word,) in rows(fold % ", ".join(map(_literal, filter(None, found))))]
    wrong = [(word, fold) for word, fold in zip(words, found, strict=True) if fold != folded(word)]
    assert wrong == []
    assert again == [word for word in found if word]


def _literal(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


@contextmanager
def _engine(name: str) -> Iterator[Callable[[str], Sequence[Sequence[Any]]]]:
    if name == "chdb":
        with clickhouse_connect.get_client(interface="chdb") as client:
            yield lambda sql: client.query(sql).result_rows
    else:
        with MyScaleStandIn(int(name[-1]), "oss") as standin:
            yield Client(standin).rows
