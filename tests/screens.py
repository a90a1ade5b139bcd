"""Photographs of every page of the demo's desk, for docs/screens:

uv run python tests/screens.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import browser
import sitting
import walk
from browser import People, Person, Size

from console.web.access import PEOPLE
from workflow.states import State

TO = Path(__file__).parents[1] / "docs" / "screens"
ASKED = (State.REEVALUATING, State.CLOSED)
"""States in which a citizen has more than one page to go through."""

FACES = frozenset({"tab"})
"""What an address says of the part of a page that is shown: a photograph of each."""


def main(to: Path = TO) -> None:
    """Empties the folder of earlier photographs first. Raises AssertionError at the end when
    anything went wrong in a browser.
    """
    to.mkdir(parents=True, exist_ok=True)
    for earlier in to.glob("*.png"):
        earlier.unlink()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        sitting.build(folder)
        with sitting.sat_down_at(folder) as address, browser.chromium() as chromium:
            people = People(chromium)
            _staff(people, address, to)
            _citizens(people, address, folder, to)
            troubles = people.leave()
    assert not troubles, "\n".join(troubles)


def _staff(people: People, address: str, to: Path) -> None:
    stranger = people(address)
    for place in ("demo", "login"):
        stranger.page.goto(f"/{place}")
        photograph(stranger, to, place)
    for role in sorted(PEOPLE):
        person = people(address)
        sitting.enter(person, role)
        for kind in walk.pages(person.page, faces=FACES):
            photograph(person, to, f"{role}-{kind.name.replace('=', '-')}")


def _citizens(people: People, address: str, folder: Path, to: Path) -> None:
    stranger = people(address, Size.PHONE)
    stranger.page.goto("/r")
    photograph(stranger, to, "citizen-start")
    for state, link in sitting.links(folder).items():
        person = people(address, Size.PHONE)
        for kind in walk.pages(person.page, link, choices=True):
            photograph(person, to, f"citizen-{state.lower()}-{kind.name}")
            if state not in ASKED:
                break


def photograph(person: Person, to: Path, name: str) -> None:
    """The whole page, in a window as high as it: nothing that sticks to its edge covers it. What
    looks like a photograph already there, as a page does beside its first tab, is not kept twice.
    """
    page = person.page
    page.wait_for_load_state("load")
    small = page.viewport_size
    assert small is not None
    high = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": small["width"], "height": max(small["height"], high)})
    taken = page.screenshot(full_page=True, animations="disabled")
    page.set_viewport_size(small)
    if all(taken != earlier.read_bytes() for earlier in to.glob("*.png")):
        (to / f"{name}.png").write_bytes(taken)
        sys.stdout.write(f"{name}.png\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
