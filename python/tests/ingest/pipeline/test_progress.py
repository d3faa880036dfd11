"""What a run prints while it works."""

from types import SimpleNamespace

import pytest

from photo_search.ingest.pipeline import progress
from photo_search.ingest.pipeline.progress import RunProgress


def test_a_line_says_what_is_done_what_failed_and_how_long_the_rest_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = iter([100, 104, 110])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    with RunProgress(40) as run:
        run.report([None, "gone", None, None])
        run.report([None, "timeout", "timeout", *[None] * 13])
    assert capsys.readouterr().err.splitlines() == [
        "4 of 40 photos, 1.0 photos/s, failed: 1 gone, 36 s left",
        "20 of 40 photos, 2.0 photos/s, failed: 2 timeout, 1 gone, 10 s left",
    ]
