"""Ask all engines each question in turn, on the same data, in one run."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from search_bench.remote import RemoteEngine
from search_bench.truth import Truth

EFFORTS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 400)
RECALL = 0.99


@dataclass
class Timing:
    """The times of one question to one engine, in milliseconds, and the share of right answers."""

    milliseconds: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)
    wrong_rows: int = 0
    counts_agree: bool = True

    def summary(self) -> dict[str, float | bool]:
        """Ready for the report."""
        p10, p50, p95 = np.quantile(self.milliseconds, [0.1, 0.5, 0.95])
        return {
            "p10": p10,
            "p50": p50,
            "p95": p95,
            "recall": float(np.mean(self.recalls)),
            "answers": len(self.recalls),
            "wrong_rows": self.wrong_rows,
            "agree": self.counts_agree,
        }


def find_effort(engine: RemoteEngine, question: str, truth: Truth) -> int:
    """Set the smallest candidate list with which an approximate index reaches RECALL."""
    for ef in EFFORTS:
        engine.call("set_effort", ef)
        recalls = [
            truth.recall(
                query_photo, [photo_id for photo_id, _ in engine.call(question, query_photo).value]
            )
            for query_photo in truth.trial_photos
        ]
        if np.mean(recalls) >= RECALL:
            break
    return ef


def ask_in_turn(
    engines: Mapping[str, RemoteEngine],
    questions: Mapping[str, Sequence[str]],
    truth: Truth,
    rounds: int,
) -> dict[str, dict[str, Timing]]:
    """Ask every engine all its questions about one query photo, then about the next.

    A question is a method of the engine, a blank, and the share of photos that its filter keeps.
    The first round warms up and is not timed. Returns the timings by engine and question.
    """
    timings = {name: {question: Timing() for question in questions[name]} for name in engines}
    for is_timed, query_photo, name, question in _turns(questions, truth.query_photos, rounds):
        method, *shares = question.split()
        share = [float(share) for share in shares]
        answer = engines[name].call(method, query_photo, *share)
        timing = timings[name][question]
        if is_timed:
            timing.milliseconds.append(1000 * answer.seconds)
            continue
        found = [photo_id for photo_id, _ in answer.value]
        timing.recalls.append(truth.recall(query_photo, found, *share))
        timing.wrong_rows += not truth.has_all_rows(query_photo, found, *share)
        if question.startswith("downloads"):
            timing.counts_agree &= truth.counts_agree(answer.value)
    return timings


def _turns(
    questions: Mapping[str, Sequence[str]], query_photos: Sequence[str], rounds: int
) -> Iterator[tuple[bool, str, str, str]]:
    shuffle = random.Random(7).shuffle
    turns = [(name, question) for name in questions for question in questions[name]]
    for turn in range(rounds + 1):
        for query_photo in query_photos:
            shuffle(turns)
            for name, question in turns:
                yield turn > 0, query_photo, name, question
