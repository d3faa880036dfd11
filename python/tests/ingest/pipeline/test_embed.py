import io
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.pipeline.conftest import LIMITS, World, folder_job, jpeg, write_dataset, write_folder
from photo_search.errors import (
    DatasetError,
    EmbeddingVersionError,
    ModelError,
    Reason,
    TooManyFailuresError,
)
from photo_search.ingest.dataset.shapes import PHOTOS
from photo_search.ingest.embedding.encoder import Vectors
from photo_search.ingest.embedding.preprocess import Pixels
from photo_search.ingest.pipeline.chunk import _embed
from photo_search.ingest.pipeline.embed import Options, run_embed
from photo_search.ingest.pipeline.output import STOPPED_FILE, write_failures
from photo_search.ingest.pipeline.parquet import open_parquet
from photo_search.ingest.pipeline.prepare import Prepared
from photo_search.storage import Folder
from photo_server import Request


def test_every_photo_has_its_own_vector_or_a_failure(world: World) -> None:
    world.add(*range(40))
    bad = {
        "gone": lambda request: request.send(404),
        "denied": lambda request: request.send(403),
        "server_error": lambda request: request.send(500),
        "not_image": lambda request: request.send(200, b"<html>"),
        "truncated": lambda request: request.send(200, jpeg(0)[:-2]),
    }
    for name, answer in bad.items():
        world.photos[name] = world.server.set(f"/{name}", answer)
    world.photos["forbidden_host"] = "https://images.unsplash.com-grass-sun.jpg/"
    world.photos["not an id"] = world.server.url + "/p000"
    summary = world.run()
    names = [name for name in world.photos if name.startswith("p0")]
    assert world.read()["photo_id"].to_pylist() == names
    assert world.failures() == {
        **{name: name for name in [*bad, "forbidden_host"]},
        "not an id": "bad_id",
    }
    assert (summary.photos, summary.tried, sum(summary.failures.values())) == (40, 47, 7)
    attempts = world.read("photo_failures").select(["photo_id", "attempts", "is_retryable"])
    assert attempts.filter(attempts["is_retryable"]).to_pylist() == [
        {"photo_id": "server_error", "attempts": 4, "is_retryable": True}
    ]
    together = world.vectors()
    for name in ("p000", "p017", "p039"):
        alone = World(world.server, world.folder / name, photos={name: world.photos[name]})
        alone.folder.mkdir()
        alone.run()
        assert np.dot(alone.vectors()[name], together[name]) > 0.999999


@pytest.mark.parametrize("bad", range(0, 33, 4))
def test_a_bad_picture_does_not_shift_the_others(world: World, bad: int) -> None:
    world.add(*range(34))
    world.run()
    expected = world.vectors()
    broken = World(world.server, world.folder / "broken", photos=dict(world.photos))
    broken.folder.mkdir()
    broken.server.set_body(f"/p{bad:03}", b"no picture")
    broken.run()
    del expected[f"p{bad:03}"]
    found = broken.vectors()
    assert list(found) == list(expected)
    assert np.allclose(list(found.values()), list(expected.values()), atol=1e-6)


def test_the_files_have_the_documented_columns(world: World) -> None:
    world.add(0)
    world.photos["gone"] = world.server.url + "/gone"
    summary = world.run()
    schema = world.read().schema
    thumbnail = ["thumbnail_url", "thumbnail_sha256", "thumbnail_width", "thumbnail_height"]
    assert schema.names == [*PHOTOS.columns, *thumbnail, "photo_embed", "embedding_version"]
    nullable = {field.name for field in schema if field.nullable}
    assert nullable == set(PHOTOS.columns) - {"photo_id", "photo_image_url"}
    vector = schema.field("photo_embed").type
    assert vector.value_type == pa.float32()
    assert not vector.value_field.nullable
    assert schema.metadata[b"photo_search.embedding_version"].decode() == summary.embedding_version
    assert b'"model": "demo"' in schema.metadata[b"photo_search.embedding"]
    row = world.read().to_pylist()[0]
    assert (row["thumbnail_width"], row["thumbnail_height"]) == (200, 150)
    assert row["thumbnail_url"] == f"{world.server.url}/p000?q=75&fm=jpg&w=200&fit=max"
    assert len(row["photo_embed"]) == 512
    assert abs(np.linalg.norm(row["photo_embed"]) - 1) < 1e-6
    sha256 = row["thumbnail_sha256"]
    assert (world.out / "thumbnails" / sha256[:2] / f"{sha256}.jpg").read_bytes() == jpeg(0)
    column = pq.ParquetFile(world.out / "photos.parquet").metadata.row_group(0).column(35)
    assert column.path_in_schema == "photo_embed.list.element"
    assert "DICTIONARY" not in str(column.encodings)
    assert all(not field.nullable for field in world.read("photo_failures").schema)


