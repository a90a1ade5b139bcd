"""Every route of the console, asked by everybody. The routes are those that answer: a new one is
asked here without being entered, and one whose address cannot be filled in fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from city import UNIT, City
from desks import Desks, Person
from fastapi.routing import RouteContext
from httpx import Response
from routes import STREAMS, Ours, asks, filled, pages_of, permitted
from starlette.testclient import TestClient
from systems import API, Systems

from console.accounts.tokens import Scope
from console.web.access import PEOPLE, UNSAFE, Allowed, calls_of, permission_of, routes_of
from console.web.api.doors import OpenDoor, body_of, open_doors
from console.web.app import BODY_MOST
from console.web.guard import HEADERS
from producers import departments
from schemas.envelope import Role

ON = ("sqlite",)
OTHER_UNIT = "ZD-YBJ"
OF_UNITS = (Role.DEPARTMENT, Role.CLERK)
WHOSE = ("no", "number", "subject", "file_id")
"""The parts of an address that say which complaint, or what belongs to one."""

ASKS = {"/orders/{number}/foreseen": "?working_days=1"}
"""What an address cannot do without."""

PRIVATE = ("19900001234", "群众甲", "又让我开证明")
SECRET_FILE = b"%PDF-1.7 minutes"


@pytest.fixture
def ours(city: City) -> Ours:
    """A complaint at the unit, being put right, by each part of an address."""
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.department.acknowledges(subject)
    number = str(city.complaint(subject).order)
    made = departments.attach(
        city.ledger, subject, account="经办乙", unit=UNIT, name="记录.pdf", content=SECRET_FILE
    )
    return {"no": subject, "subject": subject, "number": number, "file_id": made.id}


def everybody(desks: Desks) -> dict[Role, Person]:
    """One of each role, those of a unit from another one."""
    unit = {role: OTHER_UNIT if role in OF_UNITS else None for role in PEOPLE}
    return {role: desks.sits(f"某{role}", role, unit[role]) for role in sorted(PEOPLE)}


def told(person: Person) -> str:
    """What his forms hide against forgery."""
    found = re.search(r'name="csrf" value="([^"]+)"', person.get("/").text)
    assert found
    return found[1]


def asked(client: TestClient, method: str, address: str, csrf: str, **typed: str) -> Response:
    if method == "GET":
        return client.get(address)
    return client.request(method, address, data={"csrf": csrf} | typed)


# who may


def test_every_route_is_somebodys(desks: Desks) -> None:
    allowed = {str(r.path): permission_of(r) for r in pages_of(desks)}
    nobodys = [p for p, one in allowed.items() if isinstance(one, Allowed) and not one.roles]
    assert not nobodys


def test_whoever_may_not_is_refused_and_whoever_may_is_not(desks: Desks, ours: Ours) -> None:
    wrong = []
    for role, person in everybody(desks).items():
        csrf = told(person)
        for route in pages_of(desks):
            for method, path in asks(route):
                if path in (*STREAMS, "/logout") and permitted(route, role):
                    continue
                # What is sent is for no complaint there is: it does nothing.
                nothing = dict.fromkeys(ours, "CP21-9999") if method in UNSAFE else ours
                answer = asked(person.client, method, filled(path, nothing), csrf)
                refused = answer.status_code == 403 and "您现在的身份" in answer.text
                if refused == permitted(route, role) or answer.status_code >= 500:
                    wrong.append(f"{role} {method} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_who_is_not_signed_in_is_asked_to(desks: Desks, ours: Ours) -> None:
    nobody = TestClient(desks.app, follow_redirects=False)
    wrong = []
    for route in pages_of(desks):
        for method, path in asks(route):
            answer = asked(nobody, method, filled(path, ours), "")
            entered = answer.headers.get("location", "").startswith("/login")
            if path == "/live":  # no page: a stream is told not to come back
                entered = answer.status_code == 204
            if isinstance(permission_of(route), Allowed) and not entered:
                wrong.append(f"{method} {path}: {answer.status_code}")
            if any(secret in answer.text for secret in PRIVATE):
                wrong.append(f"{method} {path} tells what is private")
    assert not wrong, "\n".join(wrong)


# whose


def test_another_units_number_does_not_exist_on_any_route(
    city: City, desks: Desks, ours: Ours
) -> None:
    """Whatever the address names is the unit's own, or is not there for a handler of another."""
    stranger, owner = (
        desks.sits(f"经办{unit}", Role.DEPARTMENT, unit) for unit in (OTHER_UNIT, UNIT)
    )
    before = city.timeline(ours["subject"])
    wrong, known = [], 0
    for route in pages_of(desks):
        if not permitted(route, Role.DEPARTMENT) or not _names_one(route):
            continue
        for method, path in asks(route):
            address = filled(path, ours) + ASKS.get(path, "")
            answer = asked(stranger.client, method, address, told(stranger), reason="x")
            if answer.status_code != 404:
                wrong.append(f"{method} {path}: {answer.status_code}")
            if any(secret in answer.text for secret in (*PRIVATE, ours["subject"])):
                wrong.append(f"{method} {path} tells of it")
            if method == "GET":
                known += owner.get(address).status_code == 200
    assert not wrong, "\n".join(wrong)
    assert known >= 4, "the unit itself finds all of them"
    assert city.timeline(ours["subject"]) == before


