"""One module per engine, each in its best reasonable form, imported only by its own worker.

An `Engine(work)` keeps its database in the folder `work` and has
- `load(data)`: everything from the Parquet files in `data`, ready to answer; seconds by step;
- `open()`: begin to answer from what `load` left, perhaps in another process;
- some of the questions below, each about one photo by its id;
- `set_effort(ef)`, when its index is approximate: the size of the candidate list;
- `size_on_disk()` and, when a server answers, `server_bytes()` and `most_server_bytes()`.

Questions: `similar` (the ten nearest, by the engine's index if it has one), `exact` (by none),
`filtered` (the ten nearest of the photos that pass the filter that keeps a `share` of all) and
`filtered_exact` return [photo_id, distance] pairs; `downloads` ([photo_id, count] of the ten
nearest, counted in the conversions) and `downloads_kept` (the same from a roll-up that is kept).
"""

from pathlib import Path

LINKS, CONSTRUCTION = 32, 128  # of every HNSW graph here: M and ef_construction


def folder_size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
