"""导入任务: a file that came by the browser, tried without storing anything, then taken in; each in
a thread of its own, whose progress a page can follow.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from console.refusals import line
from console.wiring import Office
from producers.importing import ReadyBatch, Receipt, import_file, write_refused_file
from producers.rehearsing import rehearse
from producers.sources import Source, source
from schemas.rating import Refusal
from workflow.errors import BihuanError, InvalidInput
from workflow.said import of_failure

FOLDER = "uploads"
KEPT = 24 * 3600
"""Seconds after which an upload that nobody took in is deleted."""

LISTED = 20
"""Refused rows that a rehearsal lists."""

TRYING, TRIED, TAKING, TAKEN, FAILED = "trying", "tried", "taking", "taken", "failed"
SUFFIXES = (".csv", ".xlsx")


@dataclass
class Job:
    """One upload of one person. `refused_file`: the refused rows, to be corrected and sent anew."""

    token: str
    account: str
    unit: str | None
    name: str
    path: Path
    source: Source
    state: str = TRYING
    done: int = 0
    total: int = 0
    receipt: Receipt | None = None
    refused: tuple[Refusal, ...] = ()
    refused_file: Path | None = None
    error: str = ""
    at: float = field(default_factory=time.time)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0

    @property
    def busy(self) -> bool:
        return self.state in (TRYING, TAKING)


_JOBS: dict[str, Job] = {}
_LOCK = threading.Lock()


def received(
    office: Office, file: IO[bytes], name: str, named: str, account: str, unit: str | None
) -> Job:
    """Keeps the file, which nobody else can read, and begins to try it. Raises InvalidInput for a
    source or a kind of file there is not.
    """
    known = source(named)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput("file", name, "只收 CSV 和 XLSX 文件")
    folder = office.data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _forget_old(folder)
    token = secrets.token_urlsafe(16)
    path = folder / f"{token}{suffix}"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
        shutil.copyfileobj(file, to)
    job = Job(token, account, unit, Path(name).name[:120], path, known)
    with _LOCK:
        _JOBS[token] = job
    _begin(job, lambda: _try(office, job))
    return job


def job_of(token: str, account: str) -> Job | None:
    """This person's upload; another's does not exist."""
    job = _JOBS.get(token)
    return job if job is not None and job.account == account else None


def take_in(office: Office, job: Job, told: Callable[[], None]) -> None:
    """Begins to take the file in; `told` is called at the end. Raises InvalidInput unless it has
    been tried.
    """
    with _LOCK:
        if job.state != TRIED:
            raise InvalidInput("file", job.name, "这份文件正在导入，或已导入")
        job.state, job.done = TAKING, 0
    _begin(job, lambda: _take(office, job, told))


def drop(job: Job) -> None:
    """The file goes, and with it everything kept of it."""
    with _LOCK:
        _JOBS.pop(job.token, None)
    job.path.unlink(missing_ok=True)
    if job.refused_file is not None:
        job.refused_file.unlink(missing_ok=True)


def _begin(job: Job, work: Callable[[], None]) -> None:
    def run() -> None:
        try:
            work()
        except BihuanError as error:
            job.state, job.error = FAILED, line(error)
        except Exception as error:  # a thread has nobody above it who could tell
            name = type(error).__name__
            job.state, job.error = FAILED, f"没有做成：{of_failure(name) or name}"

    threading.Thread(target=run, name=f"import {job.token[:6]}", daemon=True).start()


def _try(office: Office, job: Job) -> None:
    found = rehearse(
        office.ledger, office.desk(job.unit), job.path, job.source, _follow(job), LISTED
    )
    job.receipt, job.refused, job.state = found.receipt, found.refused, TRIED


def _take(office: Office, job: Job, told: Callable[[], None]) -> None:
    receipt = import_file(office.ledger, office.desk(job.unit), job.path, job.source, _follow(job))
    target = job.path.with_name(f"{job.token}.refused.csv")
    if write_refused_file(office.ledger, receipt, job.path, target):
        target.chmod(0o600)
        job.refused_file = target
    job.path.unlink(missing_ok=True)
    job.receipt, job.state = receipt, TAKEN
    told()


def _follow(job: Job) -> Callable[[Receipt, ReadyBatch], None]:
    def on_batch(receipt: Receipt, batch: ReadyBatch) -> None:
        job.receipt, job.done, job.total = receipt, batch.bytes_read, batch.total_bytes

    return on_batch


def _forget_old(folder: Path) -> None:
    before = time.time() - KEPT
    with _LOCK:
        for token in [token for token, job in _JOBS.items() if job.at < before and not job.busy]:
            del _JOBS[token]
    for path in folder.iterdir():
        if path.is_file() and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
