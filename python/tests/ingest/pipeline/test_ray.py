"""The same work on a Ray cluster of two workers on this machine. One of them dies."""

import threading
import time
from pathlib import Path

import pytest

from ingest.pipeline.conftest import folder_job, write_folder
from photo_search.ingest.pipeline.embed import Options, run_embed

ray = pytest.importorskip("ray", reason="the extra ray is not installed")


def test_a_worker_that_dies_does_not_change_the_result(tmp_path: Path) -> None:
    from ray.cluster_utils import Cluster

    dataset, thumbnails = write_folder(tmp_path, 200)
    here, there = tmp_path / "here", tmp_path / "there"
    run_embed(folder_job(thumbnails, here), Options(dataset, chunk_size=32))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    first, _ = (cluster.add_node(num_cpus=1) for _ in range(2))

    def kill_first() -> None:
        while not list(there.glob("parts/*/*.slices")):
            time.sleep(0.01)
        cluster.remove_node(first, allow_graceful=False)

    killer = threading.Thread(target=kill_first, daemon=True)
    killer.start()
    options = Options(dataset, chunk_size=32, ray=cluster.address)
    summary = run_embed(folder_job(thumbnails, there), options)
    killer.join()
    cluster.shutdown()
    assert summary.photos == 180
    for name in ("photos.parquet", "conversions.parquet"):
        assert (here / name).read_bytes() == (there / name).read_bytes()
