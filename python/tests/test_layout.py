"""photo_search has no circle of imports, and its stages keep their order."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import photo_search

SOURCE = Path(photo_search.__file__).parent
STAGES = ["ingest", "load", "ask", "draw"]


def imports() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The path of each file and that of each module it imports, also inside of functions."""
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("photo_search"):
                module = SOURCE.parent.joinpath(*str(node.module).split("."))
                for inner in (module / name.name for name in node.names):
                    is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                    imported = (inner if is_module else module).relative_to(SOURCE)
                    yield file.relative_to(SOURCE).with_suffix("").parts, imported.parts


def test_no_two_files_and_no_two_folders_import_each_other() -> None:
    uses: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for ours, theirs in imports():
        shared = next(n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b)
        uses.setdefault(ours[: shared + 1], set()).add(theirs[: shared + 1])
    TopologicalSorter(uses).prepare()  # raises CycleError


def test_no_stage_imports_a_later_one() -> None:
    for ours, theirs in imports():
        if ours[0] in STAGES and theirs[0] in STAGES:
            assert STAGES.index(ours[0]) >= STAGES.index(theirs[0]), (ours, theirs)
