"""What can go wrong. Library code raises. Only the CLI prints the message."""

from enum import StrEnum


class PhotoSearchError(Exception):
    """A problem that a person can solve. The message says what, where and how."""


class DatasetError(PhotoSearchError):
    """The dataset on disk cannot be read as an Unsplash release."""


class FetchError(PhotoSearchError):
    """A file could not be fetched, or is not the expected one."""


class ModelError(PhotoSearchError):
    """The model cannot be loaded, or answers with something that is not a vector."""


class EmbeddingVersionError(PhotoSearchError):
    """Vectors of two embedding versions would be mixed."""


class RunInProgressError(PhotoSearchError):
    """Another run is writing into the same folder."""


class OutputError(PhotoSearchError):
    """A file could not be written."""


class DamagedFileError(OutputError):
    """A file that an earlier run wrote is damaged; `name` is its path inside the folder."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)  # both, so that the error survives pickling
        self.name = name
        self.message = message

    def __str__(self) -> str:
        return self.message


class TooManyFailuresError(PhotoSearchError):
    """More photos failed than the run may lose."""


class WarehouseError(PhotoSearchError):
    """The dbt project or its engine refused, or could not be reached."""


class NotBuiltError(WarehouseError):
    """A page reads a model that dbt has not built on this target."""


class EmptyCollectionError(WarehouseError):
    """The table of photos has no row."""


class QuestionError(PhotoSearchError):
    """A question was asked with an argument that it does not allow."""


class MissingPhotoError(PhotoSearchError):
    """No photo of that id is in the table."""


class ServeError(PhotoSearchError):
    """The search page cannot be offered at that address."""


class Reason(StrEnum):
    """Why a photo has no vector, as in photo_failures.parquet. docs/embedding.md explains each."""

    GONE = "gone"
    DENIED = "denied"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    NETWORK = "network"
    TLS = "tls"
    FORBIDDEN_HOST = "forbidden_host"
    TOO_LARGE = "too_large"
    NOT_IMAGE = "not_image"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"
    BAD_ID = "bad_id"
    CORRUPT = "corrupt"


PASSING = frozenset({Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.NETWORK, Reason.TLS})
"""Temporary reasons: the next run tries these photos again."""


class PhotoFailure(PhotoSearchError):
    """One photo cannot be used. The run goes on without it."""

    def __init__(self, reason: Reason, detail: str, attempts: int = 0) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        # Shown on terminals and kept in a table: short, without control characters.
        self.detail = "".join(c if c.isprintable() else "?" for c in detail[:300])
        self.attempts = attempts
