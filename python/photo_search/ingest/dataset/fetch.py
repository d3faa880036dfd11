"""A release of the Unsplash Lite dataset: fetched, checked, unpacked."""

import hashlib
import json
import shutil
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import Progress

from photo_search.errors import FetchError, PhotoFailure
from photo_search.network.session import CheckedSession, Deadline

SHA256 = {
    "1.0.1": "aa199951dd8756563f7ffef4abbc2d20c845bcff62241ae677af523728819d60",
    "1.1.0": "266e45a8658ab2456779b3376b109e435e595646126846603f2efee5b47ee526",
    "1.2.0": "461fa4a1796b7966fc3aa904ce2e7f18890323243ed0e95f47c7042b335fcd98",
    "1.2.1": "d29a13678f1cc3a3e706897b0a8dbbdb5837715b0d78d0492b68b9b5e96b03db",
    "1.2.2": "c187e0f24320bb32dc2acd3c387ca57c06cf5f52369816df4ab27f3cdf30e8de",
    "1.3.0": "c3c09225c4aee1c62cee1e7032db879d10b84407ed2953c2abf77dc6ca4c4ade",
    "1.4.0": "7af3e90a4983fc87d0ee8c0f8c645349c6011d63efec489cfe734a74ed64d69c",
    "1.4.1": "aa0fcb859040ed64e93817d1d878d0c6f861763283261ba1a6aa5d8d4af6aec6",
}
HOSTS = frozenset({"unsplash.com", "unsplash-datasets.s3.amazonaws.com"})
TERMS = "https://github.com/unsplash/datasets/blob/master/TERMS.md"
MANIFEST = "manifest.json"
MAX_BYTES = 4 << 30
MAX_UNPACKED_BYTES = 16 << 30
BLOCK = 1 << 20
DEADLINE = 12 * 3600.0  # seconds; a stalled connection ends much earlier


def fetch_release(
    release: str,
    into: Path,
    source: str | None,
    accept_terms: bool,
    allow_private: bool = False,
) -> bool:
    """Fetch the zip of a release and unpack it into the new folder `into`.

    `source` is a mirror's address or a file on disk, by default Unsplash's own address. That the
    terms were accepted is recorded in the manifest. Returns False if the release is there
    already. Raises FetchError.
    """
    sha256 = _known_sha256(release, accept_terms)
    if _holds(into, sha256):
        return False
    source = source or f"https://unsplash.com/data/lite/{release}"
    is_address = "://" in source
    archive = into.with_name(f"{into.name}-{release}.zip") if is_address else Path(source)
    if is_address:
        download(source, archive, HOSTS | {urlsplit(source).hostname or ""}, allow_private)
    _check_sha256(archive, release, sha256, is_address)
    unpacking = into.with_name(f"{into.name}.unpacking")
    shutil.rmtree(unpacking, ignore_errors=True)
    unpack(archive, unpacking)
    accepted_at = datetime.now(UTC).isoformat(timespec="seconds")
    record = {"release": release, "sha256": sha256, "source": source}
    record |= {"terms": TERMS, "terms_accepted_at": accepted_at}
    (unpacking / MANIFEST).write_text(json.dumps(record, indent=2) + "\n")
    unpacking.rename(into)
    if is_address:
        archive.unlink()
    return True


def _known_sha256(release: str, accept_terms: bool) -> str:
    if release not in SHA256:
        raise FetchError(f"--release must be one of {', '.join(SHA256)}. Got: {release}.")
    if not accept_terms:
        raise FetchError(
            f"The dataset is Unsplash's, under its own terms: read {TERMS} and, if you accept "
            "them, add --accept-unsplash-terms."
        )
    return SHA256[release]


def _holds(into: Path, sha256: str) -> bool:
    manifest = into / MANIFEST
    try:
        if manifest.exists() and json.loads(manifest.read_bytes())["sha256"] == sha256:
            return True
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise FetchError(
            f"{manifest} cannot be read as the manifest of a release ({error!r}). Delete {into}, "
            "or choose another folder with --into."
        ) from error
    if into.exists():
        raise FetchError(
            f"{into} exists and holds something else. Delete it, or choose another folder with "
            "--into."
        )
    return False


def download(
    url: str, path: Path, hosts: frozenset[str] | None, allow_private: bool = False
) -> None:
    """Fetch a large file; `PATH.part` keeps what has come, and the next call goes on from there.

    `hosts` None means any public host. Raises FetchError.
    """
    if path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    session = CheckedSession(hosts, allow_private)
    try:
        with session.follow(url, Deadline(DEADLINE), {"Range": f"bytes={have}-"}) as response:
            if response.status_code == 416 and have:  # nothing is left to send
                part.rename(path)
                return
            if response.status_code not in (200, 206):
                raise FetchError(f"{url} answered with HTTP status {response.status_code}.")
            if response.status_code == 200:  # the server sends all of it again
                have = 0
            length = response.headers.get("Content-Length")
            total = have + int(length) if length else None
            with (
                part.open("ab" if have else "wb") as file,
                _progress(total, path.name, have) as bar,
            ):
                while block := response.raw.read1(BLOCK):
                    have += len(block)
                    if have > MAX_BYTES:
                        raise FetchError(f"{url} sends more than {MAX_BYTES} bytes.")
                    file.write(block)
                    bar.advance(bar.task_ids[0], len(block))
    except PhotoFailure as failure:
        raise FetchError(
            f"{url} could not be fetched: {failure.detail}. What came is kept in {part}: run the "
            "same command again and it goes on from there."
        ) from failure
    part.rename(path)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip into a new folder. Raises FetchError for a member that could do harm."""
    room = MAX_UNPACKED_BYTES
    try:
        with zipfile.ZipFile(archive) as zipped:
            members = [
                (member, _safe_path(archive, member))
                for member in zipped.infolist()
                if not member.is_dir() and not member.filename.startswith("__MACOSX/")
            ]
            for member, path in members:
                file_path = folder / path
                file_path.parent.mkdir(parents=True, exist_ok=True)
                with zipped.open(member) as packed, file_path.open("xb") as file:
                    while block := packed.read(BLOCK):
                        room -= len(block)
                        if room < 0:
                            raise FetchError(
                                f"{archive} unpacks to over {MAX_UNPACKED_BYTES} bytes."
                            )
                        file.write(block)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise FetchError(f"{archive} cannot be unpacked: {error}") from error


def _safe_path(archive: Path, member: zipfile.ZipInfo) -> PurePosixPath:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or is_link:
        raise FetchError(
            f"{archive} holds {member.filename!r}, a link or a path outside the folder. It is no "
            "release of the dataset; nothing was unpacked."
        )
    return path


def _check_sha256(archive: Path, release: str, sha256: str, is_ours: bool) -> None:
    try:
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FetchError(f"{archive} cannot be read: {error.strerror}") from error
    if found != sha256:
        if is_ours:
            archive.unlink()
        raise FetchError(
            f"{archive} is not release {release}: its SHA-256 is {found} and should be {sha256}. "
            + ("It was deleted: try again, or another mirror." if is_ours else "")
        )


def _progress(total: int | None, name: str, done: int) -> Progress:
    console = Console(stderr=True)
    bar = Progress(
        *Progress.get_default_columns(), console=console, disable=not console.is_terminal
    )
    bar.add_task(name, total=total, completed=done)
    return bar
