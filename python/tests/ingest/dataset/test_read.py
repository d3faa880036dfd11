import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from photo_search.errors import DatasetError
from photo_search.ingest.dataset.files import find_table
from photo_search.ingest.dataset.read import RowCount, read_batches
from photo_search.ingest.dataset.shapes import CONVERSIONS, PHOTOS, TableShape

PHOTO_COLUMNS_1_0 = [  # without the columns that later releases have
    name
    for name in PHOTOS.columns
    if name
    not in ("photo_description", "photo_width", "photo_height", "photo_aspect_ratio", "blur_hash")
]


def rows(
    folder: Path, shape: TableShape, literal_quotes: bool = False
) -> tuple[list[dict[str, str | None]], RowCount]:
    count = RowCount()
    batches = read_batches(find_table(folder, shape, literal_quotes), count)
    return [row for batch in batches for row in batch.to_pylist()], count


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
    found, count = rows(tmp_path, shape)
    expected = {name: name.upper() if name in columns else None for name in shape.columns}
    assert found == [expected]
    assert list(found[0]) == list(shape.columns)
    assert count.malformed == 0


@pytest.mark.parametrize(
    "names", [["photos.tsv"], ["photos.csv000"], ["photos.tsv000", "photos.tsv001"]]
)
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_files_of_any_name_are_read_in_order(
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


def test_unclean_values_of_the_dataset_are_kept_as_they_are(tmp_path: Path) -> None:
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
    found, count = rows(tmp_path, CONVERSIONS)
    assert [row["keyword"] for row in found] == [*dirty, None]
    assert count.malformed == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path, end: str) -> None:
    write(tmp_path, "photos.tsv000", "\ufeffphoto_id\tphoto_image_url", "a\thttps://a", end=end)
    assert rows(tmp_path, PHOTOS)[0][0]["photo_image_url"] == "https://a"


def test_rows_with_too_few_or_too_many_fields_are_counted_and_named(tmp_path: Path) -> None:
    lines = ["photo_id\tphoto_image_url", "a\thttps://a", "b", "c\td\te", "f\thttps://f"]
    write(tmp_path, "photos.tsv000", *lines)
    found, count = rows(tmp_path, PHOTOS)
    assert [row["photo_id"] for row in found] == ["a", "f"]
    assert count.examples == [
        "photos.tsv000 row 2: 1 fields instead of 2",
        "photos.tsv000 row 3: 3 fields instead of 2",
    ]
    write(tmp_path, "photos.tsv000", *lines, *["b"] * 30)
    _, count = rows(tmp_path, PHOTOS)
    assert (count.malformed, len(count.examples)) == (32, 20)


def test_the_message_names_a_missing_column_and_its_file(tmp_path: Path) -> None:
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url", "a\thttps://a")
    write(tmp_path, "photos.tsv001", "photo_id\tphoto_url", "a\thttps://a")
    with pytest.raises(
        DatasetError, match=r"photos.tsv001 has no column photo_image_url.*photo_url"
    ):
        rows(tmp_path, PHOTOS)


def test_an_empty_file_is_an_error_and_a_header_without_rows_is_not(tmp_path: Path) -> None:
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url")
    assert rows(tmp_path, PHOTOS)[0] == []
    write(tmp_path, "photos.tsv001")
    with pytest.raises(DatasetError, match="the file is empty"):
        rows(tmp_path, PHOTOS)


def test_an_error_names_the_line_of_a_quote_that_no_block_closes(tmp_path: Path) -> None:
    lines = [f"a{number}\thttps://a/{number}" for number in range(200_000)]
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url", 'x\t"never closed', *lines)
    with pytest.raises(
        DatasetError, match=r"photos\.tsv000 row 1 \(line 2\): a quote in the column"
    ):
        rows(tmp_path, PHOTOS)


def conversions(*changed: tuple[int, str]) -> list[str]:
    """A header and 1,000 conversions. `changed` replaces some of them, counted from 1."""
    lines = [f"2025-07-01\tdownload\tcat\tp{number}\tu\tDE" for number in range(1001)]
    lines[0] = "\t".join(CONVERSIONS.columns[:6])
    for number, line in changed:
        lines[number] = line
    return lines


