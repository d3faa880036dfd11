"""One run at a time in an output folder."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from photo_search.errors import OutputError, RunInProgressError
from photo_search.storage import Folder


@contextmanager
def only_run(folder: Folder) -> Iterator[None]:
    """Hold the folder's lock, which the system drops with the process, however that ends.

    Raises RunInProgressError if another process holds it. A folder on shared storage has no
    lock: there one person starts one run.
    """
    if not folder.is_local:
        yield
        return
    path = Path(folder.path("embed.lock"))
    lock = FileLock(path, timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}\n")
    except Timeout as error:
        holder = path.read_text(errors="replace").strip()
        raise RunInProgressError(
            f"{folder.url} is in use by {holder}. Wait until it has ended, or write into another "
            "folder with --out."
        ) from error
    except OSError as error:
        raise OutputError(f"{folder.url} cannot be written to: {error.strerror}.") from error
    with lock:
        yield
