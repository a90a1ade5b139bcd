"""The AsyncAPI document: what others build on is what is really sent, and a valid document."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from city import OPERATOR, City
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
from sqlalchemy import select

from producers.message import read_all
from producers.sources.row_schema import row_schemas
from schemas import EVENTS, TicketLinked
from workflow.bus.asyncapi import document
from workflow.bus.broker import Message
from workflow.bus.cloudevents import headers_of
from workflow.storage.models import events

STORED = Path(__file__).parents[2] / "docs" / "asyncapi.json"
PUBLISHED = (
    Path(__file__).parents[2]
    / "console/web/frontend/node_modules/@asyncapi/specs/schemas/3.0.0.json"
)
"""The AsyncAPI Initiative's own JSON Schema, as npm gave it."""


@cache
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document(row_schemas()))
    return found


def validator(pointer: str) -> Draft7Validator:
    """For one part of the document, its references resolved in the whole."""
    registry = Registry().with_resource("doc:", DRAFT7.create_resource(told()))
    return Draft7Validator({"$ref": f"doc:#{pointer}"}, registry=registry)


def test_the_stored_document_is_the_models() -> None:
    stored = STORED.read_text(encoding="utf-8")
    assert json.loads(stored) == told(), "uv run bihuan schema asyncapi"


RATED = {
    "projectNo": "P1",
    "proDepart": "区人社局",
    "satisfaction": 5,
    "assessTime": "2021-09-16 09:30:00",
}
SERVED = {"projectNo": "P1", "proDepart": "区人社局", "serviceTime": "2021-09-16 09:00:00"}
BAD = RATED | {"satisfaction": "不满意"}
TAKEN = [
    RATED,
    SERVED,
    BAD | {"writingEvaluation": "又让我开证明"},
    BAD | {"evalDetail": "209"},
    BAD | {"evalDetail": ["209", "210"]},
    BAD | {"evalDetail": 209},
    RATED | {"source": "bihuan", "record": "评价", "projectNo": 20210916, "pf": 4},
    RATED
    | {"serviceNumber": None, "assessNumber": "", "origin": "现场主动", "mobile": 19900001234},
    RATED | {"anonymityFlag": True, "userProp": "自然人", "projectName": "不存"},
    RATED | {"assessTime": "2021-09-16T09:30:00+08:00"},
    RATED | {"assessTime": "2021/9/16 9:30"},
    SERVED | {"promiseTime": "即办件", "acceptDate": "", "resultDate": "2021-09-16 09:00:00"},
    SERVED | {"promiseDay": 5, "promiseType": "工作日"},
    SERVED | {"promiseDay": "", "promiseType": "days"},
    SERVED | {"promiseDay": "0", "promiseType": "天"},
    SERVED | {"promiseDay": 0, "promiseType": "天"},
    SERVED | {"promiseDay": 0},
]
REFUSED = [
    *({name: said for name, said in RATED.items() if name != left} for left in RATED),
    *({name: said for name, said in SERVED.items() if name != left} for left in SERVED),
    BAD,
    BAD | {"evalDetail": None, "writingEvaluation": " "},
    RATED | {"proDepart": ""},
    RATED | {"projectNo": ""},
    RATED | {"projectNo": "9" * 65},
    RATED | {"projectNo": True},
    RATED | {"satisfaction": 6},
    RATED | {"satisfaction": None},
    RATED | {"pf": "6"},
    RATED | {"assessTime": "昨天"},
    RATED | {"assessTime": 20210916},
    RATED | {"evalDetail": ["999"]},
    RATED | {"star": 5},
    RATED | {"source": "shandong"},
    SERVED | {"record": "评价"},
    SERVED | {"promiseDay": "00", "promiseType": "天"},
    SERVED | {"promiseDay": 10000, "promiseType": "天"},
    SERVED | {"promiseDay": 5},
    SERVED | {"promiseDay": 5, "promiseType": "1"},
]


@pytest.mark.parametrize("row", TAKEN)
def test_a_row_that_the_document_allows_is_taken(city: City, row: dict[str, Any]) -> None:
    assert _allowed(row)
    assert _taken(city, row)


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_that_it_does_not_allow_is_not(city: City, row: dict[str, Any]) -> None:
    assert not _allowed(row)
    assert not _taken(city, row)


def _allowed(row: dict[str, Any]) -> bool:
    messages = told()["channels"]["ratings"]["messages"]
    return any(validator(f"/components/messages/{name}/payload").is_valid(row) for name in messages)


def _taken(city: City, row: dict[str, Any]) -> bool:
    body = json.dumps({"source": "bihuan"} | row).encode()
    (read,) = read_all([Message("ratings", 0, None, body, ())], city.office.desk())
    return read.row is not None


def test_it_is_valid_by_the_published_schema() -> None:
    by_the_book = Draft7Validator(json.loads(PUBLISHED.read_text(encoding="utf-8")))
    assert [error.message for error in by_the_book.iter_errors(told())] == []
    spoilt = told() | {"operations": {"collect": {"action": "listen"}}}
    assert list(by_the_book.iter_errors(spoilt))


def test_every_event_is_a_message_of_complaints() -> None:
    assert {name: at["address"] for name, at in told()["channels"].items()} == {
        "ratings": "ratings",
        "complaints": "complaints",
        "parked": "parked",
    }
    assert set(told()["channels"]["complaints"]["messages"]) == {e.__name__ for e in EVENTS}


def test_what_is_sent_of_a_complaint_is_as_told(city: City) -> None:
    subject = city.portal.bad_review()
    city.drain()
    city.step(subject, TicketLinked, OPERATOR, ticket="12345-1")
    city.hotline.confirms(subject)
    city.drain()
    city.department.submits(subject)
    city.citizen.rates(subject, 5)
    with city.office.database.read() as conn:
        rows = conn.execute(select(events).where(events.c.subject == subject)).all()
    assert len({row.type for row in rows}) > 8
    for row in rows:
        headers = {name: value.decode() for name, value in headers_of(row)}
        message = f"/components/messages/{row.type}"
        known = told()["components"]["messages"][row.type]["headers"]["properties"]
        assert set(headers) <= set(known), row.type
        unnamed = {name: value for name, value in headers.items() if name != "ce_specversion"}
        assert not validator(f"{message}/headers").is_valid(unnamed)
        validator(f"{message}/headers").validate(headers)
        validator(f"{message}/payload").validate(json.loads(row.data))
        assert not validator(f"{message}/payload").is_valid(json.loads(row.data) | {"more": 1})
