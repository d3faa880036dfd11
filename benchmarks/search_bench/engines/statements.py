"""Run SQL in the given order through one client, without dbt. Only the settings come from its
profile.
"""

import json
import re
from contextlib import ExitStack
from pathlib import Path

from photo_search.warehouse import Project

ROOT = Path(__file__).parents[3]
READS = re.compile(r"\s*(/\*.*?\*/\s*)*(select|with|explain|describe|show|exists)\b", re.I | re.S)


class Engine:
    def __init__(self, work: Path) -> None:
        self.opened = ExitStack()

    def open(self) -> None:
        self.client = self.opened.enter_context(Project(ROOT).open()).client

    def send(self, file: str) -> int:
        statements = json.loads(Path(file).read_text())
        for sql in statements:
            if READS.match(sql):
                self.client.query(sql)
            else:
                self.client.command(sql)
        return len(statements)

    def close(self) -> None:
        self.opened.close()
