"""All photos as a file for embedding-atlas, which draws the map and shows neighbours."""

from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from photo_search.ask.clusters import MAP_MODELS
from photo_search.draw.kit.thumbnails import fit_for_pages
from photo_search.ingest.thumbnails.store import read_kept
from photo_search.storage import Folder
from photo_search.warehouse import Project

PICTURE = pa.field("picture", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
ROWS_AT_A_TIME = 512  # a row group of about 5 MB


def write_atlas(project: Project, data: str, out: Path) -> int:
    """Write the rows of photo_atlas() with their thumbnails, and return how many there are.

    A photo has no picture if its thumbnail is not in the folder `data`.
    Raises NotBuiltError, WarehouseError or OutputError.
    """
    with project.open() as warehouse:
        warehouse.require_built(*MAP_MODELS, "photo_neighbours")
        photos = warehouse.arrow(warehouse.compile("photo_atlas"))
    thumbnails = Folder(data)

    def fill(file: IO[bytes]) -> None:
        with pq.ParquetWriter(file, photos.schema.insert(0, PICTURE)) as writer:
            for start in range(0, len(photos), ROWS_AT_A_TIME):
                rows = photos.slice(start, ROWS_AT_A_TIME)
                pictures = [
                    _picture(thumbnails, row) for row in rows["thumbnail_sha256"].to_pylist()
                ]
                writer.write_table(rows.add_column(0, PICTURE, pa.array(pictures, PICTURE.type)))

    Folder(str(out.parent)).write(out.name, fill)
    return len(photos)


def _picture(thumbnails: Folder, sha256: str) -> dict[str, bytes | str] | None:
    content = read_kept(thumbnails, sha256)
    return None if content is None else {"bytes": fit_for_pages(content), "path": f"{sha256}.jpg"}
