"""The machine that runs the benchmark."""

import os
import platform
import re
from pathlib import Path


def describe_machine() -> str:
    """The processor, the number of cores, memory, system and Python."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {gib:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def peak_bytes(pid: int | str = "self") -> int:
    """The peak memory of a running program so far, or 0 if it has ended.

    wait4() and getrusage() would also count the process that started it.
    """
    with open(f"/proc/{pid}/status") as status:
        sizes = [line.split()[1] for line in status if line.startswith("VmHWM")]
    return 1024 * int(sizes[0]) if sizes else 0