def test_a_stream_that_waits_for_another_units_complaint_does_not_exist(
    desks: Desks, ours: Ours
) -> None:
    stranger = desks.sits("经办外", Role.DEPARTMENT, OTHER_UNIT)
    answers = [stranger.get(f"/live?of={of}").status_code for of in (ours["subject"], "CP21-9999")]
    assert answers == [404, 404]


def _names_one(route: RouteContext) -> bool:
    return any(f"{{{name}}}" in str(route.path) for name in WHOSE)


def test_another_unit_finds_nothing_by_lists_exports_search_and_body(
    desks: Desks, ours: Ours
) -> None:
    """Pages whose address names nothing, and forms whose fields do."""
    wrong = []
    for role in OF_UNITS:
        stranger = desks.sits(f"别处{role}", role, OTHER_UNIT)
        csrf = told(stranger)
        for route in pages_of(desks):
            if _names_one(route) or not permitted(route, role):
                continue
            for method, path in asks(route):
                if path in (*STREAMS, "/logout"):
                    continue
                fields = dict.fromkeys(("subject", "no", "of", "project_no"), ours["subject"])
                fields |= {"q": ours["number"], "number": ours["number"]}
                answer = asked(stranger.client, method, filled(path, ours), csrf, **fields)
                secrets = (*PRIVATE, ours["file_id"], *_unless_typed(method, ours))
                if any(secret in answer.text for secret in secrets):
                    wrong.append(f"{role} {method} {path}")
    assert not wrong, "\n".join(wrong)


def _unless_typed(method: str, ours: Ours) -> tuple[str, ...]:
    """A refused form gives back what was typed."""
    return () if method in UNSAFE else (ours["subject"], ours["number"])


def test_the_administrator_reads_no_complaint_anywhere(desks: Desks, ours: Ours) -> None:
    administrator = desks.sits("管理员壬", Role.ADMINISTRATOR)
    csrf = told(administrator)
    wrong = []
    for route in pages_of(desks):
        for method, path in asks(route):
            if permitted(route, Role.ADMINISTRATOR) and _names_one(route):
                wrong.append(f"{method} {path} is the administrator's")
            if path == "/logout":
                continue
            answer = asked(administrator.client, method, filled(path, ours), csrf)
            if any(secret in answer.text for secret in (*PRIVATE, ours["number"])):
                wrong.append(f"{method} {path} shows a complaint")
    assert not wrong, "\n".join(wrong)


def test_another_units_token_finds_none_of_it(city: City, ours: Ours) -> None:
    systems = Systems(city)
    stranger = systems.client(*Scope, unit=OTHER_UNIT, name="别的单位")
    before = city.timeline(ours["subject"])
    bodies = {one.path: one for one in open_doors()}
    wrong = []
    for method, path in _of_systems(systems):
        if "{no}" not in path:
            continue
        door = bodies.get(path.partition("/steps/")[2])
        own = door is None or door.party == "department"
        answer = stranger.request(method, filled(path, ours), json=_example(door))
        if answer.status_code != (404 if own else 403):
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text}")
    assert not wrong, "\n".join(wrong)
    assert city.timeline(ours["subject"]) == before


