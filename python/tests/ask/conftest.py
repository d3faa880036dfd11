from ingest.embedding.conftest import model_folder, processor_folder  # noqa: F401 (fixtures)
