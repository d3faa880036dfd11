"""Make the documentation site from the pages of this repository and from `dbt docs generate`.

make site                                # the sample, in site/index.html
python docs/make_site.py target site     # what dbt wrote into target/
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from jinja2 import Environment
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
START = "README.md"
PAGES = (
    START,
    "docs/*.md",
    "adapters/**/README.md",
    "packages/vector_search/*.md",
    "packages/vector_search/docs/*.md",
    "packages/vector_search/examples/*/README.md",
    "sample/*.md",
    "benchmarks/results/*.md",
    "C*.md",
)
FILES = ("docs/*.png", "docs/*.svg")
TEMPLATE = Environment(autoescape=True).from_string((ROOT / "docs" / "site.html").read_text())
MARKDOWN = MarkdownIt("commonmark").enable("table")


def main(target: Path, site: Path) -> None:
    shutil.rmtree(site, ignore_errors=True)
    (site / "docs").mkdir(parents=True)
    for picture in found(FILES):
        shutil.copy(ROOT / picture, site / picture)
    if (ROOT / "data" / "gallery").exists():
        shutil.copy(ROOT / "data" / "gallery" / "index.html", site / "gallery.html")
    (site / "models.html").write_text(models_and_macros(target))
    pages = {page: MARKDOWN.parse((ROOT / page).read_text()) for page in found(PAGES)}
    titles = {page: tokens[1].content.replace("`", "") for page, tokens in pages.items()}
    for page, tokens in pages.items():
        with_links_of_the_site(tokens, page, pages)
        with_anchors(tokens)
        written = site / address(page)
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(
            TEMPLATE.render(
                body=MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}),
                page=address(page),
                titles={address(page): title for page, title in titles.items()},
                top="../" * page.count("/"),
                has_gallery=(site / "gallery.html").exists(),
            )
        )


def found(patterns: tuple[str, ...]) -> list[str]:
    """Paths below the repository, in the order of the patterns."""
    files = (sorted(ROOT.glob(pattern)) for pattern in patterns)
    return [path.relative_to(ROOT).as_posix() for paths in files for path in paths]


def address(page: str) -> str:
    return "index.html" if page == START else str(PurePosixPath(page).with_suffix(".html"))


def models_and_macros(target: Path) -> str:
    """dbt's page, with this repository's macros only. Those that no user calls are not listed."""
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["macros"] = {
        name: macro
        for name, macro in manifest["macros"].items()
        if macro["package_name"] in ("photo_search", "vector_search")
    }
    for macro in manifest["macros"].values():
        macro["docs"]["show"] = is_public(macro)
    page = (target / "index.html").read_text()
    catalog = json.loads((target / "catalog.json").read_text())
    for name, data in {"MANIFEST": manifest, "CATALOG": catalog}.items():
        # a description with </script> must not end the script
        page = page.replace(f'"{name}.JSON INLINE DATA"', json.dumps(data).replace("</", r"<\/"))
    return page


def is_public(macro: dict[str, Any]) -> bool:
    """Macros of one engine or of one file's own use have underscores in their names."""
    return not re.search("^_|__|^(test|materialization)_", macro["name"])


def with_links_of_the_site(tokens: list[Token], page: str, pages: dict[str, Any]) -> None:
    """Lead links to pages of the site. A link to another file of the repository becomes text."""
    for link in inline(tokens, "link_open"):
        path, _, anchor = str(link.attrs["href"]).partition("#")
        if "://" in path or not path:
            continue
        linked = normpath(PurePosixPath(page).parent / path)
        if linked in pages:
            depth = "../" * page.count("/")
            link.attrs["href"] = f"{depth}{address(linked)}{'#' if anchor else ''}{anchor}"
        else:
            link.tag, link.attrs = "span", {}


def with_anchors(tokens: list[Token]) -> None:
    """Give every heading the id that GitHub gives it."""
    for heading, text in pairwise(tokens):
        if heading.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", text.content.lower())
            heading.attrs["id"] = words.replace(" ", "-")


def inline(tokens: list[Token], kind: str) -> Iterator[Token]:
    for token in tokens:
        yield from (child for child in token.children or () if child.type == kind)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
