"""导入任务: a file that came by the browser, tried without storing anything, then taken in; each in
a thread of its own, whose progress a page can follow.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from console.refusals import line
from console.wiring import Office
from producers.importing import ReadyBatch, import_file, write_refused_file
from producers.rehearsing import rehearse
from producers.runs import Receipt
from producers.sources import Source, source
from schemas.rating import Refusal
from workflow.errors import BihuanError, InvalidInput
from workflow.said import of_failure, of_system
from workflow.storage.sqlite import unwritable

FOLDER = "uploads"
KEPT = 24 * 3600
"""Seconds after which an upload that nobody took in is deleted, and what was refused of one: by the
console whose folder it is, as it starts and every few minutes.
"""

LISTED = 20
"""Refused rows that a rehearsal lists."""

TRYING, TRIED, TAKING, TAKEN, FAILED = "trying", "tried", "taking", "taken", "failed"
SUFFIXES = (".csv", ".xlsx")
LOGGER = logging.getLogger("bihuan.console")
_UNKEPT = "控制台放上传文件的文件夹写不进去，请告诉管服务器的同事"


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
    source or a kind of file there is not, and where it cannot be kept.
    """
    known = source(named)
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidInput("file", name, "只收 CSV 和 XLSX 文件")
    token = secrets.token_urlsafe(16)
    path = office.data / FOLDER / f"{token}{suffix}"
    try:
        _keep(file, path)
    except OSError as error:
        raise InvalidInput("file", name, f"{_UNKEPT}：{of_system(error)}") from error
    job = Job(token, account, unit, Path(name).name[:120], path, known)
    with _LOCK:
        _JOBS[token] = job
    _begin(job, lambda: _try(office, job))
    return job


def _keep(file: IO[bytes], path: Path) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
            shutil.copyfileobj(file, to)
    except OSError:
        with suppress(OSError):  # a part of it, where the disk is full
            path.unlink()
        raise


def job_of(token: str, account: str, unit: str | None) -> Job | None:
    """This person's upload for this unit; another's does not exist, nor one from before somebody
    went to another unit.
    """
    job = _JOBS.get(token)
    return job if job is not None and (job.account, job.unit) == (account, unit) else None


def jobs_of(data: Path, account: str, unit: str | None) -> list[Job]:
    """This person's uploads for this unit into this data folder, the newest first."""
    whose = data / FOLDER, account, unit
    with _LOCK:
        mine = [j for j in _JOBS.values() if (j.path.parent, j.account, j.unit) == whose]
    return sorted(mine, key=lambda job: job.at, reverse=True)


def take_in(office: Office, job: Job, told: Callable[[], None]) -> None:
    """Begins to take the file in; `told` is called at the end. Raises InvalidInput unless it has
    been tried.
    """
    with _LOCK:
        if job.state != TRIED:
            raise InvalidInput("file", job.name, "这份文件正在导入，或已导入")
        try:
            os.utime(job.path)  # its time to be kept begins anew
        except FileNotFoundError:
            raise InvalidInput("file", job.name, "这份文件已经删除，请重新上传") from None
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
    desk = office.desk(job.unit)
    receipt = import_file(office.ledger, desk, job.path, job.source, _follow(job), job.name)
    target = job.path.with_name(f"{job.token}.refused.csv")
    with suppress(FileNotFoundError):  # deleted meanwhile, as somebody asked to be forgotten
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


def forget_old(data: Path) -> None:
    """Deletes what has lain in this data folder for longer than `KEPT`."""
    before = time.time() - KEPT
    with _LOCK:
        for token in [token for token, job in _JOBS.items() if job.at < before and not job.busy]:
            del _JOBS[token]
    try:
        _delete(data / FOLDER, before)
    except OSError as error:
        LOGGER.warning("uploads could not be deleted: %s", error)


def forget_all(data: Path) -> int:
    """Deletes every upload of this data folder, for nobody can tell of whom its rows are; answers
    how many files that were. Raises Unwritable.
    """
    try:
        return _delete(data / FOLDER, math.inf)
    except OSError as error:
        raise unwritable(data / FOLDER, error) from error


def _delete(folder: Path, before: float) -> int:
    gone = 0
    for path in folder.iterdir() if folder.exists() else ():
        with suppress(FileNotFoundError):  # another was faster
            if path.stat().st_mtime < before:
                path.unlink()
                gone += 1
    return gone