def test_a_run_without_new_photos_sends_no_request_and_loads_no_model(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*range(3))
    world.photos["gone"] = world.server.url + "/gone"
    world.run()
    before = (world.out / "photos.parquet").read_bytes()
    world.server.requests.clear()
    monkeypatch.setattr("photo_search.ingest.pipeline.chunk._encoder", None)
    assert world.run().tried == 0
    assert not world.server.requests
    assert (world.out / "photos.parquet").read_bytes() == before


def test_a_run_computes_only_new_photos_wherever_they_are_in_the_dataset(world: World) -> None:
    world.add(1, 2)
    world.run()
    world.server.requests.clear()
    old = dict(world.photos)
    world.photos.clear()
    world.add(0)
    world.photos |= old
    world.run()
    assert world.server.requests == {"/p000": 1}
    assert list(world.vectors()) == ["p000", "p001", "p002"]


def test_a_photo_whose_address_was_corrected_is_fetched_again(world: World) -> None:
    world.add(0, 1)
    world.run()
    before = world.vectors()
    world.photos["p000"] = world.server.set_body("/mended", jpeg(99))
    world.run()
    assert np.dot(world.vectors()["p000"], before["p000"]) < 0.999999
    assert world.vectors()["p001"] == before["p001"]


def test_only_temporary_failures_are_requested_again_without_recheck(world: World) -> None:
    world.add(0)
    for name, status in [("gone", 404), ("broken", 500)]:
        world.photos[name] = world.server.set(f"/{name}", lambda r, s=status: r.send(s))
    world.run()
    world.server.requests.clear()
    world.add(1)
    assert world.run(retry_failed=True).photos_not_tried == 1
    assert world.server.requests == {"/broken": 4}
    world.server.set_body("/broken", jpeg(5))
    world.server.requests.clear()
    assert world.run().failures == {"gone": 1}
    assert world.server.requests == {"/broken": 1, "/p001": 1}
    world.server.requests.clear()
    world.run(recheck=True)
    assert world.server.requests == {"/gone": 1}


def test_limit_takes_the_first_photos_and_later_runs_add_the_rest(world: World) -> None:
    world.add(*range(5))
    assert world.run(limit=2).photos == 2
    assert list(world.vectors()) == ["p000", "p001"]
    world.server.requests.clear()
    assert world.run().photos == 5
    assert sum(world.server.requests.values()) == 3


def test_vectors_of_two_versions_are_never_mixed(world: World) -> None:
    world.add(0, 1)
    first = world.run()
    job = world.job()
    other = replace(job, spec=replace(job.spec, precision="bfloat16"))
    with pytest.raises(EmbeddingVersionError, match=f"{first.embedding_version}.*--re-embed"):
        world.run(other)
    world.server.requests.clear()
    second = world.run(other, re_embed=True)
    assert second.embedding_version != first.embedding_version
    assert world.read()["embedding_version"].to_pylist() == [second.embedding_version] * 2
    assert not world.server.requests  # the thumbnails were kept
    assert [path.name for path in (world.out / "parts").iterdir()] == [second.embedding_version]


