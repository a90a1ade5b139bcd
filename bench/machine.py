"""Where, when and on what the figures were measured."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""The releases from which on the WAL-reset bug is mended: the main line, and two branches."""


def machine(folder: Path) -> dict[str, Any]:
    """What the reader needs to compare two reports."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short=12", "HEAD") or "unknown",
        "changed_files": len(_git("status", "--porcelain").splitlines()),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "wal_reset_bug": "affected: safe mode" if affected() else "mended",
        "durability": "WAL, synchronous=FULL; checkpoints by the writer alone",
        "disk": _disk(folder),
    }


def affected(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite can lose commits when a checkpoint meets a writer."""
    if version >= _FIXED[0]:
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in _FIXED[1:])


def _git(*words: str) -> str:
    found = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _disk(folder: Path) -> str:
    """The file system's type under this folder."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    over = [(where, kind) for _, where, kind, *_ in mounts if folder.is_relative_to(where)]
    return max(over, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]
