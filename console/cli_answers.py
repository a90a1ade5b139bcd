"""命令: what a door's command answers: the step, what falls due, and what the reactions then did
by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from console import wording
from console.sight import UNITS_LIMITS
from workflow.complaint import Complaint, load
from workflow.contact import phone_of
from workflow.errors import Transient
from workflow.ledger import Recorded
from workflow.storage.models import complaints

if TYPE_CHECKING:
    from console.wiring import Office

RECEIVED = "已收到，谢谢"


def answer(
    office: Office, door: Callable[..., Any], done: Recorded | str | None, machine: bool
) -> Iterator[str]:
    """Lines for a person, or one JSON object; then lets the reactions run.

    The step is committed before: a busy database leaves the reactions to the next process.
    """
    with suppress(Transient):
        office.drain()
    party = door.__module__.split(".")[1]
    if not isinstance(done, Recorded) or done.type == "ContactSupplied":
        told = f"已记录 {done}" if isinstance(done, str) else RECEIVED
        yield _json({"recorded": done} if isinstance(done, str) else {}) if machine else told
    elif party == "citizens":
        yield _json({"event": done.type, "repeated": done.repeated}) if machine else RECEIVED
    else:
        yield from _step(office, done, party, machine)


def _step(office: Office, done: Recorded, party: str, machine: bool) -> Iterator[str]:
    with office.database.read() as conn:
        query = select(complaints.c.fold).where(complaints.c.id == done.subject)
        now = load(conn.execute(query).scalar_one())
        revealed = done.type == "ContactRevealed"
        phone = phone_of(conn, office.vault, done.subject) if revealed else None
    shown = _shown(office, done, now, party)
    if revealed:
        shown["phone"] = phone
    if machine:
        yield _json(shown)
        return
    yield from _lines(office, done, now, party)
    if revealed:
        yield f"  号码：{phone or '没有号码，或已删除'}"


def _shown(office: Office, done: Recorded, now: Complaint, party: str) -> dict[str, Any]:
    zone = office.rulebook.bound(now.profile, now.profile_version).policy.zone
    return {
        "subject": done.subject,
        "event": done.type,
        "version": done.version,
        "state": done.state,
        "repeated": done.repeated,
        "limits": {
            name: wording.iso(opened.due_at, zone)
            for name, opened in done.limits.items()
            if _theirs(name, party)
        },
        "now": {"state": now.state, "version": now.version},
    }


def _lines(office: Office, done: Recorded, now: Complaint, party: str) -> Iterator[str]:
    zone = office.rulebook.bound(now.profile, now.profile_version).policy.zone
    again = "（此前已办过，没有重复办）" if done.repeated else ""
    yield (
        f"{done.subject} 已办理“{wording.event_name(done.type)}”{again}，"
        f"现为“{wording.state_name(done.state)}”（第 {done.version} 版）"
    )
    for name, opened in done.limits.items():
        if _theirs(name, party):
            mark = "（暂定，放假通知未公布）" if opened.provisional else ""
            yield f"  {wording.LIMIT_NAMES[name]} 到期 {wording.when(opened.due_at, zone)}{mark}"
    if now.version > done.version and not done.repeated:
        yield f"  随后自动办理，现为“{wording.state_name(now.state)}”（第 {now.version} 版）"


def _theirs(limit: str, party: str) -> bool:
    return party != "departments" or limit in UNITS_LIMITS


def _json(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)
