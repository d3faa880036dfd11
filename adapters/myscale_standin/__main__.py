"""``python -m myscale_standin --generation 2 --edition cloud --port 8123``."""

from __future__ import annotations

import argparse
import signal

from .standin import MyScaleStandIn


def main() -> None:
    """Serve until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="myscale_standin", description=__doc__)
    parser.add_argument("--generation", type=int, choices=(1, 2), default=2)
    parser.add_argument("--edition", choices=("cloud", "oss"), default="cloud")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--user", default="default")
    parser.add_argument("--password", default="")
    given = parser.parse_args()
    with MyScaleStandIn(**vars(given)) as standin:
        ca = f", CA {standin.ca_certificate}" if given.tls else ""
        print(f"{standin.url} (generation {given.generation}, {given.edition}{ca})", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
