"""The rate of requests, shared by all threads."""

import threading
import time

SLOWEST = 1.0  # seconds between two requests


class Pace:
    """Spaces the starts of requests evenly; halves the rate whenever a server asks for less."""

    def __init__(self, per_second: float) -> None:
        self._fastest = self._interval = 1 / per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the next request may start. The rate recovers by 1 % with each call."""
        with self._lock:
            start = max(self._next, time.monotonic())
            self._next = start + self._interval
            self._interval = max(self._fastest, self._interval * 0.99)
        time.sleep(max(0.0, start - time.monotonic()))

    def slow_down(self) -> None:
        with self._lock:
            self._interval = max(self._fastest, min(SLOWEST, self._interval * 2))
