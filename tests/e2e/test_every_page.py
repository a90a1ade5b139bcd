"""Every page of the demo's desk, as everybody who is let to see it finds it: whoever he is, and
however narrow his screen.
"""

from __future__ import annotations

from collections.abc import Iterator

import axe
import pytest
import sitting
import walk
from browser import Person, Size
from kills import WHOLE
from weights import MOST, weight

from console.web.access import PEOPLE
from workflow.states import State

WIDTHS = (Size.DESKTOP, Size.SCALED, Size.PHONE) if WHOLE else (Size.PHONE,)
"""The shortest run has the narrowest alone: what fits there fits anywhere."""
DESKS = {"operator", "department", "supervisor"}
"""Whose pages the shortest run walks through."""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
ACTS_OUT_OF_SIGHT = """() => [...document.querySelectorAll('.acts')].filter(
  (one) => one.getBoundingClientRect().right > document.documentElement.clientWidth
).length"""


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
    found = [line for kind in walk.pages(person.page) for line in trouble(person, kind)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("state", [State.VERIFYING, State.REEVALUATING, State.CLOSED])
def test_a_citizen_can_use_every_page_at_every_width(people, demo_desk, demo_folder, state):
    person = people(demo_desk, Size.PHONE)
    start = sitting.links(demo_folder)[state]
    kinds = walk.pages(person.page, start, choices=True)
    found = [line for kind in kinds for line in trouble(person, kind)]
    assert not found, "\n".join(found)


def trouble(person: Person, kind: walk.Kind) -> Iterator[str]:
    page = person.page
    if (bytes_ := weight(page.content())) > MOST:
        yield f"{kind.name}: {bytes_} bytes"
    for size in WIDTHS:
        width, height = size.value[:2]
        page.set_viewport_size({"width": width, "height": height})
        yield from (f"{kind.name} at {width}: {line}" for line in axe.violations(page))
        if (over := page.evaluate(SIDEWAYS)) > 0:
            yield f"{kind.name} at {width}: {over} pixels to the side"
        if size is not Size.PHONE and page.evaluate(ACTS_OUT_OF_SIGHT):
            yield f"{kind.name} at {width}: what one can do is out of sight"
