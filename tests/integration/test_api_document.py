"""The interface's document tells the truth: whatever fits it, or just does not, is answered as it
says, in every scope, and never by an error of ours.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import schemathesis
from city import UNIT
from hypothesis import HealthCheck, Phase, given, settings
from kills import WHOLE
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from systems import API, Systems

from console.accounts.tokens import Scope
from console.web.access import calls_of, routes_of
from console.web.api.app import create_api
from console.web.api.doors import open_doors
from console.web.api.granted import Granted
from console.web.api.problems import Problem

ON = ("sqlite",)
EXAMPLES = 10 if WHOLE else 2
"""Of each operation, and half as many for those who may do less."""

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
HOLDERS: dict[str, tuple[tuple[Scope, ...], str | None]] = {
    "everything": (tuple(Scope), None),
    "intake": ((Scope.INTAKE,), None),
    "reading": ((Scope.READ, Scope.SEARCH, Scope.FIGURES), None),
    "a unit": (tuple(Scope), UNIT),
}
FIT, UNFIT = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


def few(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def systems(city):
    """A city with complaints in some states, the last one for the unit's review."""
    made = Systems(city)
    numbers = [city.portal.bad_review() for _ in range(3)]
    city.drain()
    for no in numbers[1:]:
        city.hotline.confirms(no)
    city.drain()
    city.department.submits(numbers[2])
    return made


@pytest.fixture
def document(systems) -> dict[str, Any]:
    return systems.anybody().get("/openapi.json").json()


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


@pytest.mark.parametrize("holder", HOLDERS)
def test_whatever_is_sent_is_answered_as_the_document_says(systems, holder, monkeypatch):
    scopes, unit = HOLDERS[holder]
    headers = {"Authorization": f"Bearer {systems.token(*scopes, unit=unit)}"}
    monkeypatch.setattr("console.web.limiting.Buckets.take", lambda *_: None)
    everything = schemathesis.openapi.from_asgi(f"{API}/openapi.json", systems.app)
    # An open stream never ends: it has stories of its own.
    for found in everything.exclude(path="/events").get_all_operations():
        for mode in (FIT, UNFIT) if holder == "everything" else (FIT,):
            ask(found.ok(), mode, headers, EXAMPLES if holder == "everything" else EXAMPLES // 2)
    assert systems.city.damage() == []


def ask(operation, mode, headers, examples):
    number = {"no": "CP21-0003"} if mode is FIT and "{no}" in operation.path else None

    @few(examples)
    @given(case=operation.as_strategy(mode, path_parameters=number))
    def asked(case):
        case.call_and_validate(headers=headers, checks=list(CHECKS))

    asked()


def test_without_a_token_every_operation_answers_alike(systems, document):
    client = systems.anybody()
    for path, method, operation in operations(document):
        place = path.replace("{no}", "CP21-0001").replace("{period}", "2021Q3")
        answer = client.request(method, place, params={"source": "bihuan"}, json={})
        assert answer.status_code == 401, (path, answer.text)
        assert operation["security"] == [{"HTTPBearer": []}]


def test_every_open_door_is_in_the_document_with_an_example_that_fits(document):
    bodies = {path: item["post"] for path, item in document["paths"].items() if "post" in item}
    for one in open_doors():
        operation = bodies[f"/complaints/{{no}}/steps/{one.path}"]
        assert operation["summary"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for part in schema.get("anyOf", [schema]):
            if "$ref" in part:
                name = part["$ref"].rpartition("/")[2]
                jsonschema.validate(
                    document["components"]["schemas"][name]["examples"][0],
                    document["components"]["schemas"][name],
                )


def test_the_document_tells_of_every_route_and_of_every_refusal(systems, document):
    told = {(path, method) for path, method, _ in operations(document)}
    routes = {
        (route.path, method.lower())
        for route in routes_of(systems.app.routes)
        for method in route.methods
        if any(isinstance(call, Granted) for call in calls_of(route.dependant))
    }
    assert told == routes
    assert document["components"]["schemas"]["Problem"] == Problem.model_json_schema()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for _, _, operation in operations(document):
        assert {"401", "403", "429", "503"} <= set(operation["responses"])


def test_every_operation_is_on_the_page():
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(GET|POST) (/\S+)` \|", page, re.MULTILINE))
    paths = create_api(SimpleNamespace()).openapi()["paths"]
    assert rows == {(m.upper(), path) for path, item in paths.items() for m in item}
