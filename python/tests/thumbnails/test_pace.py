import time
from concurrent.futures import ThreadPoolExecutor

from photo_search.thumbnails.pace import Pace


def test_many_threads_together_keep_to_the_rate() -> None:
    pace = Pace(per_second=100)
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait(), range(21)))
    assert 0.2 <= time.monotonic() - start < 1.0
