"""The machine that figures belong to."""

import os
import platform
import re
from pathlib import Path


def describe_machine() -> str:
    """Processor, how many of it, memory, system, Python."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {gib:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def peak_bytes(pid: int | str = "self") -> int:
    """Most memory of a running program so far; 0 once it has ended.

    Not what wait4() and getrusage() say: they count the process that started it as well.
    """
    with open(f"/proc/{pid}/status") as status:
        sizes = [line.split()[1] for line in status if line.startswith("VmHWM")]
    return 1024 * int(sizes[0]) if sizes else 0
