"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class RunProgress:
    """Counts photos. Shows the share, the rate, the time left and the failures by reason."""

    def __init__(self, total: int) -> None:
        self.done = 0
        self.reasons: Counter[str] = Counter()
        self._total = total
        self._start = time.monotonic()
        self._console = Console(stderr=True)
        self._bar = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=total)

    def __enter__(self) -> "RunProgress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def report(self, reasons: Sequence[str | None]) -> None:
        """Count photos done: None for a vector, else the reason why there is none."""
        self.done += len(reasons)
        self.reasons.update(reason for reason in reasons if reason is not None)
        rate = self.done / (time.monotonic() - self._start)
        text = f"{rate:.1f} photos/s"
        if self.reasons:
            text += f", failed: {counted(self.reasons)}"
        self._bar.update(self._task, completed=self.done, description=text)
        if not self._console.is_terminal:
            left = (self._total - self.done) / rate
            self._console.print(
                f"{self.done} of {self._total} photos, {text}, {left:.0f} s left", soft_wrap=True
            )


def counted(reasons: Mapping[str, int]) -> str:
    """`3 gone, 1 timeout`, the most frequent first."""
    return ", ".join(f"{count} {reason}" for reason, count in Counter(reasons).most_common())
