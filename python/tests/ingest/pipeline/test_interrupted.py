"""Runs that are killed or stopped, that find another run at work, or that have no space left."""

import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.pipeline.conftest import World, folder_job, write_dataset, write_folder
from photo_search.errors import OutputError, RunInProgressError
from photo_search.ingest.pipeline.embed import Options, run_embed
from photo_search.ingest.pipeline.lock import only_run
from photo_search.storage import Folder

PHOTOS = 200
KILLS = 20
# Each child starts from a process that has imported everything and computed nothing.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    ["photo_search.ingest.embedding.clip", "ingest.pipeline.test_interrupted"]
)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.01)


def run_in_child(dataset: Path, thumbnails: Path, out: Path) -> None:
    import torch

    from photo_search.ingest.pipeline import chunk

    torch.set_num_threads(1)
    chunk.SLICE_BATCHES = 1
    run_embed(folder_job(thumbnails, out), Options(dataset, chunk_size=96))


def files(out: Path) -> list[object]:
    """What must not depend on how often a run was interrupted."""
    failures = pq.read_table(out / "photo_failures.parquet").drop(["failed_at"])
    names = ("photos.parquet", "conversions.parquet")
    return [*((out / name).read_bytes() for name in names), failures.to_pylist()]


def test_a_run_that_was_killed_twenty_times_ends_with_the_same_bytes(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, PHOTOS)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for out in (tmp_path / "warm-up", undisturbed):
        start = time.monotonic()
        child = PROCESSES.Process(target=run_in_child, args=(dataset, thumbnails, out))
        child.start()
        child.join()
    duration = time.monotonic() - start
    moments, kills = random.Random(7), 0
    while kills < KILLS:
        child = PROCESSES.Process(target=run_in_child, args=(dataset, thumbnails, killed))
        child.start()
        child.join(moments.uniform(0, duration))
        if child.is_alive():
            child.kill()
            kills += 1
        else:  # the run ended before the kill, so begin again
            shutil.rmtree(killed)
        child.join()
    run_in_child(dataset, thumbnails, killed)
    assert files(killed) == files(undisturbed)
    assert sorted(path.name for path in killed.iterdir()) == sorted(
        path.name for path in undisturbed.iterdir()
    )


def test_photos_that_a_killed_run_has_embedded_are_not_embedded_again(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, PHOTOS)
    out = tmp_path / "out"
    child = PROCESSES.Process(target=run_in_child, args=(dataset, thumbnails, out))
    child.start()
    wait_for(lambda: any(out.glob("parts/*/*.slices/0001.parquet")))
    child.kill()
    child.join()
    left = run_embed(folder_job(thumbnails, out), Options(dataset)).tried
    assert 0 < left <= PHOTOS - 64


def hold_lock(out: Path) -> None:
    with only_run(Folder(str(out))):
        (out / "held").touch()
        time.sleep(60)


def test_a_second_run_names_the_first_and_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 5)
    out = tmp_path / "out"
    holder = PROCESSES.Process(target=hold_lock, args=(out,))
    holder.start()
    wait_for((out / "held").exists)
    with pytest.raises(RunInProgressError, match=f"process {holder.pid} on .*--out"):
        run_embed(folder_job(thumbnails, out), Options(dataset))
    (out / "embed.lock").write_bytes(b"\xff")  # as a disk may damage it
    with pytest.raises(RunInProgressError, match="--out"):
        run_embed(folder_job(thumbnails, out), Options(dataset))
    holder.kill()
    holder.join()
    assert run_embed(folder_job(thumbnails, out), Options(dataset)).photos == 4


def fill_disk(dataset: Path, thumbnails: Path, out: Path) -> None:
    """Run where no file may be larger than 30 kB. Exit with 3 if the message says so."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
    try:
        run_embed(folder_job(thumbnails, out), Options(dataset))
    except OutputError as error:
        os._exit(3 if "cannot be written" in str(error) else 4)


def test_a_full_disk_is_reported_in_one_message_and_the_earlier_files_stay(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 30)
    out = tmp_path / "out"
    run_embed(folder_job(thumbnails, out), Options(dataset, limit=5))
    before = (out / "photos.parquet").read_bytes()
    child = PROCESSES.Process(target=fill_disk, args=(dataset, thumbnails, out))
    child.start()
    child.join()
    assert child.exitcode == 3
    assert (out / "photos.parquet").read_bytes() == before
    assert run_embed(folder_job(thumbnails, out), Options(dataset)).photos == 27


def test_a_folder_that_cannot_be_made_is_reported_in_one_message(tmp_path: Path) -> None:
    dataset, thumbnails = write_folder(tmp_path, 5)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/out.*cannot be"):
        run_embed(folder_job(thumbnails, tmp_path / "file" / "out"), Options(dataset))


def test_ctrl_c_is_one_message_and_exit_code_130(world: World) -> None:
    world.add(0)
    world.photos["slow"] = world.server.set("/slow", lambda request: time.sleep(3))
    dataset = write_dataset(world.folder / "dataset", world.photos.items())
    arguments = ["embed", "--model", "demo", "--dataset", dataset, "--out", world.out]
    arguments += ["--allow-host", "127.0.0.1", "--allow-private"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from photo_search.cli import main; main()", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    wait_for(lambda: world.server.requests["/slow"] > 0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1].startswith("Stopped. What was finished is kept")
