"""The console in a test's own process, and a browser without scripts that fills its forms in."""

from __future__ import annotations

import html
import re
from typing import Any

from city import City
from consoles import console_over
from starlette.testclient import TestClient

from console.accounts import setup
from console.accounts.register import add, person
from console.web.live import Hub
from console.web.site import Site
from console.wiring import Office
from schemas.envelope import Role

PASSWORD, OTHER = "四个词 一只鸟 天黑了", "又一个 谁也不 知道的词"
ADDRESS = "http://127.0.0.1"


def signed_up(office: Office, account: str, *roles: Role, unit: str | None = None) -> str:
    """An account whose person has set the password by the link; the account."""
    new = person(office, account, f"{account}的人", roles, unit)
    add(office, new, "admin")
    return setup.use_link(office, setup.make_link(office, new.account, "admin"), PASSWORD)


class Browser:
    """One person at one machine: keeps cookies, follows no redirect unless told to."""

    def __init__(self, city: City, address: str = ADDRESS, **options: Any) -> None:
        self.app = console_over(Site(city.office, Hub(city.office)))
        self.client = TestClient(self.app, base_url=address, follow_redirects=False, **options)
        self.page = ""

    def opens(self, place: str) -> int:
        """Goes there, and on where it is sent; the status of where it ends."""
        answer = self.client.get(place, follow_redirects=True)
        self.page = answer.text
        return answer.status_code

    def sends(self, place: str, files: Any = None, /, **fields: str) -> Any:
        """Sends a form with the page's csrf; the answer as it comes, a redirect not followed."""
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.page)
        given = ({"csrf": html.unescape(csrf[1])} if csrf else {}) | fields
        answer = self.client.post(place, data=given, files=files)
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text
        return answer

    def signs_in(self, account: str, password: str = PASSWORD) -> int:
        """By the form; the status."""
        self.opens("/login")
        return int(self.sends("/login", account=account, password=password).status_code)

    def told(self) -> str:
        """What the page refuses, in words."""
        found = re.search(r'class="refusal".*?</strong>(.*?)</div>', self.page, re.DOTALL)
        return html.unescape(found[1]).strip() if found else ""
