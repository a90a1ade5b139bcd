"""Photographs of every page of the demo's desk, for docs/screens:

uv run python tests/screens.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import browser
import served
import walk
from browser import Person

from console.demo.build import DESK, build_desk
from console.demo.cli import SEED
from console.web.access import PEOPLE
from console.wording import role_name
from schemas.envelope import Role

TO = Path(__file__).parents[1] / "docs" / "screens"


@contextmanager
def desk() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        build_desk(Path(folder) / DESK, SEED, lambda _progress: None)
        with served.process(Path(folder), "demo", "--desk") as address:
            yield address


def enter(person: Person, role: Role) -> None:
    """By the first of the role's identity cards."""
    person.page.goto("/demo")
    person.page.locator(".id-card", has_text=role_name(role)).first.click()
    person.page.wait_for_load_state()


def photograph(person: Person, to: Path, name: str) -> None:
    person.page.wait_for_load_state("load")
    person.page.screenshot(path=to / f"{name}.png", full_page=True, animations="disabled")
    sys.stdout.write(f"{name}.png\n")


def main(to: Path = TO) -> None:
    """Empties the folder of earlier photographs first. Raises AssertionError at the end when
    anything went wrong in the browser.
    """
    to.mkdir(parents=True, exist_ok=True)
    for earlier in to.glob("*.png"):
        earlier.unlink()
    with desk() as address, browser.chromium() as chromium:
        people = browser.People(chromium)
        stranger = people(address)
        stranger.page.goto("/demo")
        photograph(stranger, to, "demo")
        for role in sorted(PEOPLE):
            person = people(address)
            enter(person, role)
            for kind in walk.pages(person.page):
                photograph(person, to, f"{role}-{kind.name}")
        assert (troubles := people.leave()) == [], "\n".join(troubles)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