def test_a_run_with_too_many_failures_stops_and_keeps_its_photos(world: World) -> None:
    world.add(*range(16))
    for number in range(100):
        world.photos[f"gone{number}"] = world.server.url + f"/gone{number}"
    with pytest.raises(TooManyFailuresError, match=r"16 of 32 photos failed \(16 gone\)"):
        world.run(max_failure_rate=0.49)
    assert not (world.out / "photos.parquet").exists()
    assert sorted(path.name for path in world.out.glob("*.parquet")) == [STOPPED_FILE]
    assert world.read("failures_of_stopped_run").num_rows == 16
    world.server.requests.clear()
    assert world.run(max_failure_rate=0.9).photos == 16
    assert not (world.out / STOPPED_FILE).exists()
    assert "/p000" not in world.server.requests


def outputs(folder: Path) -> dict[str, bytes]:
    """The output files and chunks, byte by byte."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*.parquet")
        if path.name != STOPPED_FILE
    }


HEADER = "photo_id\tphoto_image_url\n"


@pytest.mark.parametrize(
    ("photos", "conversions", "error"),
    [
        (HEADER, None, DatasetError),
        (HEADER[:-1], None, DatasetError),
        ("", None, DatasetError),
        (HEADER + "a\nb\nc\n", None, DatasetError),
        (HEADER + "gone\thttps://127.0.0.1:9/gone\n", None, TooManyFailuresError),
        (None, "", DatasetError),
        (None, "photo_id\tkeyword\na\nb\n", DatasetError),
        (None, "photo_id\tkeyword\n';--\tbee\n", DatasetError),
        (None, 'photo_id\tkeyword\na\t"bee\nb\tcat\n', DatasetError),
    ],
    ids=[
        "a header and no photo",
        "a header without a line end",
        "an empty file",
        "malformed photos alone",
        "no photo that can be fetched",
        "empty conversions",
        "malformed conversions alone",
        "conversions without a good id",
        "a swallowed conversion",
    ],
)
def test_an_error_leaves_every_output_file_as_it_was(
    world: World, photos: str | None, conversions: str | None, error: type
) -> None:
    world.add(0)
    world.photos["gone"] = world.server.url + "/gone"
    world.run()
    before = outputs(world.out)
    dataset = world.folder / "dataset"
    if photos is not None:
        (dataset / "photos.tsv000").write_text(photos)
    if conversions is not None:
        (dataset / "conversions.tsv000").write_text(conversions)
    job = world.job(limits=replace(LIMITS, deadline=0.5))
    for re_embed in (False, True):
        if re_embed:
            job = replace(job, spec=replace(job.spec, precision="bfloat16"))
        with pytest.raises(error):
            run_embed(job, Options(dataset, max_failure_rate=1.0, re_embed=re_embed))
    after = outputs(world.out)
    assert {name: after.get(name) for name in before} == before
    assert all(name.startswith("parts/") for name in set(after) - set(before))


@pytest.mark.parametrize("rows", [slice(None, None, -1), slice(1)], ids=["reversed", "shorter"])
def test_a_dataset_that_changes_during_the_run_stops_it(
    world: World, monkeypatch: pytest.MonkeyPatch, rows: slice
) -> None:
    world.add(0, 1)
    dataset = write_dataset(world.folder / "dataset", world.photos.items())

    def replace_dataset(*arguments: Any) -> Any:
        write_dataset(dataset, [*world.photos.items()][rows])
        return write_failures(*arguments)

    monkeypatch.setattr("photo_search.ingest.pipeline.embed.write_failures", replace_dataset)
    with pytest.raises(DatasetError, match="was changed while this run read it"):
        run_embed(world.job(), Options(dataset))
    assert not (world.out / "photos.parquet").exists()


def test_the_last_row_of_a_duplicate_id_counts(world: World) -> None:
    world.add(0, 1, 2)
    rows = [
        ("p000", "https://127.0.0.1/old"),
        *world.photos.items(),
        ("p001", world.photos["p001"]),
    ]
    dataset = write_dataset(world.folder / "dataset", rows)
    summary = run_embed(world.job(), Options(dataset))
    assert list(world.vectors()) == ["p000", "p002", "p001"]
    assert summary.duplicate_photos == 2


def test_ids_that_differ_in_case_are_two_photos_with_two_thumbnails(world: World) -> None:
    world.photos |= {"aB-": world.server.set_body("/1", jpeg(1))}
    world.photos |= {"Ab-": world.server.set_body("/2", jpeg(2))}
    world.run()
    names = [path.name.lower() for path in (world.out / "thumbnails").rglob("*.jpg")]
    assert len(set(names)) == 2
    assert np.dot(*world.vectors().values()) < 0.999999


def test_photos_without_a_usable_id_or_url_are_failures(world: World) -> None:
    world.add(0)
    world.photos |= {"x" * 65: "https://127.0.0.1/a", "": "https://127.0.0.1/b", "no-url": ""}
    world.photos |= {"';--": "https://127.0.0.1/c", "ünï": "https://127.0.0.1/d"}
    world.run()
    assert sorted(world.failures().values()) == ["bad_id"] * 4 + ["forbidden_host"]


def test_every_reason_is_documented() -> None:
    text = (Path(__file__).parents[4] / "docs" / "embedding.md").read_text()
    assert [reason for reason in Reason if f"| `{reason}` |" not in text] == []


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 2.0])
def test_an_invalid_vector_stops_the_run_before_it_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    class BrokenEncoder:
        batch_size = 32

        def __call__(self, pixels: object) -> object:
            return np.full((1, 512), value, np.float32)

    monkeypatch.setattr("photo_search.ingest.pipeline.chunk._encoder", lambda *_: BrokenEncoder())
    world.add(0)
    with pytest.raises(ModelError, match="a length of 1"):
        world.run()
    assert not list(world.out.rglob("*.parquet")) or not (world.out / "photos.parquet").exists()


def cut(content: bytes) -> bytes:
    return content[:-10]


def flip_in_the_middle(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def overwrite(content: bytes) -> bytes:
    return b"no Parquet"


def rename_a_column(content: bytes) -> bytes:
    """In the footer, which has no checksum."""
    return content.replace(b"attempts", b"attemptz")


DAMAGES = [cut, flip_in_the_middle, overwrite]


@pytest.mark.parametrize("damage", [*DAMAGES, rename_a_column])
def test_a_damaged_chunk_is_moved_aside_and_its_photos_are_embedded_again(
    world: World, damage: Callable[[bytes], bytes]
) -> None:
    world.add(*range(3))
    world.run()
    world.add(3)
    world.run()
    before = outputs(world.out)
    part = min((world.out / "parts").rglob("*.parquet"))
    part.write_bytes(damage(part.read_bytes()))
    world.server.requests.clear()
    summary = world.run()
    assert set(world.server.requests) == {"/p000", "/p001", "/p002"}
    assert (world.out / "photos.parquet").read_bytes() == before["photos.parquet"]
    assert part.with_name(f"{part.name}.damaged").exists()
    assert any(f"{part.name} was damaged" in note for note in summary.notes)
    assert world.run().notes == []


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["photos", "conversions"])
def test_a_damaged_output_file_is_written_again(
    world: World, name: str, damage: Callable[[bytes], bytes]
) -> None:
    world.add(0, 1)
    world.run()
    file = world.out / f"{name}.parquet"
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    summary = world.run()
    assert file.read_bytes() == whole
    assert summary.tried == 0
    if (name, damage) != ("photos", flip_in_the_middle):  # every run writes photos.parquet
        assert summary.notes == [f"{name}.parquet was damaged and has been written again."]


def test_conversions_with_damaged_counts_are_written_again(world: World) -> None:
    world.add(0, 1)
    world.run()
    file = world.out / "conversions.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"bad_ids"', b'"bad_idx"'))
    assert world.run().notes == ["conversions.parquet was damaged and has been written again."]
    assert file.read_bytes() == whole


def test_photos_with_a_damaged_version_are_written_again(world: World) -> None:
    world.add(0, 1)
    version = world.run().embedding_version.encode()
    file = world.out / "photos.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(version, b"\xff" + version[1:]))
    world.run()
    assert file.read_bytes() == whole


def test_a_damaged_photos_file_does_not_allow_another_version(world: World) -> None:
    world.add(0)
    first = world.run()
    (world.out / "photos.parquet").write_bytes(b"damaged")
    job = world.job()
    with pytest.raises(EmbeddingVersionError, match=f"{first.embedding_version}.*--re-embed"):
        world.run(replace(job, spec=replace(job.spec, precision="bfloat16")))


def test_after_a_kill_only_the_photos_of_a_damaged_chunk_are_embedded_again(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 100)
    job = folder_job(thumbnails, tmp_path / "out")
    whole = run_embed(job, Options(dataset))
    part = next((tmp_path / "out" / "parts").rglob("*.parquet"))
    table = pq.read_table(part)
    part.unlink()
    slices = part.with_name("000000.slices")
    slices.mkdir()
    for number in range(2):
        rows = table.slice(32 * number, 32)
        pq.write_table(rows, slices / f"{number:04}.parquet", write_page_checksum=True)
    damaged = slices / "0000.parquet"
    damaged.write_bytes(flip_in_the_middle(damaged.read_bytes()))
    summary = run_embed(job, Options(dataset))
    assert (summary.tried, summary.photos) == (68, whole.photos)


def test_all_pages_of_the_files_have_checksums(world: World) -> None:
    world.add(0)
    world.photos["gone"] = world.server.url + "/gone"
    world.run()
    for file in world.out.rglob("*.parquet"):
        content = bytearray(file.read_bytes())
        metadata = pq.read_metadata(file)
        for column in range(metadata.num_columns):
            chunk = metadata.row_group(0).column(column)
            start = chunk.dictionary_page_offset or chunk.data_page_offset
            last = start + chunk.total_compressed_size - 1
            damaged = bytes(content[:last] + bytes([content[last] ^ 1]) + content[last + 1 :])
            with pytest.raises((OSError, ValueError)):
                open_parquet(io.BytesIO(damaged)).read()


def test_the_summary_counts_every_row_of_the_dataset_once(world: World) -> None:
    world.add(*range(4))
    dataset = write_dataset(world.folder / "dataset", world.photos.items())
    hostile = ["", "';--", "x" * 100_000, "ünï", "a b", "p000\0", "-", "\u202e", "%00", "p000\x7f"]
    urls = [
        "",
        "http://[",
        "https://127.0.0.1:x/",
        "//\u2100",
        "\0",
        "file:///etc/passwd",
        "a" * 99_999,
    ]
    rows = [f"{name}\thttps://127.0.0.1:9/{n}" for n, name in enumerate(hostile)]
    rows += [f"u{number}\t{url}" for number, url in enumerate(urls)]
    rows += ["p000\t" + world.photos["p000"], "\thttps://127.0.0.1:9/again", "only-one", "a\tb\tc"]
    with (dataset / "photos.tsv000").open("a") as file:
        file.write("".join(row + "\n" for row in rows))
    with (dataset / "conversions.tsv000").open("a") as file:
        file.write("".join(f"{name}\tbee\n" for name in [*hostile, "p001", "unknown"]) + "a\n")
    for limit in (3, None):
        summary = run_embed(world.job(), Options(dataset, limit=limit, max_failure_rate=1.0))
        counts = (
            summary.photos,
            *summary.failures.values(),
            summary.photos_not_tried,
            summary.duplicate_photos,
            summary.photos_past_limit,
            summary.conversions,
            summary.conversions_without_photo_id,
            summary.conversions_of_other_photos,
            summary.malformed_rows,
        )
        assert sum(counts) == summary.rows_read == 4 + len(rows) + 1 + len(hostile) + 3
    assert summary.photos == 4
    assert summary.malformed_rows == 3
    assert run_embed(world.job(), Options(dataset, max_failure_rate=1.0)) == replace(
        summary, tried=ANY, seconds=ANY
    )


def test_a_limit_also_limits_conversions_and_a_run_without_it_restores_them(world: World) -> None:
    world.add(0, 1, 2)
    rows = ["p000\tbee", "p002\tcat", "unknown\tdog", "p001\tfox", "p000\tant"]
    dataset = write_dataset(world.folder / "dataset", world.photos.items(), *rows)
    for _ in range(2):
        summary = run_embed(world.job(), Options(dataset, limit=2))
        assert world.read("conversions")["keyword"].to_pylist() == ["bee", "fox", "ant"]
        assert summary.conversions_of_other_photos == 2
        assert "1 photos, 2 conversions of other photos" in summary.text()
    assert run_embed(world.job(), Options(dataset, limit=1)).conversions == 2
    assert run_embed(world.job(), Options(dataset)).conversions == 5
    assert world.read("conversions")["keyword"].to_pylist() == ["bee", "cat", "dog", "fox", "ant"]


@pytest.mark.parametrize("limit", [None, 1])
def test_a_dataset_without_conversions_is_embedded(world: World, limit: int | None) -> None:
    world.add(0)
    dataset = write_dataset(world.folder / "dataset", world.photos.items())
    (dataset / "conversions.tsv000").write_text("photo_id\tkeyword\n")
    for _ in range(2):
        summary = run_embed(world.job(), Options(dataset, limit=limit))
        assert (summary.photos, summary.conversions) == (1, 0)
    assert world.read("conversions").num_rows == 0


def test_literal_quotes_keep_all_rows(world: World) -> None:
    world.add(0)
    rows = ['p000\t"bee', "p000\tcat", 'p000\t"12" vinyl"']
    dataset = write_dataset(world.folder / "dataset", world.photos.items(), *rows)
    with pytest.raises(DatasetError, match=r"row 1 \(line 2\).*--literal-quotes"):
        run_embed(world.job(), Options(dataset))
    run_embed(world.job(), Options(dataset, literal_quotes=True))
    assert world.read("conversions")["keyword"].to_pylist() == ['"bee', "cat", '"12" vinyl"']
    with pytest.raises(DatasetError, match=r"row 1 \(line 2\)"):
        run_embed(world.job(), Options(dataset))


def test_the_message_names_files_that_only_look_like_the_dataset(world: World) -> None:
    world.add(0)
    dataset = write_dataset(world.folder / "dataset", world.photos.items())
    (dataset / "photos.tsv000~").write_text("photo_id\tphoto_image_url\np000\thttps://old/\n")
    summary = run_embed(world.job(), Options(dataset))
    assert "'photos.tsv000~'" in summary.text()
    assert summary.photos == 1


@pytest.mark.parametrize("name", ["x[1]", "x{a,b}", "*", "~", "a::b", "--out"])
def test_folders_of_any_name_are_taken_literally(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    dataset, thumbnails = write_folder(tmp_path, 5)
    here = tmp_path / "here"
    (here / name).mkdir(parents=True)
    (here / "x1" / "parts" / "other").mkdir(parents=True)  # what a pattern would also match
    (here / "x1" / "parts" / "other" / "000000.parquet").write_text("not to be read")
    dataset.rename(here / name / "dataset")
    monkeypatch.chdir(here)
    job = replace(folder_job(thumbnails, Path("out")), out=name)
    assert run_embed(job, Options(Path(name) / "dataset", limit=2)).photos == 2
    assert run_embed(job, Options(Path(name) / "dataset")).tried == 3
    other = replace(job, spec=replace(job.spec, precision="bfloat16"))
    assert run_embed(other, Options(Path(name) / "dataset", re_embed=True)).photos == 4
    assert len(list((here / name / "parts").iterdir())) == 1
    assert sorted(path.name for path in here.iterdir()) == sorted({name, "x1"})
    assert (here / "x1" / "parts" / "other" / "000000.parquet").exists()


def test_failures_are_dated_in_utc_in_every_time_zone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        world.add(0)
        world.photos["gone"] = world.server.url + "/gone"
        world.run()
    finally:
        monkeypatch.undo()
        time.tzset()
    failed_at = world.read("photo_failures")["failed_at"][0].as_py()
    assert timedelta(0) <= datetime.now(UTC) - failed_at < timedelta(minutes=5)


def test_conversions_keep_their_text_and_lose_rows_without_a_photo(world: World) -> None:
    world.add(0)
    rows = ["p000\t bee ", '-x\t"fujisan\nmount fuji"', "\tnobody", "';--\tevil", "a\tb\tc"]
    dataset = write_dataset(world.folder / "dataset", world.photos.items(), *rows)
    summary = run_embed(world.job(), Options(dataset))
    table = world.read("conversions")
    assert table["keyword"].to_pylist() == [" bee ", "fujisan\nmount fuji"]
    assert table["converted_at"].null_count == 2
    assert (summary.conversions, summary.conversions_without_photo_id) == (2, 2)
    assert summary.malformed_examples == ["conversions.tsv000 row 5: 3 fields instead of 2"]


def test_a_missing_dataset_is_reported_in_one_message(world: World) -> None:
    with pytest.raises(DatasetError, match="photo-search fetch"):
        run_embed(world.job(), Options(world.folder / "nowhere"))


def test_worker_processes_give_the_same_bytes(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 70)
    for processes in (0, 2):
        job = folder_job(thumbnails, tmp_path / str(processes), processes=processes)
        run_embed(job, Options(dataset))
    assert (tmp_path / "0" / "photos.parquet").read_bytes() == (
        tmp_path / "2" / "photos.parquet"
    ).read_bytes()


def test_shared_storage_holds_the_same_bytes_as_a_folder(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 40)
    run_embed(folder_job(thumbnails, tmp_path / "out"), Options(dataset))
    shared = replace(folder_job(thumbnails, tmp_path), out="memory://bucket/out")
    assert run_embed(shared, Options(dataset, chunk_size=32)).photos == 36
    assert run_embed(shared, Options(dataset)).tried == 0
    with Folder("memory://bucket/out").open("photos.parquet") as file:
        assert file.read() == (tmp_path / "out" / "photos.parquet").read_bytes()


def test_the_model_gets_full_batches_although_some_photos_failed() -> None:
    sizes: list[int] = []

    class Encoder:
        batch_size = 3

        def __call__(self, pixels: Pixels) -> Vectors:
            sizes.append(len(pixels))
            return np.eye(512, dtype=np.float32)[pixels[:, 0, 0, 0]]

    pictures = [np.full((2, 2, 3), number, np.uint8) for number in range(7)]
    items = [Prepared({"photo_id": f"p{number}"}, pixels) for number, pixels in enumerate(pictures)]
    for place in (0, 2, 2, 6):
        items.insert(place, Prepared({"photo_id": "gone", "reason": "gone"}, None))
    rows = list(_embed(Encoder(), iter(items)))
    assert sizes == [3, 3, 1]
    assert [row["photo_id"] for row in rows] == [row["photo_id"] for row, _ in items]
    vectors = [row["photo_embed"] for row in rows if "photo_embed" in row]
    assert [vector.argmax() for vector in vectors] == list(range(7))


def test_chunks_of_any_size_give_the_same_file(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 100)
    for size in (32, 64, 1024):
        job = folder_job(thumbnails, tmp_path / str(size))
        run_embed(job, Options(dataset, chunk_size=size))
    contents = {(tmp_path / str(size) / "photos.parquet").read_bytes() for size in (32, 64, 1024)}
    assert len(contents) == 1


def test_a_slow_photo_does_not_delay_later_ones(world: World) -> None:
    world.add(*range(300))
    world.run()
    slow = World(world.server, world.folder / "slow", replace(LIMITS, deadline=9))
    slow.folder.mkdir()
    slow.photos = world.photos
    is_asked, answer = threading.Event(), world.server.answers["/p299"]

    def wait_for_the_last_photo(request: Request) -> None:
        is_asked.wait(15)
        request.send(200, jpeg(1))

    def answer_the_last_photo(request: Request) -> None:
        is_asked.set()
        answer(request)

    world.server.set("/p001", wait_for_the_last_photo)
    world.server.set("/p299", answer_the_last_photo)
    slow.run()
    assert not slow.failures()
    assert slow.read().equals(world.read())


def test_retries_do_not_delay_other_photos(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photo_search.ingest.thumbnails.download.FIRST_BACKOFF", 0.2)
    world.limits = replace(LIMITS, deadline=60)
    world.add(*range(60))
    failing = [f"/p{number:03}" for number in range(0, 60, 6)]
    for path in failing:
        world.server.set(path, lambda request: request.send(503))
    world.run(replace(world.job(), connections=1))
    assert set(world.failures().values()) == {"server_error"}
    for path in failing:
        first, *_, last = (n for n, asked in enumerate(world.server.paths) if asked == path)
        assert set(world.server.paths[first:last]) > {path}  # others are asked while it waits
