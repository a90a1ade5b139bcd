"""Other systems for stories: a console in this process, and whoever holds a token for it."""

from __future__ import annotations

from typing import Any

from city import City
from consoles import console_over
from starlette.testclient import TestClient

from console.accounts.tokens import Scope, make_token
from console.web.live import Hub
from console.web.site import Site

API = "/api/v1"
RATING = {
    "projectNo": "P1",
    "serviceNumber": "1",
    "proDepart": "区人社局",
    "areaName": "张店区",
    "pf": "4",
    "satisfaction": "1",
    "evalDetail": "109",
    "writingEvaluation": "又让我回去开证明",
    "assessTime": "2021-09-16 09:42:00",
    "mobile": "13800001234",
}
SERVICE = {
    "projectNo": "P1",
    "serviceNumber": "1",
    "proDepart": "区人社局",
    "areaName": "张店区",
    "serviceTime": "2021-09-16 09:00:00",
}


class Systems:
    """A console over a city's office, and tokens by the scopes they have."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.site = Site(city.office, Hub(city.office))
        self.app = console_over(self.site)

    def token(self, *scopes: Scope, unit: str | None = None, name: str = "系统") -> str:
        given = scopes or tuple(Scope)
        return make_token(self.city.office, name, given, unit, by="测试")

    def client(self, *scopes: Scope, unit: str | None = None, name: str = "系统") -> TestClient:
        """Somebody with a new token; errors of the server are answers, as they are to him."""
        headers = {"Authorization": f"Bearer {self.token(*scopes, unit=unit, name=name)}"}
        return self.anybody(headers)

    def anybody(self, headers: dict[str, str] | None = None) -> TestClient:
        return TestClient(
            self.app, f"http://testserver{API}", raise_server_exceptions=False, headers=headers
        )


def problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    """The problem that was answered, if it is this one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert (told["status"], told["type"]) == (status, f"urn:bihuan:problem:{kind}")
    return told
