"""One engine in its own process. Input lines are calls in JSON, output lines are answers.

Started as `python -m search_bench.worker ENGINE WORK_FOLDER` by the Python that has the engine's
packages. An answer has what the method returned, its seconds here, and the peak memory of the
process. So neither the pipe nor another engine is measured.
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path

from search_bench.machine import peak_bytes


def main() -> None:
    """Serve calls of [method, argument …] until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    module = importlib.import_module(f"search_bench.engines.{sys.argv[1]}")
    engine = module.Engine(Path(sys.argv[2]))
    for line in sys.stdin:
        method, *arguments = json.loads(line)
        started = time.perf_counter()
        value = getattr(engine, method)(*arguments)
        seconds = time.perf_counter() - started
        answer = {"value": value, "seconds": seconds, "peak_bytes": peak_bytes()}
        json.dump(answer, answers)
        answers.write("\n")
        answers.flush()
    engine.close()


if __name__ == "__main__":
    main()
