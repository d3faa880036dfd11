"""Results in the order of the items, though one of them may take long."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

from photo_search.ingest.thumbnails.later import Later

Item = TypeVar("Item")
Result = TypeVar("Result")
Step = Callable[[], Result | Later[Result]]


class InOrder(Generic[Item, Result]):
    """Does `work` on the items in threads and hands over the results in the order of the items.

    A thread begins the next item when it is free. Work that returns Later gives its thread back
    and goes on, when its time has come, before anything new begins.

    At most `ahead` results wait to be taken. Only if the next one to be taken is late, others are
    done meanwhile, as long as their sizes, by `size_of`, add up to less than `room`.
    """

    def __init__(
        self,
        work: Callable[[Item], Result | Later[Result]],
        items: Sequence[Item],
        *,
        threads: int,
        ahead: int,
        room: int,
        size_of: Callable[[Result], int],
    ) -> None:
        self._work, self._items = work, items
        self._ahead, self._room, self._size_of = ahead, room, size_of
        self._begun = self._size = 0
        self._line: deque[Future[Result]] = deque()  # begun and not yet taken, in order
        self._late: list[tuple[float, int, Future[Result], Step[Result]]] = []
        self._numbers = count()  # so that no two entries of the heap are equal
        self._closed = False
        lock = threading.Lock()
        self._changed = threading.Condition(lock)  # there may be something for a thread to do
        self._result_came = threading.Condition(lock)
        for _ in range(threads):
            threading.Thread(target=self._run, daemon=True).start()

    def take(self, most: int) -> list[Result]:
        """The next results, as many as are there, up to `most`; [] at the end.

        Waits until there is one. Raises what `work` has raised.
        """
        taken: list[Result] = []
        with self._changed:
            self._result_came.wait_for(lambda: self.is_ready() or self._is_over())
            while self.is_ready() and len(taken) < most:
                result = self._line.popleft().result()
                self._size -= self._size_of(result)
                taken.append(result)
            self._changed.notify()
        return taken

    def is_ready(self) -> bool:
        """Whether the next result is there."""
        return bool(self._line) and self._line[0].done()

    def _is_over(self) -> bool:
        return self._begun == len(self._items) and not self._line

    def close(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            future, step = taken
            try:
                result = step()
            except BaseException as error:
                self._finish(future, error)
            else:
                if isinstance(result, Later):
                    self._postpone(future, result)
                else:
                    self._finish(future, result)

    def _take(self) -> tuple[Future[Result], Step[Result]] | None:
        """What this thread does next; None at the end."""
        with self._changed:
            while not self._closed:
                wait = self._late[0][0] - time.monotonic() if self._late else None
                if wait is not None and wait <= 0:
                    _, _, future, step = heappop(self._late)
                elif self._may_begin():
                    future, step = Future(), partial(self._work, self._items[self._begun])
                    self._begun += 1
                    self._line.append(future)
                else:
                    self._changed.wait(wait)
                    continue
                self._changed.notify()  # there may be work for another thread, too
                return future, step
        return None

    def _may_begin(self) -> bool:
        return (
            self._begun < len(self._items)
            and self._size < self._room
            and (len(self._line) < self._ahead or not self.is_ready())
        )

    def _postpone(self, future: Future[Result], later: Later[Result]) -> None:
        with self._changed:
            due = time.monotonic() + later.seconds
            heappush(self._late, (due, next(self._numbers), future, later.again))
            self._changed.notify()

    def _finish(self, future: Future[Result], result: Result | BaseException) -> None:
        with self._result_came:
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                self._size += self._size_of(result)
                future.set_result(result)
            self._result_came.notify()
