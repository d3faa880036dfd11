"""The rate of requests, shared by all threads."""

import threading
import time
from collections import deque

SLOWEST = 1.0  # seconds between two requests
WINDOW = 100  # photos over which failures are counted
ENOUGH = 20  # photos in the window before it says anything
TROUBLE = 0.2  # share of failures above which the server is in trouble, not the photos
RECOVERY = 0.97  # of the interval is left after a good answer


class Pace:
    """Spaces the starts of requests evenly. Halves the rate for a server that is in trouble."""

    def __init__(self, per_second: float) -> None:
        self._fastest = self._interval = 1 / per_second
        self._next = 0.0
        self._slowed_at = 0.0
        self._failures: deque[bool] = deque(maxlen=WINDOW)
        self._turn = threading.Lock()
        self._lock = threading.Lock()

    def wait(self) -> float:
        """Sleep until the next request may start. Returns its start for `report`."""
        with self._turn:
            start = max(self._next, time.monotonic())
            time.sleep(max(0.0, start - time.monotonic()))
            self._next = start + self._interval
        return start

    def report(self, start: float, *, failed: bool, asks_for_less: bool = False) -> None:
        """Learn from the first answer for a photo. Later ones say no more about the server.

        The rate is halved if the server asks for less, or fails for more than a fifth of the last
        photos. A request from before that moment was sent at another pace and does not count.
        """
        with self._lock:
            if start < self._slowed_at:
                return
            self._failures.append(failed)
            share = sum(self._failures) / len(self._failures)
            if asks_for_less or (share > TROUBLE and len(self._failures) >= ENOUGH):
                self._interval = max(self._fastest, min(SLOWEST, self._interval * 2))
                self._slowed_at = time.monotonic()
                self._failures.clear()
            elif not failed:
                self._interval = max(self._fastest, self._interval * RECOVERY)
