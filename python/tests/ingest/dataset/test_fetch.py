import hashlib
import json
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from photo_search.errors import FetchError
from photo_search.ingest.dataset import fetch
from photo_search.ingest.dataset.fetch import download, fetch_release
from photo_server import Answer, PhotoServer, Request, serve_photos

HOSTS = frozenset({"127.0.0.1"})


@pytest.fixture
def server() -> Iterator[PhotoServer]:
    with serve_photos() as server:
        yield server


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The zip of an invented release 9.9.9."""
    path = make_zip(tmp_path / "release.zip", {"photos.tsv000": b"photo_id\n", "docs/a.md": b"a"})
    monkeypatch.setitem(fetch.SHA256, "9.9.9", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def make_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, body in members.items():
            file.writestr(name, body)
    return path


def with_ranges(body: bytes) -> Answer:
    def answer(request: Request) -> None:
        start = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
        request.send(206 if start else 200, body[start:])

    return answer


def test_a_release_is_fetched_checked_and_unpacked(
    server: PhotoServer, release: Path, tmp_path: Path
) -> None:
    into = tmp_path / "new" / "dataset"
    url = server.set("/release.zip", with_ranges(release.read_bytes()))
    assert fetch_release("9.9.9", into, url, accept_terms=True, allow_private=True)
    assert (into / "photos.tsv000").read_bytes() == b"photo_id\n"
    assert (into / "docs" / "a.md").exists()
    manifest = json.loads((into / "manifest.json").read_text())
    assert (manifest["release"], manifest["source"]) == ("9.9.9", url)
    assert manifest["terms_accepted_at"].endswith("+00:00")
    assert sorted(path.name for path in into.parent.iterdir()) == ["dataset"]
    assert not fetch_release("9.9.9", into, url, accept_terms=True, allow_private=True)
    assert server.requests["/release.zip"] == 1


def test_a_zip_on_disk_is_read_and_kept(release: Path, tmp_path: Path) -> None:
    fetch_release("9.9.9", tmp_path / "dataset", str(release), accept_terms=True)
    assert (tmp_path / "dataset" / "photos.tsv000").exists()
    assert release.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"{}", b"\xff\xfe{", b"\xc3("])
def test_a_broken_manifest_is_one_message_and_the_folder_stays(
    release: Path, tmp_path: Path, content: bytes
) -> None:
    manifest = tmp_path / "dataset" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_bytes(content)
    with pytest.raises(FetchError, match=r"manifest\.json cannot be read .* Delete .* --into"):
        fetch_release("9.9.9", manifest.parent, str(release), accept_terms=True)
    assert manifest.read_bytes() == content


def test_nothing_is_fetched_before_the_terms_are_accepted(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"TERMS.md.*--accept-unsplash-terms"):
        fetch_release("1.4.1", tmp_path / "dataset", None, accept_terms=False)


def test_the_message_for_an_unknown_release_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"1\.0\.1.*1\.4\.1.*Got: latest"):
        fetch_release("latest", tmp_path / "dataset", None, accept_terms=True)


def test_a_file_with_another_hash_is_refused_and_deleted(
    server: PhotoServer, release: Path, tmp_path: Path
) -> None:
    url = server.set("/release.zip", with_ranges(release.read_bytes() + b"!"))
    with pytest.raises(FetchError, match="SHA-256"):
        fetch_release("9.9.9", tmp_path / "dataset", url, accept_terms=True, allow_private=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release.zip"]


def test_an_interrupted_fetch_continues_where_it_stopped(
    server: PhotoServer, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 1000
    starts: list[str] = []

    def break_off(request: Request) -> None:
        request.send(200, body[:1000], Content_Length=str(len(body)))
        request.close_connection = True

    def remember(request: Request) -> None:
        starts.append(request.headers["Range"])
        with_ranges(body)(request)

    url = server.set("/file", break_off, remember)
    with pytest.raises(FetchError, match=r"file\.part.*goes on from there"):
        download(url, tmp_path / "file", HOSTS, allow_private=True)
    download(url, tmp_path / "file", HOSTS, allow_private=True)
    assert starts == ["bytes=1000-"]
    assert (tmp_path / "file").read_bytes() == body


def test_a_server_that_cannot_continue_sends_the_whole_file(
    server: PhotoServer, tmp_path: Path
) -> None:
    (tmp_path / "file.part").write_bytes(b"old")
    download(server.set_body("/file", b"new and whole"), tmp_path / "file", HOSTS, True)
    assert (tmp_path / "file").read_bytes() == b"new and whole"


def test_a_complete_file_is_only_renamed(server: PhotoServer, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"whole")
    url = server.set("/file", lambda request: request.send(416))
    download(url, tmp_path / "file", HOSTS, allow_private=True)
    assert (tmp_path / "file").read_bytes() == b"whole"


def test_a_fetch_of_an_endless_file_stops(
    server: PhotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_BYTES", 1000)
    with pytest.raises(FetchError, match="more than 1000 bytes"):
        download(server.set_body("/file", bytes(2000)), tmp_path / "file", HOSTS, True)


def test_a_fetch_uses_only_allowed_public_hosts(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1/release.zip", "https://127.0.0.1/release.zip"):
        with pytest.raises(FetchError, match="could not be fetched"):
            download(url, tmp_path / "file", None)


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "..\\evil", "C:\\evil"])
def test_a_zip_member_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    archive = make_zip(tmp_path / "bad.zip", {name: b"evil"})
    with pytest.raises(FetchError, match=r"outside the folder.*nothing"):
        fetch.unpack(archive, tmp_path / "a" / "b")
    assert not list(tmp_path.rglob("*evil*"))


def test_a_link_is_refused_and_macos_files_are_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(FetchError, match="link"):
        fetch.unpack(tmp_path / "link.zip", tmp_path / "linked")
    litter = make_zip(tmp_path / "mac.zip", {"__MACOSX/._photos.tsv000": b"\0", "a": b"a"})
    fetch.unpack(litter, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_a_zip_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MAX_UNPACKED_BYTES", 4 << 20)
    bomb = make_zip(tmp_path / "bomb.zip", {"photos.tsv000": bytes(64 << 20)})
    with pytest.raises(FetchError, match="unpacks to over"):
        fetch.unpack(bomb, tmp_path / "out")
    assert sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) <= 4 << 20


def test_a_damaged_zip_is_reported_in_one_message(tmp_path: Path) -> None:
    whole = make_zip(tmp_path / "whole.zip", {"a": bytes(range(256)) * 100}).read_bytes()
    (tmp_path / "torn.zip").write_bytes(whole[:-10])
    with pytest.raises(FetchError, match="cannot be unpacked"):
        fetch.unpack(tmp_path / "torn.zip", tmp_path / "out")
