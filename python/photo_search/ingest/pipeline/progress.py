"""What a run says while it works: a bar on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class RunProgress(Progress):
    """Counts photos. Shows the share, the rate, the time left and the failures by reason."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        super().__init__(
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.done = 0
        self.reasons: Counter[str] = Counter()
        self._total = total
        self._began = time.monotonic()
        self._task = self.add_task("starting", total=total)

    def report(self, reasons: Sequence[str | None]) -> None:
        """Count photos done: None for a vector, else the reason why there is none."""
        self.done += len(reasons)
        self.reasons.update(reason for reason in reasons if reason is not None)
        rate = self.done / (time.monotonic() - self._began)
        text = f"{rate:.1f} photos/s"
        if self.reasons:
            text += f", failed: {counted(self.reasons)}"
        self.update(self._task, completed=self.done, description=text)
        if not self.console.is_terminal:
            left = (self._total - self.done) / rate
            self.console.print(
                f"{self.done} of {self._total} photos, {text}, {left:.0f} s left", soft_wrap=True
            )


def counted(reasons: Mapping[str, int]) -> str:
    """`3 gone, 1 timeout`, the most frequent first."""
    return ", ".join(f"{count} {reason}" for reason, count in Counter(reasons).most_common())
