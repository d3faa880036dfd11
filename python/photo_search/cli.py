"""The command `photo-search`: each command parses, calls one function, prints."""

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any, NoReturn
from urllib.parse import parse_qsl

import click
from click.core import ParameterSource

from photo_search.errors import PhotoSearchError

SAMPLE: dict[str, Any] = {
    "dataset": "sample",
    "photos_from": "sample/thumbnails",
    "hosts": ["photos.example"],
    "model": "demo",
}
PATH = click.Path(path_type=Path)
POSITIVE = click.FloatRange(min=0, min_open=True)


class _Terminated(BaseException):
    """SIGTERM came."""


def _terminate(*_: object) -> None:
    raise _Terminated


class _Commands(click.Group):
    """Turns what can go wrong into one message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # An ASCII output would break off in the middle of a table.
            sys.stdout.reconfigure(errors="backslashreplace")
        if threading.current_thread() is threading.main_thread():
            ctx.call_on_close(partial(signal.signal, SIGTERM, signal.signal(SIGTERM, _terminate)))
        try:
            return super().invoke(ctx)
        except PhotoSearchError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            _stop(SIGINT)
        except _Terminated:
            _stop(SIGTERM)


def _stop(number: signal.Signals) -> NoReturn:
    with suppress(OSError):  # the reader of stderr may be gone
        click.echo("Stopped. What was finished is kept: run the same command again.", err=True)
    # At once: threads may wait for servers, and the files are made to survive a kill.
    os._exit(128 + number)


def _project() -> Path:
    """The nearest folder with a dbt_project.yml, as dbt finds it, or the current folder."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dbt_project.yml").is_file():
            return Path() if folder == here else folder
    return Path()


def _in_project(ctx: click.Context, option: click.Parameter, given: Any) -> Any:
    """A given path is relative to the current folder, a default to the project's folder."""
    if ctx.get_parameter_source(option.name or "") != ParameterSource.DEFAULT:
        return given
    return type(given)((ctx.params.get("project_dir") or _project()) / given)


