"""Folders with unusual names, and files that are replaced together."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from photo_search.errors import OutputError
from photo_search.storage import Folder

ODD_NAMES = ["x[1]", "x{a,b}", "*", "2024?", "~x", "~", " a b ", "it's", '"', "a#b", "%20", "a::b"]
ODD_NAMES += ["-v", "--out", "a\\b", "photo_id=1", "s3:", "[!a]", "**", "{}", "$HOME", "a\nb", "é"]


@pytest.mark.parametrize("name", ODD_NAMES)
@pytest.mark.parametrize("base", ["", "memory://odd/"])
def test_the_name_of_a_folder_is_taken_literally(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, base: str
) -> None:
    if base:  # in an address, fsspec reads :: as a chain
        name = name.replace("::", ":")
    monkeypatch.chdir(tmp_path)
    beside = Folder(f"{base}x1")
    beside.write("parts/1/a.parquet", lambda file: file.write(b"beside"))
    folder = Folder(f"{base}{name}")
    assert folder.names("parts/1", ".parquet") == []
    folder.write("parts/1/b.parquet", lambda file: file.write(b"b"))
    folder.write("parts/1/b.other", lambda file: file.write(b"b"))
    assert folder.names("parts") == ["parts/1"]
    assert folder.names("parts/1", ".parquet") == ["parts/1/b.parquet"]
    folder.rename("parts/1/b.parquet", "parts/1/c.parquet")
    with folder.open("parts/1/c.parquet") as file:
        assert file.read() == b"b"
    folder.remove("parts/1")
    assert not folder.exists("parts/1/c.parquet")
    assert beside.names("parts/1") == ["parts/1/a.parquet"]
    if not base:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted({name, "x1"})


@pytest.mark.parametrize("url", ["memory://together", "here"])
def test_files_are_replaced_together_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Folder(url)

    def content(name: str) -> bytes:
        with folder.open(name) as file:
            return file.read()

    def fail(file: IO[bytes]) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    for name in "ab":
        folder.write(name, lambda file: file.write(b"old"))

    def replace_both() -> None:
        with folder.together() as files:
            files.write("a", lambda file: file.write(b"new"))
            files.write("b", fail)

    with pytest.raises(OutputError, match=r"b cannot be written .* No space left"):
        replace_both()
    assert (content("a"), content("b")) == (b"old", b"old")
    with folder.together() as files:
        for name in "ab":
            files.write(name, lambda file: file.write(b"new"))
        assert content("a") == b"old"
    assert (content("a"), content("b")) == (b"new", b"new")
    assert not list(tmp_path.glob("**/.tmp/*"))


@pytest.mark.parametrize("durable", [True, False])
def test_a_durable_file_is_on_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    done: list[str] = []

    def sync(descriptor: int) -> None:
        found = os.fstat(descriptor)
        done.append("folder" if stat.S_ISDIR(found.st_mode) else f"file of {found.st_size} bytes")

    def replace(source: str, path: str, put: Callable[[str, str], None] = os.replace) -> None:
        done.append("name")
        put(source, path)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace)
    Folder(str(tmp_path)).write("a", lambda file: file.write(b"new"), durable)
    assert done == (["file of 3 bytes", "name", "folder"] if durable else ["name"])