def _of_systems(systems: Systems) -> Iterator[tuple[str, str]]:
    for route in routes_of(systems.app.routes):
        if any(hasattr(call, "scope") for call in calls_of(route.dependant)):
            yield from asks(route)


def _example(door: OpenDoor | None) -> Any:
    """A body that fits: nothing but the number is wrong."""
    if door is None:
        return None
    said: Any = body_of(door).model_config["json_schema_extra"]
    return said["examples"][0]


# forged


@pytest.mark.parametrize("sender", ["without a token", "with another's", "from another site"])
def test_no_forged_form_is_taken(city: City, desks: Desks, ours: Ours, sender: str) -> None:
    """Whoever is let in by the route sends it, so that nothing else refuses it."""
    people, before = everybody(desks), city.timeline(ours["subject"])
    csrf = {role: told(person) for role, person in people.items()}
    wrong = []
    for route, role in product(pages_of(desks), people):
        if not isinstance(permission_of(route), Allowed) or not permitted(route, role):
            continue
        for method, path in asks(route):
            if method not in UNSAFE:
                continue
            given = {"without a token": None, "with another's": "none"}.get(sender, csrf[role])
            origin = {"origin": "https://example.com"} if sender == "from another site" else {}
            data = {} if given is None else {"csrf": given}
            client = people[role].client
            answer = client.request(method, filled(path, ours), data=data, headers=origin)
            if answer.status_code != 403:
                wrong.append(f"{role} {method} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert city.timeline(ours["subject"]) == before


def test_another_sites_page_signs_nobody_in_or_out_and_types_no_code(
    desks: Desks, ours: Ours
) -> None:
    nobody = TestClient(desks.app, follow_redirects=False)
    for route in routes_of(desks.app.routes):
        for method, path in asks(route):
            if method not in UNSAFE:
                continue
            place = (API if permission_of(route) is None else "") + filled(path, ours)
            for header in ({"origin": "null"}, {"sec-fetch-site": "cross-site"}):
                answer = nobody.request(method, place, headers=header)
                refused = 401 if place.startswith(API) else 403  # a system has its token to show
                assert answer.status_code == refused, (method, path)


def test_a_page_says_which_part_of_its_address_is_wrong(desks: Desks) -> None:
    answer = desks.sits("话务员甲", Role.OPERATOR).get("/hotline?page=999999")
    assert answer.status_code == 422
    assert "page：不得大于100000" in answer.text


# headers


def lacking(answer: Response) -> set[str]:
    return {name for name in HEADERS if name.lower() not in answer.headers}


def test_every_answer_has_its_headers(desks: Desks, ours: Ours) -> None:
    """Pages, refusals, files, what is not there and what failed."""
    person = desks.sits("话务员甲", Role.OPERATOR)
    client = TestClient(desks.app, raise_server_exceptions=False, follow_redirects=False)
    client.cookies = person.client.cookies
    addresses = [filled(str(r.path), ours) for r in pages_of(desks) if str(r.path) not in STREAMS]
    more = ["/static/app.css", "/static/app.css?v=1", "/static/nothing", "/nothing", f"{API}/x"]
    large = client.post("/search", content=b"q=" + b"x" * (BODY_MOST + 1))
    assert (large.status_code, lacking(large)) == (413, set())
    for address in (*addresses, *more):
        for method in ("GET", "POST", "PUT"):
            answer = client.request(method, address)
            assert not lacking(answer), (method, address, answer.status_code)
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            kept = answer.headers["cache-control"]
            assert kept == "no-store" or (address.endswith("?v=1") and method == "GET"), address


def test_an_error_of_ours_has_its_headers_and_says_nothing_of_itself(
    desks: Desks, ours: Ours, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = desks.sits("话务员甲", Role.OPERATOR)
    client = TestClient(desks.app, raise_server_exceptions=False)
    client.cookies = person.client.cookies
    monkeypatch.setattr("console.web.hotline.page.case_of", lambda *_: 1 / 0)
    answer = client.get(f"/c/{ours['no']}")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text
    assert not lacking(answer)
