import random
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ingest.thumbnails.conftest import Clock
from photo_search.ingest.thumbnails.pace import Pace


def seconds_for(pace: Pace, clock: Clock, failures: Iterable[bool], **kind: bool) -> float:
    start = clock.now
    for failed in failures:
        pace.report(pace.wait(), failed=failed, **kind)
    return clock.now - start


def broken(share: float, count: int = 5000) -> list[bool]:
    chance = random.Random(1)
    return [chance.random() < share for _ in range(count)]


def test_many_threads_together_respect_the_rate() -> None:
    pace = Pace(per_second=100)
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait(), range(21)))
    assert 0.2 <= time.monotonic() - start < 1.0


@pytest.mark.parametrize(("share", "most"), [(0, 1), (0.004, 1.01), (0.02, 1.01), (0.1, 1.05)])
def test_photos_that_always_fail_take_little_time(clock: Clock, share: float, most: float) -> None:
    assert seconds_for(Pace(per_second=50), clock, broken(share)) <= 100 * most


@pytest.mark.parametrize("share", [1, 0.5])
def test_a_server_that_fails_for_many_photos_gets_one_request_a_second(
    clock: Clock, share: float
) -> None:
    pace = Pace(per_second=50)
    seconds_for(pace, clock, broken(share, 500))
    assert seconds_for(pace, clock, broken(share, 20)) > 15


def test_the_rate_rises_again_when_the_server_has_recovered(clock: Clock) -> None:
    pace = Pace(per_second=50)
    seconds_for(pace, clock, [True] * 500)
    assert seconds_for(pace, clock, [False] * 200) < 60
    assert seconds_for(pace, clock, [False] * 100) == pytest.approx(2)


def test_one_answer_of_too_many_requests_halves_the_rate_for_a_while(clock: Clock) -> None:
    pace = Pace(per_second=50)
    seconds_for(pace, clock, [False] * 2)
    seconds_for(pace, clock, [True], asks_for_less=True)
    pace.wait()
    assert seconds_for(pace, clock, [False]) == pytest.approx(0.04, rel=0.01)
    seconds_for(pace, clock, [False] * 30)
    assert seconds_for(pace, clock, [False]) == pytest.approx(0.02, rel=0.01)


def test_earlier_requests_do_not_halve_the_rate_again(clock: Clock) -> None:
    pace = Pace(per_second=50)
    starts = [pace.wait() for _ in range(16)]
    clock.sleep(0.001)
    for start in starts:
        pace.report(start, failed=True, asks_for_less=True)
    pace.wait()
    assert seconds_for(pace, clock, [False]) == pytest.approx(0.04, rel=0.01)


def test_a_rate_below_the_slowest_pace_is_kept(clock: Clock) -> None:
    pace = Pace(per_second=0.5)
    seconds_for(pace, clock, [True] * 100)
    assert seconds_for(pace, clock, [True] * 10) == pytest.approx(20)