OPEN = '2025-07-01\tdownload\t"12 inch vinyl\tp101\tu\tDE'
OPEN_AT_THE_END = '2025-07-01\tdownload\tcat\tp101\tu\t"DE'
OPEN_AT_THE_START = '"2025-07-01\tdownload\tcat\tp101\tu\tDE'
CLOSE = '2025-07-01\tdownload\tbest" cat\tp\tu\tDE'
TWO_LINES = '2025-07-01\tdownload\t"fujisan\nmount fuji"\tp\tu\tDE'


@pytest.mark.parametrize(
    "changed",
    [
        [(101, OPEN)],
        [(101, OPEN), (701, CLOSE)],
        [(101, OPEN), (102, CLOSE)],
        [(101, OPEN), (102, '2025-07-01"\tdownload\tcat\tp\tu\tDE')],
        [(101, OPEN), (103, '2025-07-01\tdownload\tcat\tp\tu"\tDE')],
        [(101, OPEN), (300, TWO_LINES), (701, CLOSE)],
        [(101, OPEN_AT_THE_END)],
        [(101, OPEN_AT_THE_END), (300, TWO_LINES)],
        [(101, OPEN_AT_THE_START), (900, '2025"\tdownload\tcat\tp\tu\tDE')],
        [(101, OPEN), (50, "malformed"), (40, TWO_LINES)],
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_error_names_the_row_of_a_quote_that_swallows_rows(
    tmp_path: Path, changed: list[tuple[int, str]], end: str
) -> None:
    write(tmp_path, "conversions.tsv", *conversions(*changed), end=end)
    with pytest.raises(DatasetError, match=r"row 101 \(line 10[23]\).*--literal-quotes"):
        rows(tmp_path, CONVERSIONS)
    found, count = rows(tmp_path, CONVERSIONS, literal_quotes=True)
    lines_more = sum(TWO_LINES in line for _, line in changed)
    assert len(found) + count.malformed == 1000 + lines_more
    assert len(found) == 1000 - lines_more - sum(line == "malformed" for _, line in changed)


@pytest.mark.parametrize(
    "keyword",
    [
        '"fujisan\nmount fuji"',
        '"a\r\nb\nc\rd"',
        '"a, b\nc, d, e, f, g\nh"',
        '"tab\there"',
        '"\n"',
        '"say ""bee""\ntwice"',
        'it\'s "quoted"',
        "\x0b\x1c\u2028",
    ],
)
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_quoted_line_ends_and_other_correct_quotes_are_read(
    tmp_path: Path, keyword: str, delimiter: str
) -> None:
    lines = [line.replace("\t", delimiter) for line in conversions()]
    lines[101] = delimiter.join(["2025-07-01", "download", keyword, "p101", "u", "DE"])
    write(tmp_path, "conversions.tsv", *lines)
    found, count = rows(tmp_path, CONVERSIONS)
    assert (len(found), count.malformed) == (1000, 0)
    assert found[101]["keyword"] == "cat"
    is_quoted = keyword.startswith('"')
    expected = keyword[1:-1].replace('""', '"') if is_quoted else keyword
    assert found[100]["keyword"] == expected


def test_descriptions_of_many_lines_with_commas_are_read(tmp_path: Path) -> None:
    text = '"Hello, this\nis, a, photo\nof, two, bees, and, one\n, , \n"'
    lines = ["photo_id,photo_image_url,photo_description", f"a,https://a,{text}", "b,https://b,"]
    write(tmp_path, "photos.csv", *lines)
    assert [row["photo_id"] for row in rows(tmp_path, PHOTOS)[0]] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"photo_id\tkeyword\na\tb\nc\t\xff\n", r"row 2 \(line 3\) is not UTF-8"),
        (b"photo_id\tkeyword\na\tb\nc\t\xff\td\n", r"row 2 \(line 3\) is not UTF-8"),
        ("photo_id\tkeyword\na\tb\n".encode("utf-16"), "UTF-16 is not read"),
        ("photo_id\tkeyword\na\tb\n".encode("utf-16-be"), "UTF-16 is not read"),
        ("\nphoto_id\tkeyword\na\tb\n".encode("utf-16"), "UTF-16 is not read"),
        (b"photo_id\tkeyword\n" + b"a\t" + b"b" * 5_000_000 + b"\nc\td\n", "row 1.*is longer than"),
        (b"photo_id\tkeyword\tphoto_id\na\tb\tc\n", "the column photo_id more than once"),
        (b"a\n" * 9, "has no column photo_id, keyword"),
        (b"photo_id\tkeyword\n" + b"a\n" * 9, "have a wrong number of fields"),
        (b'photo_id\tkeyword\na\t"b\nc\td\ne\tf"\tx\n', r"row 1 .*is not closed in its row"),
        (gzip.compress(b"photo_id\tkeyword\n", mtime=0), r"is compressed \(gzip\)"),
        (b"PK\x03\x04" + b"\0" * 99, r"is compressed \(zip\)"),
    ],
)
def test_the_message_for_a_file_that_is_not_a_table_names_it_without_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    (tmp_path / "conversions.tsv000").write_bytes(content)
    with pytest.raises(DatasetError, match=f"conversions.tsv000.*{message}") as error:
        rows(tmp_path, CONVERSIONS)
    assert str(error.value).isprintable()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_and_unusual_headers_are_read(tmp_path: Path, end: str) -> None:
    lines = ['"photo_id"\t"keyword"\tx\tx', "a\tb\t1\t2", "", "c\td\0\t3\t4"]
    (tmp_path / "conversions.tsv").write_bytes(end.join(lines).encode())
    found, count = rows(tmp_path, CONVERSIONS)
    assert [(row["photo_id"], row["keyword"]) for row in found] == [("a", "b"), ("c", "d\0")]
    assert count.malformed == 0


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_files_are_read_and_truncated_ones_refused(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    lines = ["photo_id\tkeyword", *(f"p{number}\tbee{number}" for number in range(200_000))]
    content = compress("\n".join(lines).encode())
    part = tmp_path / f"conversions.tsv000{suffix}"
    part.write_bytes(content)
    assert len(rows(tmp_path, CONVERSIONS)[0]) == 200_000
    part.write_bytes(content[: len(content) // 2])
    with pytest.raises(DatasetError, match=f"{part.name} cannot be read"):
        rows(tmp_path, CONVERSIONS)


LOOK_ALIKES = [
    "photos.tsv~",
    "photos.tsv.bak",
    "photos (1).tsv",
    "photos.tsv.orig",
    "photos.tsv000~",
]
LOOK_ALIKES += [".photos.tsv.swp", "photos.tsv000.tmp", "._photos.tsv000", "photos.tsv.zip"]
LOOK_ALIKES += [
    "photos.TSV",
    "PHOTOS.tsv000",
    "Copy of photos.tsv",
    "photos.tsv000.part",
    "photos.zip",
]


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_file_of_a_similar_name_is_not_read_and_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "photo_id\tphoto_image_url", "a\thttps://old")
    with pytest.raises(DatasetError, match="Not read: ") as error:
        find_table(tmp_path, PHOTOS)
    assert repr(name) in str(error.value)
    write(tmp_path, "photos.tsv000", "photo_id\tphoto_image_url", "a\thttps://new")
    for other in ("photos.parquet", "colors.tsv000", "photo_failures.parquet"):
        write(tmp_path, other, "")
    assert find_table(tmp_path, PHOTOS).look_alikes == (name,)
    assert [row["photo_image_url"] for row in rows(tmp_path, PHOTOS)[0]] == ["https://new"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["photos.tsv", "photos.tsv000"], "holds a table twice"),
        (["photos.tsv000", "photos.csv000"], "holds a table twice"),
        (["photos.tsv", "photos.csv"], "holds a table twice"),
        (["photos.tsv000", "photos.tsv000.gz"], "holds a table twice"),
        (["photos.tsv", "photos.tsv.gz"], "holds a table twice"),
        (["photos.tsv1", "photos.tsv01"], "holds a table twice"),
        (["photos.tsv000", "photos.tsv002"], "number 1 is missing"),
        (["photos.tsv002"], "number 0, 1 is missing"),
    ],
)
def test_a_table_that_is_there_twice_or_incomplete_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    for name in names:
        write(tmp_path, name, "photo_id\tphoto_image_url")
    with pytest.raises(DatasetError, match=message):
        find_table(tmp_path, PHOTOS)


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path, f"photos.tsv{number}", "photo_id\tphoto_image_url", f"{number}\thttps://a")
    found = rows(tmp_path, PHOTOS)[0]
    assert [row["photo_id"] for row in found] == [str(number) for number in range(12)]


def test_a_broken_link_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos.tsv000").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"photos\.tsv000 is named like a file"):
        find_table(tmp_path, PHOTOS)


def test_the_message_for_a_folder_without_the_table_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="photo-search fetch"):
        find_table(tmp_path, PHOTOS)
