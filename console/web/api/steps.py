"""接口: every step of a complaint as a command, one route a door."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from console import wording
from console.accounts.tokens import Scope, System
from console.scope import complaint_for
from console.taken import taken, taken_json
from console.web.access import SiteHere
from console.web.api.bodies import SAID_ONCE
from console.web.api.doors import OpenDoor, body_of, open_doors
from console.web.api.granted import Granted, viewer_of
from console.web.api.intake import Key
from console.web.api.problems import problems
from console.web.api.shapes import Queued, Taken
from console.web.site import Site
from workflow.errors import KeyReused, NotPermitted
from workflow.ledger import Recorded

STEPS, RULINGS = Granted(Scope.STEPS), Granted(Scope.RULINGS)
TAGS = {
    "hotline": "热线的步骤",
    "department": "责任单位的步骤",
    "supervisor": "监督和裁决的步骤",
}


@cache
def router_of_doors() -> APIRouter:
    """A route for every open door, permitted to the tokens of its party."""
    router = APIRouter()
    for one in open_doors():
        router.add_api_route(
            f"/complaints/{{no}}/steps/{one.path}",
            _route(one),
            methods=["POST"],
            name=f"{one.party}_{one.door.__name__}",
            summary=wording.event_name(one.kind.__name__),
            description=_description(one),
            tags=[TAGS[one.party]],
            response_model=Taken if one.keyed else Queued,
            responses=problems(400, 404, 409, 413),
            dependencies=[Depends(_scope_of(one)), SAID_ONCE],
        )
    return router


_WHO = {
    "hotline": "令牌的范围须有 steps，不限单位；以令牌的名义记为话务员。",
    "department": "令牌的范围须有 steps，并限于本单位；以令牌的名义记为经办人。",
    "supervisor": "令牌的范围须有 rulings，不限单位；以令牌的名义记。",
}


def _description(one: OpenDoor) -> str:
    return f"{inspect.getdoc(one.door)}\n\n记录事件 `{one.kind.__name__}`。{_WHO[one.party]}"


def _scope_of(one: OpenDoor) -> Granted:
    return RULINGS if one.party == "supervisor" else STEPS


def _route(one: OpenDoor) -> Callable[..., Response]:
    """The route's function, with the signature from which its document is made."""
    body = body_of(one)

    def step(
        site: Site, system: System, no: str, given: BaseModel | None, key: str | None = None
    ) -> Response:
        return _step(site, system, one, no, given or body(), key)

    everything_optional = not any(f.is_required() for f in body.model_fields.values())
    shape: Any = body | None if everything_optional else body
    kinds: dict[str, Any] = {
        "site": SiteHere,
        "system": Annotated[System, Depends(_scope_of(one))],
        "no": str,
        "given": Annotated[shape, Body()],
    }
    defaults: dict[str, Any] = {"given": None} if everything_optional else {}
    if one.keyed:
        kinds["key"], defaults["key"] = Key, None
    step.__signature__ = _signature(kinds, defaults)  # type: ignore[attr-defined]
    return step


def _signature(kinds: Mapping[str, Any], defaults: Mapping[str, Any]) -> inspect.Signature:
    one, empty = inspect.Parameter, inspect.Parameter.empty
    return inspect.Signature(
        [
            one(name, one.KEYWORD_ONLY, default=defaults.get(name, empty), annotation=kind)
            for name, kind in kinds.items()
        ]
    )


def _step(
    site: Site, system: System, one: OpenDoor, no: str, body: BaseModel, key: str | None
) -> Response:
    """Goes through the door in the token's name; consumers and open pages are told."""
    if (one.party == "department") != (system.unit is not None):
        needed = "限于本单位的令牌" if one.party == "department" else "不限单位的令牌"
        raise NotPermitted(f"这一步须用{needed}")
    office, name = site.office, system.actor.name
    with office.database.read() as conn:
        subject = complaint_for(conn, viewer_of(system), no).id
    values: dict[str, Any] = {**body.model_dump(), "account": name}
    if one.party == "department":
        values["unit"] = system.unit
    if one.keyed:
        values["key"] = None if key is None else f"{name}/{key}"
    try:
        done = one.door(office.ledger, subject, **values)
    except KeyReused as reused:  # told by the key as the system sent it
        raise KeyReused(key or reused.key) from None
    site.moved()
    if not isinstance(done, Recorded):
        return JSONResponse({"recorded": done})
    party = one.door.__module__.split(".")[1]
    return JSONResponse(taken_json(taken(office, done), party))
