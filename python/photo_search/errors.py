"""What can stop a command. The CLI prints the message; library code only raises."""


class PhotoSearchError(Exception):
    """Something a person can put right; the message says what, where and how."""


class DatasetError(PhotoSearchError):
    """The dataset on disk cannot be read as an Unsplash release."""


class FetchError(PhotoSearchError):
    """A file could not be fetched, or is not the file that was asked for."""


class ModelError(PhotoSearchError):
    """The model cannot be loaded, or answers with something that is not a vector."""


class EmbeddingVersionError(PhotoSearchError):
    """Vectors of two embedding versions would stand side by side."""


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
