import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from photo_search.dataset.read import PHOTOS
from photo_search.errors import (
    DatasetError,
    EmbeddingVersionError,
    ModelError,
    OutputError,
    TooManyFailuresError,
)
from photo_search.pipeline.embed import Options, run_embed
from photo_search.storage import Folder
from photo_search.thumbnails.failure import Reason
from photo_server import Request
from pipeline.conftest import LIMITS, World, folder_job, jpeg, write_dataset, write_folder


def test_every_photo_is_in_one_of_two_files_with_its_own_vector(world: World) -> None:
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
def test_a_bad_picture_shifts_no_other(world: World, bad: int) -> None:
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


def test_the_files_have_the_agreed_columns(world: World) -> None:
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


def test_a_run_without_new_photos_asks_nobody_and_loads_no_model(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*range(3))
    world.photos["gone"] = world.server.url + "/gone"
    world.run()
    before = (world.out / "photos.parquet").read_bytes()
    world.server.requests.clear()
    monkeypatch.setattr("photo_search.pipeline.chunk._encoder", None)
    assert world.run().tried == 0
    assert not world.server.requests
    assert (world.out / "photos.parquet").read_bytes() == before


def test_new_photos_cost_only_themselves_wherever_they_stand(world: World) -> None:
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


def test_a_photo_whose_address_was_mended_is_fetched_again(world: World) -> None:
    world.add(0, 1)
    world.run()
    before = world.vectors()
    world.photos["p000"] = world.server.set_body("/mended", jpeg(99))
    world.run()
    assert np.dot(world.vectors()["p000"], before["p000"]) < 0.999999
    assert world.vectors()["p001"] == before["p001"]


def test_only_what_may_have_passed_is_asked_again(world: World) -> None:
    world.add(0)
    for name, status in [("gone", 404), ("broken", 500)]:
        world.photos[name] = world.server.set(f"/{name}", lambda r, s=status: r.send(s))
    world.run()
    world.server.requests.clear()
    world.add(1)
    world.run(retry_failed=True)
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


def test_a_run_in_which_too_much_fails_stops_and_keeps_what_it_has(world: World) -> None:
    world.add(*range(16))
    for number in range(100):
        world.photos[f"gone{number}"] = world.server.url + f"/gone{number}"
    with pytest.raises(TooManyFailuresError, match=r"16 of 32 photos failed \(16 gone\)"):
        world.run(max_failure_rate=0.4)
    assert not (world.out / "photos.parquet").exists()
    assert len(world.failures()) == 16
    world.server.requests.clear()
    assert world.run(max_failure_rate=0.9).photos == 16
    assert "/p000" not in world.server.requests


def test_without_one_vector_the_run_fails_and_its_files_have_their_columns(world: World) -> None:
    with pytest.raises(TooManyFailuresError, match="No photo"):
        world.run()
    assert world.read().num_rows == 0
    assert world.read().schema.field("photo_embed").type.value_type == pa.float32()
    assert world.read("photo_failures").num_rows == 0


def test_of_a_repeated_id_the_last_row_counts(world: World) -> None:
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


def test_photos_without_a_usable_id_or_url_are_rows_too(world: World) -> None:
    world.add(0)
    world.photos |= {"x" * 65: "https://127.0.0.1/a", "": "https://127.0.0.1/b", "no-url": ""}
    world.photos |= {"';--": "https://127.0.0.1/c", "ünï": "https://127.0.0.1/d"}
    world.run()
    assert sorted(world.failures().values()) == ["bad_id"] * 4 + ["forbidden_host"]


def test_every_reason_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "embedding.md").read_text()
    assert [reason for reason in Reason if f"| `{reason}` |" not in text] == []


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 2.0])
def test_a_vector_that_is_none_stops_the_run_before_it_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    class BrokenEncoder:
        batch_size = 32

        def __call__(self, pixels: object) -> object:
            return np.full((1, 512), value, np.float32)

    monkeypatch.setattr("photo_search.pipeline.chunk._encoder", lambda *_: BrokenEncoder())
    world.add(0)
    with pytest.raises(ModelError, match="a length of 1"):
        world.run()
    assert not list(world.out.rglob("*.parquet")) or not (world.out / "photos.parquet").exists()


def test_a_damaged_part_is_named_and_can_be_deleted(world: World) -> None:
    world.add(0)
    world.run()
    part = next((world.out / "parts").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-10])
    with pytest.raises(OutputError, match=f"{part.name} cannot be read.*Delete that file"):
        world.run()
    part.unlink()
    assert world.run().photos == 1


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
    assert summary.malformed_examples == ["conversions.tsv000 row 6: 3 fields instead of 2"]


def test_a_missing_dataset_is_one_message(world: World) -> None:
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


def test_chunks_of_any_size_give_the_same_file(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 100)
    for size in (32, 64, 1024):
        job = folder_job(thumbnails, tmp_path / str(size))
        run_embed(job, Options(dataset, chunk_size=size))
    contents = {(tmp_path / str(size) / "photos.parquet").read_bytes() for size in (32, 64, 1024)}
    assert len(contents) == 1


def test_a_slow_photo_does_not_hold_up_the_ones_behind_it(world: World) -> None:
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


def test_photos_that_are_asked_for_again_do_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photo_search.thumbnails.download.FIRST_BACKOFF", 0.2)
    world.add(*range(60))
    for number in range(0, 60, 6):
        world.server.set(f"/p{number:03}", lambda request: request.send(503))
    start = time.monotonic()
    world.run(replace(world.job(), connections=1))
    assert time.monotonic() - start < 5  # one after the other would be 14 seconds
    assert set(world.failures().values()) == {"server_error"}
