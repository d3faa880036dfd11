"""How long near_duplicates() and its first version take as a group of equal pictures grows.

python benchmarks/near_duplicates.py
"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import clickhouse_connect
from jinja2 import Environment

REPOSITORY = Path(__file__).parents[1]
MACRO = REPOSITORY / "macros" / "questions" / "collection" / "near_duplicates.sql"
RUNS = 3
SLOW = ("400 equal", "800 equal", "1600 equal")  # the first version: 9 s, 36 s, minutes
PAIRS = "select photo_id, duplicate_photo_id from pairs"

# The first version: each photo sends its connected photos to all of them.
FIRST_FORM = """
{% macro _connected_groups(pairs) -%}
{%- set rounds = namespace(
    sql="select [photo_id, duplicate_photo_id] as members from (" ~ pairs ~ ")"
) -%}
{%- for round in range(7) -%}
    {%- set rounds.sql -%}
    select arrayJoin(told.members) as photo_id, groupUniqArrayArray(told.members) as members
    from ({{ rounds.sql }}) as told group by photo_id
    {%- endset -%}
{%- endfor -%}
select photo_id, arraySort(members)[1] as group_photo_id, length(members) as count_group_photos
from ({{ rounds.sql }})
{%- endmacro %}
"""


def statement(macros: str) -> str:
    template = Environment(extensions=["jinja2.ext.do"]).from_string(
        f"{macros}{{{{ _connected_groups({PAIRS!r}) }}}} order by photo_id"
    )
    return template.render()


def equal_pictures(count: int) -> Iterator[tuple[int, int]]:
    """Pairs as in photo_neighbours: each photo with the first ten others."""
    for photo in range(count):
        others = [other for other in range(11) if other != photo][:10]
        yield from ((min(photo, other), max(photo, other)) for other in others)


def chain(count: int) -> Iterator[tuple[int, int]]:
    """Each photo is near the next one. This order is not the order of their ids."""
    order = sorted(range(count), key=lambda number: number * 7919 % 104729)
    yield from (tuple(sorted(pair)) for pair in pairwise(order))  # type: ignore[misc]


def main() -> None:
    forms = {"first form": statement(FIRST_FORM), "now": statement(MACRO.read_text())}
    collections = {f"{count} equal": equal_pictures(count) for count in (100, 200, 400, 800, 1600)}
    collections["chain of 100"] = chain(100)
    with tempfile.TemporaryDirectory() as folder:
        client = clickhouse_connect.get_client(interface="chdb", path=folder, query_limit=0)
        client.command(
            "create table pairs (photo_id String, duplicate_photo_id String) "
            "engine = MergeTree order by photo_id"
        )
        print("| photos | first form, CPU s | now, CPU s | same groups |\n|---|---|---|---|")
        for name, pairs in collections.items():
            client.command("truncate table pairs")
            rows = [(f"{one:05d}", f"{other:05d}") for one, other in sorted(set(pairs))]
            client.insert("pairs", rows, ["photo_id", "duplicate_photo_id"])
            seconds: dict[str, list[float]] = {form: [] for form in forms}
            answers = []
            for run in range(RUNS):
                for form, sql in forms.items():
                    if form == "first form" and name in SLOW and (run or name == "1600 equal"):
                        continue
                    started = time.process_time()
                    answers.append(client.query(sql).result_rows)
                    seconds[form].append(time.process_time() - started)
            cells = (f"{statistics.median(s):.2f}" if s else "not run" for s in seconds.values())
            same = all(answer == answers[0] for answer in answers)
            print(f"| {name} | {' | '.join(cells)} | {same} |", flush=True)


if __name__ == "__main__":
    main()
