import hashlib
from pathlib import Path

import pytest

from photo_search.errors import OutputError
from photo_search.ingest.thumbnails.download import Fetched
from photo_search.ingest.thumbnails.store import KeptSource, keep, thumbnail_name
from photo_search.storage import Folder


def test_a_thumbnail_is_stored_under_the_hash_of_its_bytes(tmp_path: Path) -> None:
    sha256 = keep(Folder(str(tmp_path)), b"photo")
    assert sha256 == hashlib.sha256(b"photo").hexdigest()
    assert (tmp_path / "thumbnails" / sha256[:2] / f"{sha256}.jpg").read_bytes() == b"photo"


def test_a_thumbnail_is_written_once_and_again_only_if_it_is_damaged(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    file = tmp_path / thumbnail_name(keep(folder, b"photo"))
    first = file.stat().st_ino
    keep(folder, b"photo")
    assert file.stat().st_ino == first
    file.write_bytes(b"torn")
    keep(folder, b"photo")
    assert file.read_bytes() == b"photo"


def test_names_of_thumbnails_do_not_depend_on_upper_and_lower_case() -> None:
    name = thumbnail_name(hashlib.sha256(b"photo").hexdigest())
    assert name == name.lower()


def test_a_stored_thumbnail_is_fetched_again_only_if_it_is_damaged(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    kept = {"https://a/1": keep(folder, b"one"), "https://a/2": keep(folder, b"two")}
    (tmp_path / thumbnail_name(kept["https://a/2"])).write_bytes(b"torn")
    source = KeptSource(lambda: lambda url: Fetched(b"fetched", 1), str(tmp_path), kept)
    assert source("https://a/1") == (b"one", 0)
    assert source("https://a/2") == (b"fetched", 1)
    assert source("https://a/3") == (b"fetched", 1)


def test_a_stored_file_is_complete_or_missing(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    folder.write("a/file", lambda file: file.write(b"old"))

    def break_off(file: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"a/file.*No space left on device.*run the same"):
        folder.write("a/file", break_off)
    assert (tmp_path / "a/file").read_bytes() == b"old"
    assert list((tmp_path / ".tmp").iterdir()) == []


def test_shared_storage_works_like_a_folder() -> None:
    folder = Folder("memory://shared/out")
    folder.write("a/file", lambda file: file.write(b"bytes"))
    assert folder.names("a") == ["a/file"]
    with folder.open("a/file") as file:
        assert file.read() == b"bytes"
    folder.remove("a/file")
    assert not folder.exists("a/file")


def test_the_message_names_an_unknown_kind_of_storage() -> None:
    with pytest.raises(OutputError, match="nowhere://bucket"):
        Folder("nowhere://bucket")
