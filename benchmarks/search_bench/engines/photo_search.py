"""This project, as a user has it: `photo-search load`, `dbt build`, questions by macros."""

from contextlib import ExitStack
from pathlib import Path

from clickhouse_connect.driver.client import Client
from dbt.cli.main import dbtRunner

from photo_search.warehouse.project import Project
from search_bench.engines import folder_size

ROOT = Path(__file__).parents[3]
EXACT = """
    select photo_id, cosineDistance(photo_embed, (
        select photo_embed from photos where photo_id = '{photo_id}'
    )) as distance
    from photos where photo_id != '{photo_id}' order by distance asc, photo_id asc limit 10
    settings
        merge_tree_min_rows_for_concurrent_read = 1, merge_tree_min_bytes_for_concurrent_read = 1,
        merge_tree_min_read_task_size = 1,
        local_filesystem_read_method = 'mmap', min_bytes_to_use_mmap_io = 1
"""


class Engine:
    def __init__(self, work: Path) -> None:
        self.work = work
        self.opened = ExitStack()

    def open(self) -> None:
        self.client: Client = self.opened.enter_context(Project(ROOT).connection())
        self.any_photo = self.client.command("select min(photo_id) from photos")
        self.sql = {
            macro: self._compiled(macro) for macro in ("similar_photos", "photo_conversions")
        }

    def similar(self, photo_id: str) -> list[tuple[str, float]]:
        rows = self._ask(self.sql["similar_photos"].replace(self.any_photo, photo_id))
        return [(row["photo_id"], row["distance"]) for row in rows]

    def exact(self, photo_id: str) -> list[tuple[str, float]]:
        rows = self._ask(EXACT.format(photo_id=photo_id))
        return [(row["photo_id"], row["distance"]) for row in rows]

    def downloads_kept(self, photo_id: str) -> list[tuple[str, int]]:
        rows = self._ask(self.sql["photo_conversions"].replace(self.any_photo, photo_id))
        return [(row["photo_id"], row["count_downloads"]) for row in rows]

    def size_on_disk(self) -> int:
        return folder_size(self.work)

    def close(self) -> None:
        self.opened.close()

    def _ask(self, sql: str) -> list[dict]:
        return list(self.client.query(sql).named_results())

    def _compiled(self, macro: str) -> str:
        inline = f"{{{{ {macro}('{self.any_photo}') }}}}"
        command = ["--log-level", "none", "compile", "--inline", inline, "--project-dir", str(ROOT)]
        result = dbtRunner().invoke(command)
        assert result.success, result.exception
        return result.result.results[0].node.compiled_code
