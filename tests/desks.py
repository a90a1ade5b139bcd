"""Desks for stories: somebody signed in at the console over a city, as a browser would be."""

from __future__ import annotations

import re
from typing import Any

from city import City
from consoles import console_over
from fastapi.testclient import TestClient
from httpx import Response

from console.accounts.register import insert_person, person
from console.accounts.sessions import open_session
from console.web.access import COOKIE
from console.web.live import Hub
from console.web.site import Site
from schemas.envelope import Role


class Person:
    """One browser: it keeps its cookie, and fills in what a form hides."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, address: str, **sent: Any) -> Response:
        return self.client.get(address, **sent)

    def post(self, address: str, page: str, /, files: Any = None, **fields: Any) -> Response:
        """Sends a form as it stands on this page: its hidden fields, then what was typed."""
        hidden = hidden_of(self.get(page).text)
        return self.client.post(address, data=hidden | fields, files=files)


class Desks:
    """The console over this city, in this process."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.app = console_over(Site(city.office, Hub(city.office)))

    def sits(self, account: str, role: Role, unit: str | None = None) -> Person:
        """A person signed in in this role."""
        office = self.city.office
        with office.database.write() as conn:
            new = person(office, account, account, [role], unit)
            insert_person(conn, new, "test", office.wall())
            secret = open_session(conn, new.account, role, office.wall())
        client = TestClient(self.app, raise_server_exceptions=True, follow_redirects=False)
        client.cookies.set(COOKIE, secret)
        return Person(client)


def hidden_of(page: str) -> dict[str, str]:
    """What the page's forms hide: where it comes from, the command's key, the version seen."""
    found = {}
    for name in ("csrf", "key", "expected_version"):
        shown = re.search(rf'name="{name}" value="([^"]*)"', page)
        if shown:
            found[name] = shown[1]
    return found
