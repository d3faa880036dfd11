"""Lint the SQL of every question: sqlfluff itself skips macros.

The examples of docs/questions.md are compiled on an empty engine. Their SQL must parse and keep the
rules about meaning. The other rules are for the layout of files that people write.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

from sqlfluff.core import FluffConfig, Linter

from photo_search.warehouse import Project

REPOSITORY = Path(__file__).parents[2]
RULES = "ambiguous, capitalisation, convention"
EXAMPLE = r"^    dbt run-operation (\w+)(?: --args '(.*)')?$"


def main() -> int:
    linter = Linter(FluffConfig.from_root(overrides={"templater": "raw", "rules": RULES}))
    examples = re.findall(EXAMPLE, (REPOSITORY / "docs" / "questions.md").read_text(), re.M)
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PHOTO_SEARCH_CHDB_PATH"] = folder
        with Project(REPOSITORY).open() as warehouse:
            statements = {
                question: warehouse.compile(question, **json.loads(arguments or "{}"))
                for question, arguments in examples
            }
    for question, sql in statements.items():
        lines = sql.splitlines()
        for violation in linter.lint_string(sql + "\n").get_violations():
            found += 1
            line = lines[min(violation.line_no, len(lines)) - 1].strip()
            print(f"{question}(): {violation.rule_code()} {violation.desc()}\n    {line}")
    return found


if __name__ == "__main__":
    sys.exit(main() > 0)
