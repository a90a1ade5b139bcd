"""The demo's desk as it stands on Friday 2021-10-22 at 09:00, and the ways in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import served
from browser import Person
from sqlalchemy import func, select

from console.demo.build import DESK, build_desk
from console.demo.cli import SEED
from console.wiring import office
from console.wording import role_name
from producers.citizens import token_of
from schemas.envelope import Role
from workflow.links import code_of
from workflow.states import State
from workflow.storage.models import complaints


def build(folder: Path) -> None:
    """A few seconds."""
    build_desk(folder / DESK, SEED, lambda _progress: None)


def sat_down_at(folder: Path) -> AbstractContextManager[str]:
    """The address of the desk in this folder, while it is open."""
    return served.process(folder, "demo", "--desk")


def enter(person: Person, role: Role) -> None:
    """By the first of the role's identity cards."""
    person.page.goto("/demo")
    person.page.locator(".id-card", has_text=role_name(role)).first.click()
    person.page.wait_for_load_state()


def links(folder: Path) -> dict[State, str]:
    """The citizen's own link to one complaint in each state there is."""
    first = select(complaints.c.state, func.min(complaints.c.id)).group_by(complaints.c.state)
    with office(folder / DESK) as opened:
        with opened.database.read() as conn:
            found = conn.execute(first).all()
        codes = {state: code_of(opened.ledger.keys.link, subject) for state, subject in found}
        return {State(s): f"/r/{token_of(opened.ledger, code)}" for s, code in codes.items()}
