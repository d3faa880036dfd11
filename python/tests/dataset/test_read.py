from pathlib import Path

import pytest

from photo_search.dataset.read import (
    CONVERSIONS,
    PHOTOS,
    MalformedRows,
    TableShape,
    find_parts,
    read_batches,
)
from photo_search.errors import DatasetError

PHOTO_COLUMNS_1_0 = [  # without the columns that later releases added
    name
    for name in PHOTOS.columns
    if name
    not in ("photo_description", "photo_width", "photo_height", "photo_aspect_ratio", "blur_hash")
]


def rows(folder: Path, shape: TableShape) -> tuple[list[dict[str, str | None]], MalformedRows]:
    malformed = MalformedRows()
    batches = read_batches(find_parts(folder, shape), shape, malformed)
    return [row for batch in batches for row in batch.to_pylist()], malformed


def write(folder: Path, name: str, *lines: str, end: str = "\n") -> None:
    (folder / name).write_bytes("".join(line + end for line in lines).encode())


@pytest.mark.parametrize(
    ("shape", "columns"),
    [
        (PHOTOS, PHOTO_COLUMNS_1_0),
        (PHOTOS, [name for name in PHOTOS.columns if name != "blur_hash"]),
        (PHOTOS, list(PHOTOS.columns)),
        (PHOTOS, [*reversed(PHOTOS.columns), "a_column_of_the_future"]),
        (CONVERSIONS, list(CONVERSIONS.columns[:6])),
        (CONVERSIONS, list(CONVERSIONS.columns)),
    ],
    ids=["1.0 photos", "1.1", "1.2 to 1.4", "later", "up to 1.3 conversions", "1.4 conversions"],
)
def test_every_release_is_read_by_column_name(
    tmp_path: Path, shape: TableShape, columns: list[str]
) -> None:
    write(
        tmp_path, f"{shape.name}.tsv000", "\t".join(columns), "\t".join(c.upper() for c in columns)
    )
    found, malformed = rows(tmp_path, shape)
    expected = {name: name.upper() if name in columns else None for name in shape.columns}
    assert found == [expected]
    assert list(found[0]) == list(shape.columns)
    assert malformed.count == 0


@pytest.mark.parametrize(
    "names", [["photos.tsv"], ["photos.csv000"], ["photos.tsv000", "photos.tsv001"]]
)
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_parts_of_any_name_are_read_in_order(
    tmp_path: Path, names: list[str], delimiter: str
) -> None:
    (tmp_path / "__MACOSX").mkdir()
    write(tmp_path / "__MACOSX", "._photos.tsv000", "\0\1\2")
    write(tmp_path, "._photos.tsv000", "\0\1\2")
    for name in names:
        write(
            tmp_path,
            name,
            f"photo_image_url{delimiter}photo_id",
            f"https://a/{name}{delimiter}{name}",
        )
    assert [row["photo_id"] for row in rows(tmp_path, PHOTOS)[0]] == names


def test_the_dirt_of_the_dataset_comes_through_as_it_is(tmp_path: Path) -> None:
    dirty = [
        " bee ",
        "fujisan\nmount fuji",
        "o'brien's \"quote\" \\ back",
        "<script>",
        "\x1b[31mred",
        "tromsø",
    ]
    lines = [f'"{dirty[1]}"' if value == dirty[1] else value for value in dirty]
    write(
        tmp_path,
        "conversions.tsv000",
        "photo_id\tkeyword",
        *(f"-a\t{line}" for line in lines),
        "-b\t",
    )
    found, malformed = rows(tmp_path, CONVERSIONS)
    assert [row["keyword"] for row in found] == [*dirty, None]
    assert malformed.count == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_lines_do_no_harm(tmp_path: Path, end: str) -> None:
    write(tmp_path, "photos.tsv000", "\ufeffphoto_id\tphoto_image_url", "a\thttps://a", end=end)
    assert rows(tmp_path, PHOTOS)[0][0]["photo_image_url"] == "https://a"


def test_rows_with_too_few_or_too_many_fields_are_counted_and_named(tmp_path: Path) -> None:
    lines = ["photo_id\tphoto_image_url", "a\thttps://a", "b", "c\td\te", "f\thttps://f"]
    write(tmp_path, "photos.tsv007", *lines)
    found, malformed = rows(tmp_path, PHOTOS)
    assert [row["photo_id"] for row in found] == ["a", "f"]
    assert malformed.examples == [
        "photos.tsv007 row 3: 1 fields instead of 2",
        "photos.tsv007 row 4: 3 fields instead of 2",
    ]


def test_a_missing_column_is_named_with_its_file(tmp_path: Path) -> None:
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url", "a\thttps://a")
    write(tmp_path, "photos.tsv001", "photo_id\tphoto_url", "a\thttps://a")
    with pytest.raises(
        DatasetError, match=r"photos.tsv001 has no column photo_image_url.*photo_url"
    ):
        rows(tmp_path, PHOTOS)


def test_an_empty_file_is_an_error_and_a_header_alone_is_no_rows(tmp_path: Path) -> None:
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url")
    assert rows(tmp_path, PHOTOS)[0] == []
    write(tmp_path, "photos.tsv001")
    with pytest.raises(DatasetError, match="the file is empty"):
        rows(tmp_path, PHOTOS)


def test_a_quote_that_is_never_closed_stops_with_the_name_of_the_file(tmp_path: Path) -> None:
    lines = [f"a{number}\thttps://a/{number}" for number in range(200_000)]
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url", 'x\t"never closed', *lines)
    with pytest.raises(DatasetError, match=r"photos\.tsv000 cannot be read as a table"):
        rows(tmp_path, PHOTOS)


def test_a_folder_without_the_table_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="photo-search fetch"):
        find_parts(tmp_path, PHOTOS)
