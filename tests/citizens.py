"""Citizens for stories: a phone's browser at the citizen's page, which runs no script."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from city import City
from starlette.testclient import TestClient

from console.web.citizens.app import create_page
from console.web.citizens.holder import Limits
from console.web.live import Hub
from console.web.site import Site
from workflow import links


def reevaluating(city: City, **values: Any) -> str:
    """A complaint whose citizen is asked now."""
    subject = city.portal.bad_review(**values)
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    return subject


class Citizens:
    """The citizen's page over a city's office, alone."""

    def __init__(self, city: City, limits: Limits | None = None) -> None:
        self.city = city
        self.app = create_page(Site(city.office, Hub(city.office)), limits)

    def phone(self) -> Phone:
        return Phone(self)


class Phone:
    """One browser; `page` is what it shows."""

    def __init__(self, citizens: Citizens) -> None:
        self.city = citizens.city
        self.client = TestClient(citizens.app, raise_server_exceptions=True)
        self.page: Any = None

    def token(self, subject: str) -> str:
        """The link's token, as it would be sent now."""
        complaint = self.city.complaint(subject)
        limit = complaint.limits.get("reevaluate")
        until = limit.due_at if limit else self.city.clock.now
        return links.make(self.city.office.keys.link, subject, complaint.round, until)

    def opens(self, subject: str) -> Any:
        return self.goes(f"/r/{self.token(subject)}")

    def goes(self, address: str) -> Any:
        self.page = self.client.get(address)
        return self.page

    def types(self, code: str) -> Any:
        self.page = self.client.post("/r", data={"code": code})
        return self.page

    def taps(self, label: str) -> Any:
        """A choice or a link with these words."""
        found = re.search(rf'<a[^>]*href="([^"]*)"[^>]*>{re.escape(label)}</a>', self.page.text)
        assert found, f"{label}: {self.page.text}"
        return self.goes(unescape(found[1]))

    def answers(self, contacted: str, solved: str, level: str, words: str = "") -> Any:
        """All three questions, and the end."""
        self.goes(f"/r/rate?contacted={contacted}&solved={solved}&level={level}")
        return self.submits(words=words)

    def fields(self) -> dict[str, str]:
        return dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page.text)
        )

    def submits(self, **typed: str) -> Any:
        """The page's own form."""
        place = re.findall(r'<form method="post" action="(/r/\w+)"', self.page.text)
        action = next(one for one in place if one != "/r/large")
        self.page = self.client.post(action, data=self.fields() | typed)
        return self.page
