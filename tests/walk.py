"""Somebody goes through the console by its links: one page of each kind that he is let to see."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterator
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Error, Page

LINKS = "() => [...document.querySelectorAll('a[href]:not([download])')].map(a => a.href)"
NUMBER = re.compile(r"[A-Za-z]*[0-9][\w-]*")


NAMED = ("why", "figures")
"""Whose pages below a number are one kind, whatever limit or figure they are named for."""


class Kind(NamedTuple):
    """Pages that differ in whose they are alone: the parts of their path, a number as `no`; where
    choices count, also what was chosen so far, though not how; of what names a face, also which.
    """

    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        return "-".join(self.parts) or "home"


def pages(
    page: Page, start: str = "/", choices: bool = False, faces: Collection[str] = ()
) -> Iterator[Kind]:
    """The page shows each kind in turn, the nearest to the start first."""
    page.goto(start)
    counted = partial(kind, choices=choices, faces=faces)
    waiting, seen = deque([page.url]), {counted(page.url)}
    while waiting:
        address = waiting.popleft()
        if page.url != address and not _opened(page, address):
            continue
        yield counted(address)
        for link in page.evaluate(LINKS):
            if _same_house(link, address) and counted(link) not in seen:
                seen.add(counted(link))
                waiting.append(link)


def kind(address: str, choices: bool = False, faces: Collection[str] = ()) -> Kind:
    where = urlsplit(address)
    asked = parse_qs(where.query)
    parts = ["no" if NUMBER.fullmatch(one) else one for one in where.path.split("/") if one]
    if parts and parts[0] in NAMED:
        parts[2:] = ["one"] * len(parts[2:])
    shown = [f"{name}={asked[name][-1]}" for name in sorted(asked) if name in faces]
    return Kind((*parts, *shown, *(sorted(asked) if choices else ())))


def _opened(page: Page, address: str) -> bool:
    """Whether it is a page, and no file to be kept."""
    try:
        page.goto(address)
    except Error as error:
        if "Download is starting" not in error.message:
            raise
        return False
    return True


def _same_house(link: str, address: str) -> bool:
    return urlsplit(link).netloc == urlsplit(address).netloc
