from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from photo_search.errors import DatasetError, EmbeddingVersionError
from photo_search.ingest.pipeline.import_hf import import_myscale
from photo_search.ingest.pipeline.parquet import CONVERSIONS_SCHEMA, PHOTOS_SCHEMA


def published(folder: Path, **changed: list[float]) -> tuple[str, str]:
    """Files as MyScale's notebook writes them, with gaps in the ids and vectors of doubles."""
    vectors = np.random.default_rng(0).normal(size=(4, 512))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = {f"p{number}": vector.tolist() for number, vector in enumerate(vectors)} | changed
    photos = pa.table(
        {
            "id": list(range(0, 3 * len(rows), 3)),
            "photo_id": list(rows),
            "photo_image_url": [f"https://images.unsplash.com/{name}" for name in rows],
            "photo_embed": pa.array(list(rows.values()), pa.list_(pa.float64())),
        }
    )
    conversions = pa.table({"id": [0, 5], "photo_id": ["p0", "p1"], "keyword": ["bee", " bee "]})
    pq.write_table(photos, folder / "photos-all.parquet")
    pq.write_table(conversions, folder / "conversions-all.parquet")
    return str(folder / "photos-all.parquet"), str(folder / "conversions-all.parquet")


def test_published_embeddings_are_written_as_the_files_of_embed(tmp_path: Path) -> None:
    photos, conversions = published(tmp_path)
    done = import_myscale(photos, conversions, str(tmp_path / "out"))
    table = pq.read_table(tmp_path / "out" / "photos.parquet")
    assert table.schema.equals(PHOTOS_SCHEMA)
    assert table["photo_id"].to_pylist() == ["p0", "p1", "p2", "p3"]
    expected = pq.read_table(photos)["photo_embed"].to_pylist()
    assert np.allclose(table["photo_embed"].to_pylist(), expected, atol=1e-7)
    assert table["thumbnail_url"][0].as_py().endswith("/p0?q=75&fm=jpg&w=200&fit=max")
    assert b"photo_search.embedding_version" in table.schema.metadata
    table = pq.read_table(tmp_path / "out" / "conversions.parquet")
    assert table.schema.equals(CONVERSIONS_SCHEMA)
    assert table["keyword"].to_pylist() == ["bee", " bee "]
    assert pq.read_metadata(tmp_path / "out" / "photo_failures.parquet").num_rows == 0
    assert (done.photos, done.photos_left_out, done.conversions) == (4, 0, 2)


def test_rows_without_a_unit_vector_of_512_numbers_are_left_out_and_counted(
    tmp_path: Path,
) -> None:
    bad = {
        "short": [1.0],
        "long": [0.05] * 512,
        "zero": [0.0] * 512,
        "nan": [float("nan")] * 512,
        "no'id": [1.0] * 512,
    }
    photos, conversions = published(tmp_path, **bad)
    done = import_myscale(photos, conversions, str(tmp_path / "out"))
    assert (done.photos, done.photos_left_out) == (4, 5)


def outputs(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def test_a_damaged_or_empty_file_leaves_every_output_file_as_it_was(tmp_path: Path) -> None:
    photos, conversions = published(tmp_path)
    out = tmp_path / "out"
    import_myscale(photos, conversions, str(out))
    before = outputs(out)
    content = bytearray(Path(conversions).read_bytes())
    content[4:200] = bytes(196)  # the pages, and not the footer
    Path(tmp_path / "damaged").write_bytes(content)
    with pytest.raises(DatasetError, match="damaged cannot be read as Parquet"):
        import_myscale(photos, str(tmp_path / "damaged"), str(out))
    pq.write_table(pq.read_table(photos).slice(0, 0), tmp_path / "empty")
    with pytest.raises(DatasetError, match="holds no photo"):
        import_myscale(str(tmp_path / "empty"), conversions, str(out))
    wrong = pq.read_table(photos).set_column(3, "photo_embed", pa.array(["x"] * 4))
    pq.write_table(wrong, tmp_path / "wrong")
    with pytest.raises(DatasetError, match="wrong cannot be read as Parquet"):
        import_myscale(str(tmp_path / "wrong"), conversions, str(out))
    assert outputs(out) == before


def test_conversions_without_a_photo_id_are_counted(tmp_path: Path) -> None:
    photos, conversions = published(tmp_path)
    table = pa.table({"photo_id": ["p0", None, "no'id"], "keyword": ["bee", "cat", "dog"]})
    pq.write_table(table, conversions)
    done = import_myscale(photos, conversions, str(tmp_path / "out"))
    assert (done.conversions, done.conversions_left_out) == (1, 2)


def test_vectors_of_another_version_are_replaced_only_on_request(tmp_path: Path) -> None:
    photos, conversions = published(tmp_path)
    other = PHOTOS_SCHEMA.with_metadata({"photo_search.embedding_version": "other"})
    (tmp_path / "out").mkdir()
    pq.write_table(other.empty_table(), tmp_path / "out" / "photos.parquet")
    with pytest.raises(EmbeddingVersionError, match="other"):
        import_myscale(photos, conversions, str(tmp_path / "out"))
    assert import_myscale(photos, conversions, str(tmp_path / "out"), re_embed=True).photos == 4


def test_a_file_of_another_format_is_reported_in_one_message(tmp_path: Path) -> None:
    photos, conversions = published(tmp_path)
    with pytest.raises(DatasetError, match="has no column photo_image_url"):
        import_myscale(conversions, photos, str(tmp_path / "out"))
    (tmp_path / "text").write_text("no parquet")
    with pytest.raises(DatasetError, match="cannot be read as Parquet"):
        import_myscale(str(tmp_path / "text"), conversions, str(tmp_path / "out"))
