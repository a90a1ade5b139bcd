"""An embedded database moved to PostgreSQL: all or nothing, with the proof that nothing changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from console.wiring import Office, server_at
from workflow import audit
from workflow.bus.lease import runs_out
from workflow.clock import system_clock
from workflow.errors import Away, Busy, Damaged, InvalidInput, NotLetIn, Transient, Unwritable
from workflow.settings import ADDRESS
from workflow.storage.database import Database
from workflow.storage.models import leases
from workflow.storage.moving import Sum, copy_all, nothing_in, ours, seal_off, sums, unseal
from workflow.storage.schema import upgrade


@dataclass(frozen=True)
class Proof:
    """Where the data are now, and what each table held on both sides."""

    place: str
    tables: dict[str, Sum]


def move(office: Office, address: str) -> Proof:
    """Seals the file off, copies everything in one transaction, compares every table, audits both
    sides with the same key, and has the folder name the server. Killed at any moment, it is given
    again: nothing can have been recorded meanwhile.

    Raises Busy while somebody runs, Away while the server is, InvalidInput where it does not let us
    in, its database holds anything else or the data have moved already, Unwritable where the
    folder's note cannot be written, Damaged where something is wrong on either side; then nothing
    has moved, and the file takes events again, unless it is done, or the server went away at the
    very commit: until it is asked again.
    """
    _not_moved_yet(office.data / ADDRESS)
    server = _open_at(address)
    try:
        with office.database.write() as source:
            _nobody_runs(source)
            seal_off(source)
        try:
            held = _copied(office, server)
        except _Unknown:  # the file must not go on where the server may have taken over
            raise
        except BaseException:  # somebody may have thought better of it, with Ctrl+C
            with office.database.write() as source:
                unseal(source)
            raise
        _name(office.data / ADDRESS, address, server.place)
        return Proof(server.place, held)
    finally:
        server.close()


def _not_moved_yet(note: Path) -> None:
    """Else the file would take events again, for it is no more what the server has."""
    if note.exists():
        said = f"这个文件夹的数据已经搬走，现在用的是 {ADDRESS} 里写的数据库；什么也没有做"
        raise InvalidInput("to", "（不显示）", said)


def _open_at(address: str) -> Database:
    """Asked before anything is sealed off."""
    try:
        server = server_at(address)
    except InvalidInput as wrong:
        raise InvalidInput("to", wrong.value, wrong.reason) from None
    try:
        with server.read():
            return server
    except Away as away:
        server.close()
        _, _, reason = str(away).partition("：")
        if isinstance(away, NotLetIn):
            said = f"目标库不让进，什么也没有搬动：{reason}"
            raise InvalidInput("to", "（不显示）", said) from away
        raise Away(f"目标库连不上，什么也没有搬动，请稍后重试：{reason}") from away
    except InvalidInput as wrong:
        server.close()
        raise InvalidInput("to", wrong.value, wrong.reason) from None
    except BaseException:
        server.close()
        raise


class _Unknown(Away):
    """提交时与目标库断了连接，它收下没有还不知道；原数据库先封着，请在目标库恢复后再执行一次。"""


def _copied(office: Office, server: Database) -> dict[str, Sum]:
    """What each table held, once the same is committed on the server."""
    with office.database.write() as source:
        _sound(office, source, "原数据库")
        held, ready = sums(source), False
        try:
            with server.write() as target:
                server.alone(target)
                if nothing_in(target):
                    upgrade(target)
                    copy_all(source, target)
                elif not ours(target):
                    raise InvalidInput("to", "（不显示）", "目标库不是空的：里面是别的程序的表")
                _same(held, sums(target))
                _sound(office, target, "新数据库")
                ready = True
        except BaseException as ended:
            if ready and _has_arrived(server, held):
                return held
            if isinstance(ended, Away):
                raise Away(f"什么也没有搬动：{ended}") from ended
            raise
    return held


def _has_arrived(server: Database, held: dict[str, Sum]) -> bool:
    """Of a commit that nobody answered. Raises _Unknown where the server cannot be asked."""
    try:
        with server.write() as target:
            server.alone(target)  # when whoever still commits has ended
            if nothing_in(target):
                return False
            _same(held, sums(target))
            return True
    except (Transient, KeyboardInterrupt) as ended:
        raise _Unknown from ended


def _nobody_runs(source: Connection) -> None:
    for row in source.execute(select(leases)):
        if not runs_out(row, system_clock()):
            raise Busy(f"有进程在运行（{row.name}，{row.holder}），请先停下再搬")


def _sound(office: Office, conn: Connection, which: str) -> None:
    found = audit.check(conn, office.keys)
    if found:
        first = found[0]
        raise Damaged(f"{which}有 {len(found)} 处不符，没有搬动：{first.where}：{first.message}")


def _same(held: dict[str, Sum], there: dict[str, Sum]) -> None:
    for name, one in held.items():
        if there[name] != one:
            reason = (
                f"目标库不是空的：表 {name} 有 {there[name].rows} 行，与原来的 {one.rows} 行不同"
            )
            raise InvalidInput("to", "（不显示）", reason)


def _name(path: Path, address: str, place: str) -> None:
    """Raises Unwritable where it is not noted down."""
    try:
        _noted(path, address)
    except OSError as error:
        said = f"数据已搬到 {place}，但 {ADDRESS} 写不进去（{error.strerror}）"
        raise Unwritable(f"{said}；能写以后重新执行即可") from error


def _noted(path: Path, address: str) -> None:
    """The folder's own note of where its database is; it may hold a password."""
    new = path.with_suffix(".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(address + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
