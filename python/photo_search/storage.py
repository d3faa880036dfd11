"""A folder on disk or on shared storage, in which files appear whole or not at all."""

import os
import tempfile
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from photo_search.errors import OutputError

TEMPORARY = ".tmp"  # in the folder itself: a rename must not cross disks


class Folder:
    """A folder by path or by any fsspec address (`s3://bucket/photos`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise OutputError(
                f"{url} cannot be used as a folder: {error}. Give a path, or an address such as "
                "s3://bucket/photos with the extra installed: pip install 'photo-search[s3]'."
            ) from error
        self.is_local = isinstance(self._fs, LocalFileSystem)

    def path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def names(self, pattern: str) -> list[str]:
        """Names of the files that match, sorted, relative to the folder."""
        found = self._fs.glob(self.path(pattern))
        return sorted(path.removeprefix(f"{self._root}/") for path in found)

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(self.path(name)))

    def open(self, name: str) -> IO[bytes]:
        return self._fs.open(self.path(name), "rb")  # type: ignore[no-any-return]

    def remove(self, name: str) -> None:
        self._fs.rm(self.path(name), recursive=True)

    def write(self, name: str, fill: Callable[[IO[bytes]], Any], durable: bool = True) -> None:
        """Let `fill` write a file and put it in place under its name when it is complete.

        On disk: a temporary name, synced if `durable`, renamed. Elsewhere: one upload.
        Raises OutputError when there is no room, no folder or no permission.
        """
        try:
            if self.is_local:
                self._write_local(self.path(name), fill, durable)
            else:
                with tempfile.NamedTemporaryFile() as file:
                    fill(file)
                    file.flush()
                    self._fs.put_file(file.name, self.path(name))
        except OSError as error:
            raise OutputError(
                f"{name} cannot be written into {self.url}: {error.strerror or error}. What was "
                "finished before is kept: mend that and run the same command again."
            ) from error

    def remove_temporary(self) -> None:
        """Remove what killed processes were about to write."""
        if self.exists(TEMPORARY):
            self.remove(TEMPORARY)

    def _write_local(self, path: str, fill: Callable[[IO[bytes]], Any], durable: bool) -> None:
        temporary = self.path(f"{TEMPORARY}/{uuid.uuid4().hex}")
        for needed in (temporary, path):
            os.makedirs(os.path.dirname(needed), exist_ok=True)
        try:
            with open(temporary, "xb") as file:
                fill(file)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        if durable:
            _sync_folder(os.path.dirname(path))


def _sync_folder(path: str) -> None:
    """Make a rename last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
