"""One module per engine, in its best reasonable form. Only its own worker imports it.

An `Engine(work)` keeps its database in the folder `work` and has

- `load(data)`: loads the Parquet files in `data` and returns seconds by step.
- `open()`: prepares for questions after `load`, perhaps in another process.
- Some of the questions below, each about one photo by its id.
- `set_effort(ef)`, if its index is approximate: sets the size of the candidate list.
- `size_on_disk()` and, if it is a server, `server_bytes()` and `most_server_bytes()`.

The questions `similar` (the ten nearest, through the index if there is one), `exact` (without an
index), `filtered` (the ten nearest of the photos that pass a filter, which a `share` of all passes)
and `filtered_exact` return [photo_id, distance] pairs. `downloads` returns [photo_id, count] of the
ten nearest, counted in the conversions. `downloads_kept` reads the counts from a roll-up.
"""

from pathlib import Path

LINKS, CONSTRUCTION = 32, 128  # for every HNSW graph here: M and ef_construction


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
