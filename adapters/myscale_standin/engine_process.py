"""Runs an engine, whose shared library is LIBRARY.

``python engine_process.py LIBRARY server CONFIG`` or
``python engine_process.py LIBRARY local PATH CONFIG SOCKET``.
It uses the standard library only and never imports chdb. That import starts an engine without a
path, and DROP then looks for files in the wrong place.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
import threading
from multiprocessing.connection import Client


class _Result(ctypes.Structure):
    _fields_ = [
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("vector", ctypes.c_void_p),
        ("elapsed", ctypes.c_double),
        ("rows_read", ctypes.c_uint64),
        ("bytes_read", ctypes.c_uint64),
    ]


def _load(library: str) -> ctypes.CDLL:
    """Load the library, but look for the functions of Python that it names only when it calls them.

    Python 3.13 no longer has all of them. The engine itself calls none.
    """
    loader = ctypes.CDLL(None)
    loader.dlopen.restype, loader.dlerror.restype = ctypes.c_void_p, ctypes.c_char_p
    handle = loader.dlopen(os.fsencode(library), os.RTLD_LAZY)
    if handle is None:
        raise OSError(os.fsdecode(loader.dlerror()))
    return ctypes.CDLL(library, handle=handle)


def _argv(*args: str) -> tuple[int, ctypes.Array[ctypes.c_char_p]]:
    raw = [arg.encode("utf-8", "surrogateescape") for arg in args]
    return len(raw), (ctypes.c_char_p * (len(raw) + 1))(*raw, None)


def _end_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os._exit(0)


def serve(library: ctypes.CDLL, config: str) -> None:
    """The whole ClickHouse server, which the library of chdb 2 contains."""
    main = library["_Z25mainEntryClickHouseServeriPPc"]
    main(*_argv("clickhouse-server", f"--config-file={config}"))


def answer_queries(library: ctypes.CDLL, path: str, config: str, socket: str) -> None:
    """clickhouse-local on one folder, one query per message: (script) → (result, error text)."""
    library.query_stable.restype = ctypes.POINTER(_Result)
    library.free_result.argtypes = [ctypes.POINTER(_Result)]
    with Client(socket) as connection, tempfile.TemporaryFile() as errors:
        os.dup2(errors.fileno(), 2)
        while True:
            default_format, script = connection.recv()
            errors.seek(0)
            errors.truncate()
            arguments = _argv("clickhouse-local", "--config-file", config, "--path", path,
                              "--format", default_format, "--multiquery",
                              "--query", script)  # fmt: skip
            result = library.query_stable(*arguments)
            output = None
            if result:
                found = result.contents
                output = ctypes.string_at(found.buffer, found.length) if found.buffer else b""
                library.free_result(result)
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
            connection.send(
                (output, said.replace(f"Processing configuration file '{config}'.\n", ""))
            )


if __name__ == "__main__":
    # The parent keeps standard input open while it lives. The engine must not read it as insert
    # data.
    lifeline = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=_end_with_parent, args=(lifeline,), daemon=True).start()
    library = _load(sys.argv[1])
    if sys.argv[2] == "server":
        serve(library, sys.argv[3])
    else:
        answer_queries(library, *sys.argv[3:])
