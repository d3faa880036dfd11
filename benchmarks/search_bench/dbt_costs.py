"""The costs of `photo-search load`, of dbt, and of the same statements without dbt."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from search_bench.remote import Cost, RemoteEngine, run

STATEMENT = re.compile(r"^On \S+: (?P<sql>.*)\.\.\.$", re.DOTALL)


def load(data: Path, work: Path) -> Cost:
    """Run `photo-search load` as a user does."""
    return run(["photo-search", "load", "--data", data], work)


def build(work: Path, *selection: str) -> Cost:
    """Run `dbt build` with its tests. The log then has its statements."""
    log = _log(work)
    log.unlink(missing_ok=True)
    options = [
        "--log-level-file",
        "debug",
        "--log-format-file",
        "json",
        "--log-file-max-bytes",
        "0",
    ]
    return run(["dbt", *options, "build", *selection], work)


def by_hand(loaded: Path, built: Path, python: Path) -> float:
    """Seconds for the statements of the last build of `built`, run on a copy from before that
    build.
    """
    sent = loaded.with_suffix(".sql.json")
    sent.write_text(json.dumps(list(_statements(_log(built)))))
    engine = RemoteEngine("statements", python, loaded)
    engine.call("open")
    seconds = engine.call("send", str(sent)).seconds
    engine.close()
    return seconds


def copy(work: Path, other: Path) -> None:
    """Copy a database that no process has open."""
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(work, other, symlinks=True)


def operations(work: Path, photo_id: str, times: int) -> dict[str, list[Cost]]:
    """Run similar_photos and an empty macro as `dbt run-operation`, in turn."""
    commands = {
        "empty": ["vector_search.text_literal", "--args", json.dumps({"value": ""})],
        "similar_photos": ["similar_photos", "--args", json.dumps({"photo_id": photo_id})],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(times + 1):
        for name, arguments in commands.items():
            cost = run(["dbt", "--quiet", "run-operation", *arguments], work)
            if turn:  # the first one parses the project
                costs[name].append(cost)
    return costs


def _log(work: Path) -> Path:
    return work.with_suffix(".log") / "dbt.log"


def _statements(log: Path) -> Iterator[str]:
    for line in log.read_text().splitlines():
        message = json.loads(line)["data"].get("base_msg", "")
        if found := STATEMENT.match(message):
            yield found["sql"]
