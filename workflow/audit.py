"""核对: an independent naive auditor; it knows the tables and imports nothing that writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, groupby, islice
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, not_, select

from workflow.audit_collection import collected
from workflow.audit_columns import columns_of
from workflow.audit_contacts import contacted
from workflow.audit_desk import desk
from workflow.audit_erasure import Erased, kept
from workflow.audit_facts import facts_of
from workflow.audit_finding import Finding, streamed, undaunted
from workflow.audit_folds import Folded, fold, unwritten
from workflow.audit_log import chains, pointers
from workflow.audit_names import differing
from workflow.audit_progress import Answered, Reached, reached
from workflow.audit_rules import Pinned, Rules, pinned_rules
from workflow.audit_timers import timers_differ
from workflow.audit_vault import texts
from workflow.errors import InvalidInput
from workflow.storage.models import (
    complaint_facts,
    complaints,
    deadlines,
    events,
    lanes,
    order_facts,
)
from workflow.storage.vault import Keys

__all__ = ["Finding", "check", "heads"]

MOST = 200
"""Findings a part of the check gives at most: enough to look at, whatever the damage."""

_CHUNK = 500
BESIDE = (
    *("BatchCollected", "CalendarRevised", "PersonalDataErased"),
    *("PolicyProposed", "PolicyRefused", "PolicyTakenIntoForce"),
)
"""Events of no complaint. Written a second time, as all of the auditor; a test holds it to
`schemas.RULE_EVENTS`.
"""

Events = Sequence[Row[Any]]
"""One complaint's, by version."""


def check(
    conn: Connection, keys: Keys, *, progress: Callable[[str], None] | None = None
) -> list[Finding]:
    """Everything that is not as the log says, each with its row; nothing found: an empty list.

    `progress` is told each part's Chinese name as it begins. Reads one snapshot, changes nothing.
    """
    erased = Erased(conn)
    parts: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("日志的链", lambda: chains(conn, keys)),
        ("进度、异常件、请求", lambda: pointers(conn)),
        ("差评件逐件重演", lambda: _replayed(conn)),
        ("评价与办件逐行重数", lambda: collected(conn, keys, erased)),
        ("联系方式的索引", lambda: contacted(conn, keys)),
        ("保密库", lambda: chain(texts(conn, keys), kept(conn, erased))),
        ("草稿与附件", lambda: desk(conn, keys)),
    )
    found: list[Finding] = []
    with undaunted(conn):
        for name, part in parts:
            if progress is not None:
                progress(name)
            found += islice(_to_the_end(name, part()), MOST)
    return found


def _to_the_end(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """Damage may be such that a part cannot go on; that is a finding, and the next part begins."""
    try:
        yield from findings
    except Exception as error:
        yield Finding("unreadable", name, f"读不下去：{type(error).__name__} {error}")


def heads(conn: Connection) -> list[tuple[int, int, str]]:
    """Each lane with its last position and the first eight hex digits of its hash, for reports."""
    query = select(lanes.c.lane, lanes.c.pos, lanes.c.hash).order_by(lanes.c.lane)
    return [(lane, pos, bytes(digest).hex()[:8]) for lane, pos, digest in conn.execute(query)]


def _replayed(conn: Connection) -> Iterator[Finding]:
    """Every complaint's row, facts and timers against the fold of its events."""
    rules, answered = pinned_rules(), Answered()
    measured, timed = reached(conn, "metrics"), reached(conn, "deadlines")
    query = (
        select(events)
        .where(events.c.type.not_in(BESIDE))
        .order_by(events.c.subject, events.c.version)
    )
    subjects = groupby(streamed(conn, query), key=lambda row: row.subject)
    while chunk := [list(rows) for _, rows in islice(subjects, _CHUNK)]:
        told: dict[str, Folded] = {}
        for rows in chunk:
            yield from answered.take(rows)
            yield from _told(rows, rules, told)
        yield from _compared(conn, told)
        yield from _facts(conn, _as_measured(chunk, told, rules, measured))
        late = {rows[0].subject for rows in chunk if len(timed.handled(rows)) < len(rows)}
        yield from _timers(conn, {s: told[s] for s in told.keys() - late - timed.beside})
    yield from answered.ahead(conn)
    yield from _orphans(conn)


def _as_measured(
    chunk: Sequence[Events], told: dict[str, Folded], rules: Rules, measured: Reached
) -> dict[str, Folded | None]:
    """Each complaint as far as its figures have come; None: they have not begun. A consumer that
    is behind is late, not wrong.
    """
    found: dict[str, Folded | None] = {}
    for rows in chunk:
        subject = rows[0].subject
        if subject not in told or subject in measured.beside:
            continue
        seen = measured.handled(rows)
        whole = len(seen) == len(rows)
        found[subject] = told[subject] if whole else _folded(seen, rules) if seen else None
    return found


def _folded(rows: Events, rules: Rules) -> Folded:
    first = json.loads(rows[0].data)
    return fold(rows, _pinned(rules, first["profile"], first["profile_version"]))


def _pinned(rules: Rules, profile: str, version: str) -> Pinned:
    if (profile, version) not in rules:
        raise InvalidInput("profile", f"{profile} {version}", "没有这个规则版本")
    return rules[profile, version]


def _told(rows: Events, rules: Rules, told: dict[str, Folded]) -> Iterator[Finding]:
    subject = rows[0].subject
    if [row.version for row in rows] != list(range(1, len(rows) + 1)):
        yield Finding("version", subject, "事件的版本不连续，或不从1开始")
    try:
        told[subject] = _folded(rows, rules)
    except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError, InvalidInput) as e:
        yield Finding("event", subject, f"事件读不懂：{type(e).__name__} {e}")
        return
    for version, move in told[subject].illegal:
        yield Finding("step", f"{subject}-{version}", f"流程表中没有这一步：{move}")


