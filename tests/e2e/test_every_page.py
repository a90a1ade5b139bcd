"""Every page of the demo's desk, as everybody who is let to see it finds it: whoever he is, and
however narrow his screen.
"""

from __future__ import annotations

import pytest
import sitting
import walk
from browser import Size
from usable import FACES, trouble

from console.web.access import PEOPLE
from workflow.states import State

DESKS = {"operator", "department", "supervisor"}
"""Whose pages the shortest run walks through."""


@pytest.mark.parametrize(
    "role",
    [
        role if role in DESKS else pytest.param(role, marks=pytest.mark.long)
        for role in sorted(PEOPLE)
    ],
)
def test_everybody_can_use_every_page_at_every_width(people, demo_desk, role):
    person = people(demo_desk)
    sitting.enter(person, role)
    kinds = walk.pages(person.page, faces=FACES)
    found = [line for kind in kinds for line in trouble(person, kind.name)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "state", [State.VERIFYING, State.REEVALUATING, State.DISMISSED, State.CLOSED]
)
def test_a_citizen_can_use_every_page_at_every_width(people, demo_desk, demo_folder, state):
    person = people(demo_desk, Size.PHONE)
    start = sitting.links(demo_folder)[state]
    kinds = walk.pages(person.page, start, choices=True)
    found = [line for kind in kinds for line in trouble(person, kind.name)]
    assert not found, "\n".join(found)
