"""命令: what a door's command answers: the step, what falls due, and what the reactions then did
by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from console import wording
from console.taken import Taken, limits_for, taken, taken_json, version_now
from workflow.errors import Transient
from workflow.ledger import Recorded

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
    found = taken(office, done)
    if machine:
        yield _json(taken_json(found, party))
        return
    yield from _lines(found, party)
    if found.revealed:
        yield f"  {_contact(found)}"


def _contact(found: Taken) -> str:
    if found.no_number:
        return f"评价里填的不是电话号码：{found.no_number}"
    return f"号码：{found.phone or '没有号码，或已删除'}"


def _lines(found: Taken, party: str) -> Iterator[str]:
    done, now = found.done, found.now
    again = "（此前已办过，没有重复办）" if done.repeated else ""
    yield (
        f"{done.subject} 已办理“{wording.event_name(done.type)}”{again}，"
        f"现为“{wording.state_name(done.state)}”（第 {done.version} 版）"
    )
    for name, opened in limits_for(done, party):
        mark = "（暂定，放假通知未公布）" if opened.provisional else ""
        yield f"  {wording.LIMIT_NAMES[name]} 到期 {wording.when(opened.due_at, found.zone)}{mark}"
    version = version_now(now, party)
    if version > done.version and not done.repeated:
        yield f"  随后自动办理，现为“{wording.state_name(now.state)}”（第 {version} 版）"


def _json(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)
