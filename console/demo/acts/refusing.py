"""第五幕：three things it will not do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from console import refusals
from console.demo.actors import HANDLER
from console.demo.acts.killing import kill_and_go_on
from console.demo.operators import OPERATORS
from console.demo.stage import Stage
from console.timeline import timeline
from producers import hotline
from schemas.envelope import Role
from workflow.errors import BihuanError
from workflow.ledger import Actor
from workflow.states import State
from workflow.storage.models import complaints

if TYPE_CHECKING:
    from console.wiring import Office

TITLE: Final = "三件它不做的事"


def refusing(stage: Stage, office: Office, seed: int) -> None:
    """A step out of order, another unit's complaint, a row lost or doubled by a kill."""
    with office.database.read() as conn:
        query = select(complaints.c.id, complaints.c.unit).where(complaints.c.state == State.CLOSED)
        subject, unit = conn.execute(query.order_by(complaints.c.id.desc())).tuples().first() or (
            "",
            "",
        )
    _out_of_order(stage, office, subject)
    _not_yours(stage, office, subject, unit or "")
    kill_and_go_on(stage, seed)


def _out_of_order(stage: Stage, office: Office, subject: str) -> None:
    stage.say(
        "不按顺序的一步，谁来都不行，并说明现在能办什么。已经办结的件，话务员再去“审核通过”：",
        style="bold",
        lead="1 ",
    )
    try:
        hotline.accept_feedback(office.ledger, subject, account=OPERATORS[0])
    except BihuanError as error:
        _answer(stage, error)
    else:
        stage.proof("这一步被接受了，不应该", holds=False)


def _not_yours(stage: Stage, office: Office, subject: str, unit: str) -> None:
    names = {u.code: u.name for u in office.units.units}
    other = next(code for code in names if code != unit)
    stage.say(
        f"别的单位的件，对你不存在。{subject} 在{names[unit]}，{names[other]}的联络员去看：",
        style="bold",
        lead="2 ",
    )
    try:
        timeline(office, subject, Actor(HANDLER, Role.DEPARTMENT, other))
    except BihuanError as error:
        _answer(stage, error)
    else:
        stage.proof("看到了，不应该", holds=False)


def _answer(stage: Stage, error: BihuanError) -> None:
    stage.pause(0.8)
    said = f"{refusals.line(error)}（退出码 {refusals.exit_code(error)}）"
    stage.say(said, style="yellow", lead="  → ")
    stage.say("", pause=1.2)
