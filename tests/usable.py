"""Whether somebody can use a page as it stands: on every screen, with all of it unfolded, and also
after it was sent and refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import axe
from browser import Person, Size
from kills import WHOLE
from playwright.sync_api import Page
from weights import MOST, weight

WIDTHS = (Size.DESKTOP, Size.SCALED, Size.PHONE) if WHOLE else (Size.PHONE,)
"""The shortest run has the narrowest alone: what fits there fits anywhere."""

FACES = frozenset({"tab", "kind", "act", "answer", *(("show", "state") if WHOLE else ())})
"""What an address says of which part of a page is shown, or which of its forms; in the shortest run
not what merely leaves out rows of the same list.
"""

SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT_OFF = """() => [...document.querySelectorAll('main *')]
  .filter((one) => getComputedStyle(one).overflowX === 'hidden' && one.innerText
    && one.scrollWidth > one.clientWidth + 1 && !one.matches('.visually-hidden'))
  .map((one) => one.innerText.slice(0, 20))"""
ACTS_OUT_OF_SIGHT = """() => [...document.querySelectorAll('.acts')].filter(
  (one) => one.getBoundingClientRect().right > document.documentElement.clientWidth
).length"""
UNFOLD = """() => {
  document.querySelectorAll('main details').forEach((one) => { one.open = true; });
  const ours = [...document.styleSheets].find((one) => one.href && one.href.includes('app.css'));
  ours.insertRule('.switch > .pane { display: block !important }', ours.cssRules.length);
}"""
FORMS = """() => [...document.querySelectorAll('main form[method=post]')]
  .map((one) => one.querySelector('[name=expected_version]') && one.getAttribute('action'))"""
SEND_AS_STALE = """(at) => {
  const form = document.querySelectorAll('main form[method=post]')[at];
  form.querySelectorAll('[name=expected_version]').forEach((one) => { one.value = '0'; });
  HTMLFormElement.prototype.submit.call(form);
}"""


def trouble(person: Person, name: str, widths: Collection[Size] = WIDTHS) -> Iterator[str]:
    """What keeps somebody from using the page, on each of these screens, a line each."""
    page = person.page
    if (bytes_ := weight(page.content())) > MOST:
        yield f"{name}: {bytes_} bytes"
    for size in widths:
        width, height = size.value[:2]
        page.set_viewport_size({"width": width, "height": height})
        yield from (f"{name} at {width}: {line}" for line in axe.violations(page))
        yield from (f"{name} at {width}: cut off: {line}" for line in page.evaluate(CUT_OFF))
        if (over := page.evaluate(SIDEWAYS)) > 0:
            yield f"{name} at {width}: {over} pixels to the side"
        if size is not Size.PHONE and page.evaluate(ACTS_OUT_OF_SIGHT):
            yield f"{name} at {width}: what one can do is out of sight"


def unfold(page: Page) -> None:
    """Everything that is folded away, and every form to be chosen from, stands open."""
    page.evaluate(UNFOLD)


def refusals(person: Person, place: str, seen: set[str]) -> Iterator[str]:
    """The page shows in turn what each of its forms comes to, sent from a page that is out of date
    and with nothing typed; forms of a kind in `seen` are passed over, the others entered there.
    """
    page = person.page
    page.goto(place)
    for number, action in enumerate(page.evaluate(FORMS)):
        name = str(action).rpartition("/")[2]
        if action is None or name in seen:
            continue
        seen.add(name)
        page.goto(place)
        person.foreseen = [409, 422]
        with page.expect_navigation():
            page.evaluate(SEND_AS_STALE, number)
        person.foreseen = []
        yield f"{name} refused"
