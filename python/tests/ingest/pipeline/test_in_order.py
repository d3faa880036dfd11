import threading
import time
from collections.abc import Callable

import pytest

from photo_search.ingest.pipeline.in_order import InOrder
from photo_search.ingest.thumbnails.later import Later


def in_order(work: Callable[[int], object], count: int, **changes: int) -> InOrder[int, int]:
    settings = {"threads": 2, "ahead": 4, "room": 1000, **changes}
    return InOrder(work, range(count), size_of=lambda _: 1, **settings)  # type: ignore[arg-type]


def take_all(results: InOrder[int, int]) -> list[int]:
    taken: list[int] = []
    while more := results.take(3):
        taken += more
    results.close()
    return taken


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_results_come_in_the_order_of_the_items() -> None:
    def work(number: int) -> int:
        time.sleep(0.01 if number % 3 == 0 else 0)
        return number * 2

    assert take_all(in_order(work, 100)) == [number * 2 for number in range(100)]


def test_no_items_give_no_results() -> None:
    assert take_all(in_order(lambda number: number, 0)) == []


def test_a_slow_item_does_not_delay_the_work_on_later_ones() -> None:
    is_released, begun = threading.Event(), []

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            is_released.wait(5)
        return number

    results = in_order(work, 500)
    wait_for(lambda: len(begun) == 500)
    is_released.set()
    assert take_all(results) == list(range(500))


def test_the_results_that_wait_for_a_slow_item_are_limited_in_size() -> None:
    is_released, begun = threading.Event(), []

    def work(number: int) -> int:
        begun.append(number)
        if number == 0:
            is_released.wait(5)
        return number

    results = in_order(work, 500, room=50)
    wait_for(lambda: len(begun) == 51)
    time.sleep(0.05)
    assert len(begun) == 51
    is_released.set()
    assert take_all(results) == list(range(500))


def test_work_ahead_is_limited_when_no_item_is_slow() -> None:
    begun: list[int] = []
    results = in_order(lambda number: begun.append(number) or number, 500)
    wait_for(lambda: len(begun) >= 4)
    time.sleep(0.05)
    assert len(begun) <= 6
    assert take_all(results) == list(range(500))


def test_postponed_work_frees_its_thread_for_other_work() -> None:
    ends = []

    def work(number: int) -> int | Later[int]:
        if number < 20:
            return Later(0.3, lambda: ends.append(time.monotonic()) or number)
        return number

    start = time.monotonic()
    results = in_order(work, 100)
    assert take_all(results) == list(range(100))
    assert min(ends) - start >= 0.3
    assert max(ends) - start < 2  # one after the other would take 3 seconds


def test_postponed_work_runs_before_new_work() -> None:
    order: list[str] = []

    def work(number: int) -> int | Later[int]:
        order.append(f"begin {number}")
        time.sleep(0.02)
        if number == 0:
            return Later(0.05, lambda: order.append("again") or number)
        return number

    assert take_all(in_order(work, 50, threads=1, ahead=100)) == list(range(50))
    assert order.index("again") < 6


def test_work_may_be_postponed_many_times() -> None:
    def again(left: int) -> int | Later[int]:
        return Later(0.001, lambda: again(left - 1)) if left else 7

    assert take_all(in_order(lambda _: again(5), 3)) == [7, 7, 7]


def test_an_error_is_raised_in_the_order_of_the_items() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise OSError("the disk is full")
        return number

    results = in_order(work, 10)
    with pytest.raises(OSError, match="the disk is full"):
        take_all(results)
    results.close()
