"""A folder on disk or on shared storage, in which files appear whole or not at all."""

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from photo_search.errors import OutputError

TEMPORARY = ".tmp"  # in the folder itself: a rename must not cross disks
# `s3://…`, or a chain of fsspec such as `simplecache::s3://…`. All other texts are paths.
ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*::)*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
Fill = Callable[[IO[bytes]], Any]


class Folder:
    """A folder by path or by any fsspec address (`s3://bucket/photos`).

    A path is taken literally: no character in it is a pattern, a home folder or a protocol.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        if not ADDRESS.match(url):
            self._fs, self._root = LocalFileSystem(), os.path.abspath(url)
        else:
            try:
                self._fs, self._root = fsspec.core.url_to_fs(url)
            except (ImportError, ValueError) as error:
                raise OutputError(
                    f"{url} cannot be used as a folder: {error}. Give a path, or an address such "
                    "as s3://bucket/photos with the extra installed: pip install "
                    "'photo-search[s3]'."
                ) from error
        self.is_local = isinstance(self._fs, LocalFileSystem)

    def path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def names(self, parent: str, suffix: str = "") -> list[str]:
        """What lies directly in the folder `parent` and ends in `suffix`: sorted, with `parent`.

        Empty if there is no such folder. Listed and compared, since a pattern would also apply to
        the path of this folder.
        """
        self._fs.invalidate_cache()  # other machines may have written since
        try:
            found = self._fs.ls(self.path(parent), detail=False)
        except FileNotFoundError:
            return []
        names = {path.rstrip("/").rpartition("/")[2] for path in found}
        return sorted(f"{parent}/{name}" for name in names if name.endswith(suffix))

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(self.path(name)))

    def open(self, name: str) -> IO[bytes]:
        return self._fs.open(self.path(name), "rb")  # type: ignore[no-any-return]

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        path = self.path(name)
        if self.is_local:
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
            return
        # Not rm(): it takes the path as a pattern.
        found = self._fs.find(path, withdirs=True, detail=True)
        for inner in sorted(found, reverse=True):
            if found[inner]["type"] == "directory":
                with suppress(OSError):  # object storage has no folders
                    self._fs.rmdir(inner)
            else:
                self._fs.rm_file(inner)

    def rename(self, name: str, new_name: str) -> None:
        """Give a file another name, in place of what had it."""
        if self.is_local:
            os.replace(self.path(name), self.path(new_name))
        else:
            self._fs.cp_file(self.path(name), self.path(new_name))
            self._fs.rm_file(self.path(name))

    def write(self, name: str, fill: Fill, durable: bool = True) -> None:
        """Let `fill` write a file and put it in place under its name when it is complete.

        On disk: a temporary name, synced if `durable`, renamed. Elsewhere: one upload.
        Raises OutputError when there is no room, no folder or no permission.
        """
        with self.together(durable) as files:
            files.write(name, fill)

    @contextmanager
    def together(self, durable: bool = True) -> Iterator["Together"]:
        """Prepare several files and put them in place when the block has ended without an error.

        After an error, all files of the folder are as they were. Raises OutputError as write().
        """
        files = Together(self, durable)
        try:
            yield files
            files.put_in_place()
        finally:
            files.clean_up()

    def remove_temporary(self) -> None:
        """Remove what killed processes were about to write."""
        if self.exists(TEMPORARY):
            self.remove(TEMPORARY)


class Together:
    """Files that have been written under temporary names. See Folder.together()."""

    def __init__(self, folder: Folder, durable: bool) -> None:
        self._folder = folder
        self._durable = durable
        self._scratch = folder.path(TEMPORARY) if folder.is_local else tempfile.mkdtemp()
        self._temporary: dict[str, str] = {}  # by the name that the file is to have

    def write(self, name: str, fill: Fill) -> None:
        """Let `fill` write the file that is to have this name. Raises OutputError."""
        with self._reported(name):
            os.makedirs(self._scratch, exist_ok=True)
            path = self._temporary[name] = f"{self._scratch}/{uuid.uuid4().hex}"
            with open(path, "xb") as file:
                fill(file)
                if self._durable:
                    file.flush()
                    os.fsync(file.fileno())

    def put_in_place(self) -> None:
        for name, temporary in self._temporary.items():
            with self._reported(name):
                self._put(temporary, self._folder.path(name))

    def clean_up(self) -> None:
        for temporary in self._temporary.values():
            with suppress(OSError):
                os.unlink(temporary)
        if not self._folder.is_local:
            os.rmdir(self._scratch)

    def _put(self, temporary: str, path: str) -> None:
        if not self._folder.is_local:
            self._folder._fs.put_file(temporary, path)
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.replace(temporary, path)
        if self._durable:
            _sync_folder(os.path.dirname(path))

    @contextmanager
    def _reported(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{name} cannot be written into {self._folder.url}: {error.strerror or error}. "
                "What was finished before is kept. Solve that and run the same command again."
            ) from error


def _sync_folder(path: str) -> None:
    """Make a rename last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
