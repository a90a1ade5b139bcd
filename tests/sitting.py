"""The demo's desk as it stands on Friday 2021-10-22 at 09:00, and the ways in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import served
from browser import Person
from sqlalchemy import func, select

from console.demo.build import DESK, build_desk
from console.demo.cli import SEED
from console.wiring import Office, office
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
    next(enter_as_each(person, role))


def enter_as_each(person: Person, role: Role) -> Iterator[int]:
    """By each of the role's identity cards in turn."""
    person.page.goto("/demo")
    for number in range(person.page.locator(".id-card", has_text=role_name(role)).count()):
        person.page.goto("/demo")
        person.page.locator(".id-card", has_text=role_name(role)).nth(number).click()
        person.page.wait_for_load_state()
        yield number


def links(folder: Path) -> dict[State, str]:
    """The citizen's own link to one complaint in each state there is."""
    with office(folder / DESK) as opened:
        codes = {s: code_of(opened.ledger.keys.link, no) for s, no in _one_of_each(opened).items()}
        return {s: f"/r/{token_of(opened.ledger, code)}" for s, code in codes.items()}


def subjects(folder: Path) -> dict[State, str]:
    """One complaint in each state there is."""
    with office(folder / DESK) as opened:
        return _one_of_each(opened)


def _one_of_each(opened: Office) -> dict[State, str]:
    first = select(complaints.c.state, func.min(complaints.c.id)).group_by(complaints.c.state)
    with opened.database.read() as conn:
        return {State(state): number for state, number in conn.execute(first)}
