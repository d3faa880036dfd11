"""Run the text of a dbt Python model, and name the line that caused an error."""

import ast
import builtins
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from dbt_common.exceptions import DbtRuntimeError, scrub_secrets

from dbt.adapters.clickhouse_python.session import Session

RETURNS = (
    "a pyarrow Table, a pandas or polars DataFrame, "
    "or an iterator of pyarrow RecordBatches or Tables"
)

# Some libraries have modules that import each other. They break when two threads import them.
IMPORTING = threading.RLock()
# Python 3.11 confuses the trees of two threads that parse at once (CPython issue 106905).
PARSING = threading.Lock()


def _import_alone(*arguments: Any) -> Any:
    with IMPORTING:
        return __import__(*arguments)


BUILTINS = vars(builtins) | {"__import__": _import_alone}


class PythonModel:
    """The file of a model as dbt compiled it: the user's text, then dbt's own functions.

    `secret` is a text that no message may show.
    """

    def __init__(self, model: dict[str, Any], compiled_code: str, secret: str) -> None:
        self.path = model["original_file_path"]
        self.packages = model["config"].get("packages", [])
        self.code = compiled_code
        self.secret = secret

    def tables(self, session: Session) -> Iterator[pa.Table]:
        """What model(dbt, session) returns: one table, or every table that it yields."""
        names: dict[str, Any] = {"__name__": self.path, "__builtins__": BUILTINS}
        exec(compile(self.code, self.path, "exec"), names)
        returned = names["model"](names["dbtObj"](session.table), session)
        for part in returned if isinstance(returned, Iterator) else [returned]:
            yield _table(part)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise DbtRuntimeError with the line of the model's file for any error."""
        try:
            yield
        except (Exception, SystemExit) as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if frame.filename == self.path]
            line = (lines and lines[-1]) or self._line_of_return()
            message = (
                f"{self.path}, line {line}: {self._reason(error)}\n"
                f"  {self.code.splitlines()[line - 1].strip()}"
            )
            raise DbtRuntimeError(
                scrub_secrets(message, [self.secret] if self.secret else [])
            ) from error

    def _reason(self, error: BaseException) -> str:
        if isinstance(error, ModuleNotFoundError) and error.name:
            packages = " ".join(self.packages) or error.name.split(".")[0]
            return (
                f"dbt's Python has no module `{error.name}`. "
                f"Install what the model needs: pip install {packages}"
            )
        return f"{type(error).__name__}: {error}"

    def _line_of_return(self) -> int:
        """The line that returns the rows. dbt requires a return at the end of model()."""
        with PARSING:
            tree = ast.parse(self.code)
        return next(
            node.body[-1].lineno
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and node.name == "model"
        )


def _table(frame: Any) -> pa.Table:
    if hasattr(frame, "reset_index"):
        frame = frame.reset_index(drop=True)  # the index of a pandas DataFrame is not a column
    if not (hasattr(frame, "__arrow_c_stream__") or isinstance(frame, pa.RecordBatch)):
        raise TypeError(f"a model must return {RETURNS}. Got: {type(frame).__name__}")
    return pa.table(frame)
