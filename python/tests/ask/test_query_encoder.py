"""Turn texts and pictures into vectors that fit those of the table."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from photo_search.ask.query_encoder import find_encoder
from photo_search.errors import DatasetError, EmbeddingVersionError, ModelError
from photo_search.ingest.embedding.clip import load_encoder
from photo_search.ingest.embedding.models import find_model
from photo_search.ingest.embedding.preprocess import to_pixels
from photo_search.ingest.embedding.record import EmbeddingRecord, read_record
from photo_search.ingest.embedding.version import SPEC_KEY, VERSION_KEY, EmbeddingSpec


def recorded(model, **changes):
    files = find_model(str(model))
    spec = EmbeddingSpec(
        files.name, files.revision, files.weights_sha256, files.preprocessing,
        (("w", "200"),), "float32", "torch",
    )  # fmt: skip
    spec = replace(spec, **changes)
    return EmbeddingRecord(spec.version, spec.describe())


def test_a_picture_gets_the_vector_of_its_thumbnail_in_the_table(model_folder):
    picture = Image.effect_noise((200, 120), 80).convert("RGB")
    files = find_model(str(model_folder))
    expected = load_encoder(files, "float32", "torch")(to_pixels(picture, 224)[None])[0]
    vector = find_encoder(recorded(model_folder)).image(picture)
    assert np.dot(vector, expected) == pytest.approx(1, abs=1e-6)


def test_a_large_picture_gets_the_vector_of_its_thumbnail(model_folder):
    noise = Image.effect_noise((200, 120), 80).convert("RGB")
    encoder = find_encoder(recorded(model_folder))
    large = noise.resize((1600, 960), Image.Resampling.NEAREST)
    assert np.dot(encoder.image(large), encoder.image(large.resize((200, 120)))) > 0.99999


def test_words_get_a_unit_vector(model_folder):
    vector = find_encoder(recorded(model_folder)).text("a red photo")
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_model_in_the_current_format_of_transformers_reads_words_and_pictures(processor_folder):
    encoder = find_encoder(recorded(processor_folder))
    for vector in (encoder.text("a bat " * 100), encoder.image(Image.new("RGB", (300, 200)))):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_the_message_says_that_the_demo_model_cannot_read():
    with pytest.raises(ModelError, match="untrained and cannot read"):
        find_encoder(recorded("demo")).text("a bee")


def test_a_model_other_than_the_recorded_one_is_refused(model_folder):
    with pytest.raises(EmbeddingVersionError, match="other weights or another preprocessing"):
        find_encoder(recorded(model_folder, weights_sha256="0" * 64))


def test_vectors_without_a_recorded_model_are_accepted(model_folder):
    record = recorded(model_folder, weights_sha256="unknown", revision="unknown")
    assert find_encoder(record).record == record


@pytest.mark.parametrize("record", ["", "{", "[]", "null", '"demo"'])
def test_a_broken_record_is_reported_in_one_message(tmp_path, record):
    schema = pa.schema([], {VERSION_KEY: "v1", SPEC_KEY: record})
    pq.write_table(schema.empty_table(), tmp_path / "photos.parquet")
    with pytest.raises(DatasetError, match=r"photos\.parquet cannot be read"):
        read_record(str(tmp_path), "v1")


@pytest.mark.parametrize("description", [None, {}, {"model": "demo"}])
def test_the_error_for_a_missing_record_names_the_option(description):
    with pytest.raises(EmbeddingVersionError, match="--data"):
        find_encoder(EmbeddingRecord("v1", description))


def test_the_message_names_a_damaged_file(tmp_path):
    (tmp_path / "photos.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DatasetError, match=r"photos\.parquet cannot be read"):
        read_record(str(tmp_path), "v1")