def _compared(conn: Connection, told: dict[str, Folded]) -> Iterator[Finding]:
    query = select(complaints).where(complaints.c.id.in_(told))
    stored = {row.id: row for row in conn.execute(query)}
    for subject, fold_of in told.items():
        if subject not in stored:
            yield Finding("complaint", subject, "日志中有这件，差评件表中没有")
            continue
        row, expected = stored[subject], fold_of.row
        for name, value in columns_of(expected).items():
            if getattr(row, name) != value:
                message = f"{name} 现为 {getattr(row, name)}，按日志应为 {value}"
                yield Finding("complaint", subject, message)
        yield from _same_fold(subject, row.fold, expected)


def _same_fold(subject: str, text: str, expected: dict[str, Any]) -> Iterator[Finding]:
    try:
        stored = unwritten() | json.loads(text)
        names = sorted(stored.keys() | expected.keys())
    except (ValueError, TypeError, AttributeError):
        yield Finding("complaint", subject, "fold 不是可读的内容")
        return
    for name in names:
        if stored.get(name) != expected.get(name):
            message = f"fold 中 {name} 现为 {stored.get(name)}，按日志应为 {expected.get(name)}"
            yield Finding("complaint", subject, message)


def _facts(conn: Connection, told: dict[str, Folded | None]) -> Iterator[Finding]:
    """Every column of both tables of facts."""
    query = select(complaint_facts).where(complaint_facts.c.subject.in_(told))
    facts = {row.subject: row for row in conn.execute(query)}
    orders: dict[str, dict[int, Row[Any]]] = {}
    query_orders = select(order_facts).where(order_facts.c.subject.in_(told))
    for row in conn.execute(query_orders):
        orders.setdefault(row.subject, {})[row.number] = row
    for subject, fold_of in told.items():
        if (subject in facts) != (fold_of is not None):
            wrong = "指标表中没有这件" if fold_of else "指标表中已有这件，指标的进度却还没有到"
            yield Finding("facts", subject, wrong)
        elif fold_of is not None:
            expected = facts_of(fold_of.row, fold_of.figures)
            yield from differing("facts", subject, facts[subject], expected)
            yield from _orders(subject, orders.get(subject, {}), fold_of.figures.orders)


def _orders(
    subject: str, stored: dict[int, Row[Any]], expected: dict[int, dict[str, Any]]
) -> Iterator[Finding]:
    for number in sorted(stored.keys() | expected.keys()):
        where = f"{subject} 第{number}张工单"
        if number not in stored or number not in expected:
            yield Finding("facts", where, "指标表与日志中的工单不一一对应")
        else:
            yield from differing("facts", where, stored[number], expected[number])


def _timers(conn: Connection, told: dict[str, Folded]) -> Iterator[Finding]:
    stored: dict[str, dict[str, Row[Any]]] = {}
    for row in conn.execute(select(deadlines).where(deadlines.c.subject.in_(told))):
        stored.setdefault(row.subject, {})[row.limit_name] = row
    for subject, fold_of in sorted(told.items()):
        yield from timers_differ(fold_of.row, fold_of.timers, stored.get(subject, {}))


def _orphans(conn: Connection) -> Iterator[Finding]:
    first = and_(events.c.subject == complaints.c.id, events.c.version == 1)
    query = select(complaints.c.id).where(not_(exists().where(first)))
    for row in streamed(conn, query):
        yield Finding("complaint", row.id, "差评件表中有这件，日志中没有")
    for table in (complaint_facts, order_facts, deadlines):
        there = exists().where(complaints.c.id == table.c.subject)
        for row in streamed(conn, select(table.c.subject).where(not_(there))):
            yield Finding("facts", row.subject, f"{table.name} 中有这件，差评件表中没有")