def _option_in_project(
    name: str, default: str, meaning: str, kind: Any = str
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """An option for a file or folder whose default lies in the project's folder."""
    return click.option(
        name,
        type=kind,
        default=default,
        callback=_in_project,
        help=f"{meaning}. The default is in the project's folder.",
    )


@click.group(cls=_Commands, context_settings={"show_default": True})
def main() -> None:
    """From photo URLs to vectors, to a warehouse, to a page of similar photos."""


@main.command()
@click.option("--release", default="1.4.1", help="Release of the Unsplash Lite dataset.")
@click.option("--from", "source", help="Address of a mirror, or the zip on disk.")
@_option_in_project("--into", "data/dataset", "New folder", PATH)
@click.option("--accept-unsplash-terms", is_flag=True, help="You have read and accept the terms.")
def fetch(release: str, source: str | None, into: Path, accept_unsplash_terms: bool) -> None:
    """Fetch a release of the dataset, check it, unpack it. A second run continues a stopped one.

    \b
    photo-search fetch --release 1.4.1 --accept-unsplash-terms
    """
    from photo_search.ingest.dataset.fetch import fetch_release

    is_new = fetch_release(release, into, source, accept_unsplash_terms)
    click.echo(f"{into} holds release {release}{'' if is_new else ' already'}.")


@main.command("import-hf")
@click.option("--photos", help="File or https address of photos-all.parquet.")
@click.option("--conversions", help="File or https address of conversions-all.parquet.")
@_option_in_project("--out", "data", "Output folder")
@click.option("--re-embed", is_flag=True, help="Replace vectors of another embedding version.")
def import_hf(photos: str | None, conversions: str | None, out: str, re_embed: bool) -> None:
    """Start from MyScale's ready embeddings instead of embedding.

    \b
    photo-search import-hf
    photo-search import-hf --photos photos-all.parquet --conversions conversions-all.parquet
    """
    from photo_search.ingest.pipeline.import_hf import import_myscale

    done = import_myscale(photos, conversions, out, re_embed)
    click.echo(
        f"{done.photos} photos ({done.photos_left_out} left out), "
        f"{done.conversions} conversions ({done.conversions_left_out} left out)."
    )


def _use_sample(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        places = {name: str(_project() / SAMPLE[name]) for name in ("dataset", "photos_from")}
        ctx.default_map = SAMPLE | places


@main.command()
@click.option(
    "--sample",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_use_sample,
    help="The photos in sample/ with the demo model. Nothing is downloaded.",
)
@_option_in_project("--dataset", "data/dataset", "Folder of an Unsplash release", PATH)
@click.option(
    "--photos-from",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Read NAME.jpg from this folder instead of fetching …/NAME.",
)
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    default=["images.unsplash.com"],
    help="Exact name of a host that photos may come from.",
)
@click.option(
    "--model",
    default="openai/clip-vit-base-patch32",
    help="CLIP of 512 dimensions: a name on Hugging Face, a folder, or `demo`.",
)
@click.option("--revision", help="Commit of the model on Hugging Face, 40 hex digits.")
@click.option("--precision", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto")
@click.option(
    "--thumbnail",
    default="q=75&fm=jpg&w=200&fit=max",
    callback=lambda ctx, parameter, value: dict(parse_qsl(value)),
    help="Query sent to the photo's server. Another size makes other vectors.",
)
@click.option("--backend", type=click.Choice(["torch", "openvino"]), default="torch")
@_option_in_project("--out", "data", "Output folder, or an address like s3://bucket/photos")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first photos of the dataset.")
@click.option("--retry-failed", is_flag=True, help="Only what failed for a temporary reason.")
@click.option("--recheck", is_flag=True, help="Ask again for photos that were gone or denied.")
@click.option("--re-embed", is_flag=True, help="Replace vectors of another embedding version.")
@click.option(
    "--literal-quotes",
    is_flag=True,
    help="Read quotes in the dataset as ordinary characters, and every line as a row.",
)
@click.option(
    "--max-failure-rate",
    type=click.FloatRange(0, 1),
    default=0.2,
    help="Stop when a larger share of the photos fails.",
)
@click.option("--chunk-size", type=click.IntRange(min=1), default=20_480)
@click.option("--rate", type=POSITIVE, default=50.0, help="Requests per second, at most.")
@click.option(
    "--deadline",
    type=POSITIVE,
    default=60.0,
    help="Seconds for one photo, with all attempts.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    hidden=True,
    help="For tests on this machine: any address, http too.",
)
@click.option("--ray", help="Address of a Ray cluster to work on, such as `auto`.")
@click.option("--connections", type=click.IntRange(min=1), default=16)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
def embed(as_json: bool, **options: Any) -> None:
    """Fetch thumbnails, embed them, write Parquet. A second run does only what is missing.

    \b
    photo-search embed --sample
    photo-search embed --limit 1000
    """
    from photo_search.ingest.pipeline.embed import Options, run_embed
    from photo_search.ingest.pipeline.job import make_job
    from photo_search.ingest.thumbnails.download import HttpLimits

    plan = Options(**{field.name: options.pop(field.name) for field in fields(Options)})
    limits = HttpLimits(**{field.name: options.pop(field.name) for field in fields(HttpLimits)})
    summary = run_embed(make_job(limits=limits, **options), plan)
    click.echo(json.dumps(asdict(summary)) if as_json else summary.text())


def _with_warehouse(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command that works on a dbt target."""
    for option in (
        _option_in_project("--data", "data", "Folder that `photo-search embed` wrote"),
        click.option("--target", help="Target of the dbt profile (default: the profile's own)."),
        click.option(
            "--project-dir",
            type=PATH,
            envvar="DBT_PROJECT_DIR",
            is_eager=True,
            default=_project,
            show_default=False,
            help="Folder of the dbt project (default: this folder, or the nearest above it).",
        ),
    ):
        command = option(command)
    return command


@main.command()
@_with_warehouse
@click.option(
    "--allow-empty",
    multiple=True,
    metavar="TABLE",
    help="Table that may lose all its rows, because its file has none.",
)
def load(project_dir: Path, target: str | None, data: str, allow_empty: tuple[str, ...]) -> None:
    """Bring the Parquet files into the source tables of a dbt target: all of them, or none.

    \b
    photo-search load
    photo-search load --target myscale
    photo-search load --target myscale --data s3://bucket/photos

    With an address (s3://, https://) the server reads the files by itself. Keys for s3:// are taken
    from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, another server than Amazon's from
    AWS_ENDPOINT_URL.
    """
    from photo_search.load.load import load
    from photo_search.warehouse import Project

    loaded = load(Project(project_dir, target), data, allow_empty)
    for table, count_rows in loaded.items():
        click.echo(f"{count_rows:>12,} rows in {table}")


@main.command()
@_with_warehouse
@_option_in_project("--out", "data/gallery/index.html", "The page to write", PATH)
@click.option(
    "--folder",
    type=PATH,
    help="Write a folder instead: index.html, and its thumbnails as files beside it.",
)
@click.option("--compare", "old", help="An earlier photos.parquet: draw what changed since.")
def gallery(
    project_dir: Path,
    target: str | None,
    data: str,
    out: Path,
    folder: Path | None,
    old: str | None,
) -> None:
    """Draw the showcase photos and the photos most like them: one HTML file, complete in itself.

    \b
    photo-search gallery
    photo-search gallery --target myscale --out showcase.html
    photo-search gallery --folder showcase
    photo-search gallery --compare before/photos.parquet --out changed.html
    """
    from photo_search.ask.showcases import read_showcases
    from photo_search.draw.gallery.write import write_comparison, write_gallery
    from photo_search.warehouse import Project

    out, as_folder = folder or out, folder is not None
    if old:
        compared = write_comparison(Project(project_dir, target), old, data, out, as_folder)
        share = f"{100 * compared.share_kept:.1f} % of the neighbours are the same"
        if not compared.top_k:
            share = "Only one photo is on both sides, so there are no neighbours to compare"
        click.echo(f"{share}; what changed is in {out}")
        return
    with Project(project_dir, target).open() as warehouse:
        showcases = read_showcases(warehouse)
    write_gallery(showcases, data, out, as_folder)
    click.echo(f"{len(showcases)} showcase photos, each with its neighbours, in {out}")


@main.command()
@_with_warehouse
@_option_in_project("--out", "data/atlas.parquet", "The file to write", PATH)
def export_atlas(project_dir: Path, target: str | None, data: str, out: Path) -> None:
    """Write the map, the neighbours and the pictures of all photos for embedding-atlas.

    \b
    photo-search export-atlas
    embedding-atlas data/atlas.parquet --x x --y y --neighbors neighbours \\
        --image picture --pagerank count_downloads
    """
    from photo_search.draw.atlas import write_atlas
    from photo_search.warehouse import Project

    count = write_atlas(Project(project_dir, target), data, out)
    click.echo(f"{count} photos, each with its place, neighbours and picture, in {out}")


@main.command()
@_with_warehouse
@click.option("--port", type=click.IntRange(0, 65535), default=8000, help="0 takes a free one.")
@click.option(
    "--host", default="127.0.0.1", help="Address to listen on. The default is this machine alone."
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    help="Further name under which browsers may ask for it.",
)
@click.option(
    "--unsplash-photos",
    is_flag=True,
    help="Let browsers fetch large photos from images.unsplash.com.",
)
@click.option("--open", "opens_browser", is_flag=True, help="Open the page in a browser.")
def serve(
    project_dir: Path,
    target: str | None,
    data: str,
    port: int,
    host: str,
    allowed_hosts: tuple[str, ...],
    unsplash_photos: bool,
    opens_browser: bool,
) -> None:
    """Offer the search page: photos, words and pictures in, similar photos out. Ctrl-C stops it.

    \b
    photo-search serve --open
    photo-search serve --target myscale --port 8080
    """
    from photo_search.draw.page.serve import is_loopback, serve
    from photo_search.warehouse import Project

    def started(address: str, names: Sequence[str]) -> None:
        click.echo(f"The search page is at {address} (Ctrl-C stops it)")
        if not is_loopback(host):
            click.echo(
                f"Other machines can reach it, by the names {', '.join(names)} alone. "
                "Allow another name or address with --allow-host NAME."
            )
        if opens_browser:
            click.launch(address)

    serve(
        Project(project_dir, target),
        data,
        port=port,
        host=host,
        allowed_hosts=allowed_hosts,
        allows_unsplash=unsplash_photos,
        on_start=started,
    )


@main.command()
@_with_warehouse
@click.argument("words", required=False)
@click.option(
    "--image",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Search by this picture instead of words.",
)
@click.option("--top-k", type=click.IntRange(1, 100), default=10, help="How many photos.")
@click.option("--html", type=PATH, help="Write a page instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array and nothing else.")
def search(
    project_dir: Path,
    target: str | None,
    data: str,
    words: str | None,
    image: Path | None,
    top_k: int,
    html: Path | None,
    as_json: bool,
) -> None:
    """Find photos by words, or by a picture, on the terminal.

    \b
    photo-search search "a bee on a flower"
    photo-search search --image cat.jpg --html similar.html
    """
    from rich.console import Console

    from photo_search.ask.search import search
    from photo_search.draw.gallery.draw import draw_query
    from photo_search.draw.gallery.write import write_page
    from photo_search.draw.kit.thumbnails import read_thumbnails
    from photo_search.draw.terminal import as_rows, print_answer
    from photo_search.warehouse import Project

    found = search(Project(project_dir, target), data, words, image, top_k)
    similar = found.answer.similar
    thumbnails = read_thumbnails(data, (photo.photo for photo in similar))
    if html:
        write_page(draw_query(found.query, similar, thumbnails, found.record), html)
        click.echo(f"{len(similar)} photos in {html}")
    elif as_json:
        click.echo(json.dumps(as_rows(found.answer)))
    else:
        print_answer(found.answer, thumbnails, Console())
