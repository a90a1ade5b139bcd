"""A real browser for stories: each person has one of his own, and nothing leaves this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from urllib.parse import unquote, urlsplit

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from servers import none_to_be_had

NONE = "no browser with Chinese letters to be had (chromium, fonts-noto-cjk)"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOST = "127.0.0.1"
PATIENCE = 60_000
"""Milliseconds to wait for what takes a moment: the machine may be busy with other things."""

expect.set_options(timeout=PATIENCE)
ALONE = (
    "--no-sandbox",
    "--proxy-server=http://127.0.0.1:9",  # where nobody listens: no page and no errand of the
    f"--proxy-bypass-list=<-loopback>;{HOST}",  # browser's own gets past this machine
    "--disable-background-networking",
    "--disable-component-update",
)
LETTERS = """() => {
  const drawn = (letter) => {
    const canvas = document.createElement('canvas');
    canvas.getContext('2d').font = '24px sans-serif';
    canvas.getContext('2d').fillText(letter, 0, 24);
    return canvas.toDataURL();
  };
  return drawn('永') !== drawn('国');
}"""
"""Whether two letters look different: without a font both are the same box."""

SAID_BY_STATUS = "Failed to load resource: the server responded with a status of"
LEFT = "net::ERR_ABORTED"
"""A page went away while it still waited for something."""


class Size(Enum):
    """Width, height, pixels a point, touched by a finger."""

    DESKTOP = (1366, 768, 1.0, False)
    SCALED = (1093, 614, 1.25, False)
    PHONE = (390, 844, 2.0, True)


class Person:
    """Somebody with a browser of his own: `page`, the `addresses` it asked for, and what has gone
    wrong there.
    """

    def __init__(self, browser: Browser, address: str, size: Size) -> None:
        width, height, scale, touched = size.value
        self.context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            is_mobile=touched,
            has_touch=touched,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        self.context.set_default_timeout(PATIENCE)
        self.addresses: list[str] = []
        self.troubles: list[str] = []
        self.foreseen: list[int] = []
        self.refusals: list[int] = []
        self.context.on("request", self._asked)
        self.context.on("requestfailed", self._failed)
        self.context.on("response", self._answered)
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.troubles.append(f"script: {error.error}"))
        self.page: Page = self.context.new_page()

    @contextmanager
    def refused(self, *statuses: int) -> Iterator[None]:
        """In here the server refuses with each of these statuses, and that is no trouble."""
        self.foreseen, self.refusals = list(statuses), []
        yield
        foreseen, self.foreseen = self.foreseen, []
        assert set(foreseen) == set(self.refusals), f"foreseen {foreseen}, got {self.refusals}"

    def _asked(self, request: Request) -> None:
        self.addresses.append(unquote(request.url))
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != HOST:
            self.troubles.append(f"left this machine: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != LEFT:
            self.troubles.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status in self.foreseen:
            self.refusals.append(response.status)
        elif response.status >= 400:
            self.troubles.append(f"{response.request.method} {response.url}: {response.status}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(SAID_BY_STATUS):
            self.troubles.append(f"console: {message.text}")


class People:
    """Makes persons; at the end of the story nothing may have gone wrong for any of them."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.all: list[Person] = []

    def __call__(self, address: str, size: Size = Size.DESKTOP) -> Person:
        person = Person(self.browser, address, size)
        self.all.append(person)
        return person

    def leave(self) -> list[str]:
        """Closes every browser. What went wrong, in order, for all of them."""
        for person in self.all:
            person.context.close()
        return [trouble for person in self.all for trouble in person.troubles]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser while it runs; the story is skipped where there is none that can show Chinese."""
    program = os.environ.get("BIHUAN_TEST_BROWSER") or next(filter(shutil.which, PROGRAMS), None)
    if program is None or (path := shutil.which(program)) is None:
        none_to_be_had(NONE)
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ALONE))
        if not _shows_chinese(browser):
            browser.close()
            none_to_be_had(NONE)
        yield browser
        browser.close()


def _shows_chinese(browser: Browser) -> bool:
    page = browser.new_page()
    try:
        return bool(page.evaluate(LETTERS))
    finally:
        page.close()
