"""How much memory this process has, uses, and can give back. Knows nothing of engines."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

MIB = 1024 * 1024
_UNLIMITED = 1 << 60  # cgroup v1 writes a huge number where there is no limit

_LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def limit_mb(files: tuple[str, ...] = _LIMIT_FILES) -> float:
    """What this process may use, in MB: the container's limit where there is one, else the machine's memory."""
    import psutil  # type: ignore[import-untyped]

    machine = int(psutil.virtual_memory().total)
    limits = [value for value in map(_read_limit, files) if value is not None]
    return min([machine, *limits]) / MIB


def _read_limit(name: str) -> int | None:
    try:
        text = Path(name).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and int(text) < _UNLIMITED else None


def resident_mb() -> float:
    """Resident memory of this process, in MB."""
    import psutil

    return float(psutil.Process().memory_info().rss) / MIB


def has_gpu() -> bool:
    """Whether NVIDIA's driver runs here. Asked before torch is imported, which would know better."""
    return Path("/proc/driver/nvidia/version").exists()


def give_back() -> None:
    """Collect garbage and hand free heap pages back to the system (glibc keeps them otherwise)."""
    gc.collect()
    trim()


def trim() -> None:
    """Hand free heap pages back to the system."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "malloc_trim"):  # musl has none
            libc.malloc_trim(0)
