"""接口: 归集 — services and ratings brought by platforms, one or as many as 5,000 at a time."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic_core import from_json

from console.accounts.tokens import Scope, System
from console.web.access import SiteHere
from console.web.api.granted import Granted
from console.web.api.problems import CONFLICT, INVALID, KEY_HEADER, WHOLE_BODY, answer, problems
from console.web.api.shapes import Delivered
from console.web.site import Site
from producers.deliveries import Delivery, deliver
from producers.platforms import MOST_BYTES, MOST_ROWS, read_json
from producers.sources import Kind, sources
from workflow.said import KEY

INTAKE = Granted(Scope.INTAKE)
router = APIRouter(tags=["归集"])
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"

Key = Annotated[
    str | None,
    Header(
        alias=KEY_HEADER,
        pattern=KEY,
        description="您自己定的请求键：同一个键再来一次，得到第一次的答复，什么也不会重复；"
        "同一个键换了内容，409。报送的键保留 7 天",
        examples=["2021-10-20-0001"],
    ),
]
Source = Annotated[
    str,
    Query(
        max_length=40,
        description="来源，决定字段名和代码怎么读：" + "、".join(known.name for known in sources()),
        examples=["bihuan"],
    ),
]


async def body_of(request: Request) -> bytes:
    """The body as it came."""
    return await request.body()


Body = Annotated[bytes, Depends(body_of)]
By = Annotated[System, Depends(INTAKE)]

_SERVICE = {
    "projectNo": "P20211020-001",
    "serviceNumber": "1",
    "proDepart": "区人社局",
    "areaName": "张店区",
    "serviceTime": "2021-10-20 10:30:00",
    "promiseTime": "承诺件",
    "promiseDay": "5",
    "promiseType": "工作日",
    "acceptDate": "2021-10-13 09:00:00",
    "resultDate": "2021-10-20 10:00:00",
    "taskName": "灵活就业参保",
    "winName": "3号窗口",
}
_RATING = {
    "projectNo": "P20211020-001",
    "serviceNumber": "1",
    "proDepart": "区人社局",
    "areaName": "张店区",
    "pf": "4",
    "satisfaction": "1",
    "evalDetail": "109",
    "writingEvaluation": "又让我回去开证明",
    "assessTime": "2021-10-20 10:42:00",
}


def _document(example: dict[str, str]) -> dict[str, Any]:
    """How the body reads: in the field names of its source, values as text."""
    value = {
        "anyOf": [
            {"type": "string"},
            {"type": "integer"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": "array", "items": {"type": "string"}},
        ]
    }
    row = {"type": "object", "additionalProperties": value, "minProperties": 1}
    rows = {"type": "array", "items": row, "minItems": 1, "maxItems": MOST_ROWS}
    shown = {
        "一条": {"summary": "一条", "value": example},
        "一批": {"summary": "一批，最多 5000 条", "value": [example]},
    }
    content = {"application/json": {"schema": {"anyOf": [row, rows]}, "examples": shown}}
    return {"requestBody": {"required": True, "content": content}}


_TOLD = """一次一条（对象）或一批（数组，最多 5000 条）。字段名和代码是来源自己的。

逐条答复；答复了的都已存好。办件和评价谁先到都行。一批里有不收的，别的照收，200；
只送一条而不收的 422，与先收的内容不同的 409。没有得到答复的，原样再送一次就行。"""


@router.post(
    "/services",
    summary="报送办件",
    description=_TOLD,
    response_model=Delivered,
    response_model_exclude_none=True,
    responses=problems(400, 409, 413),
    openapi_extra=_document(_SERVICE),
    max_body_size=MOST_BYTES,
)
def services(site: SiteHere, system: By, source: Source, body: Body, key: Key = None) -> Response:
    return _taken_in(site, system, Kind.SERVICE, source, body, key)


@router.post(
    "/ratings",
    summary="报送评价",
    description=_TOLD,
    response_model=Delivered,
    response_model_exclude_none=True,
    responses=problems(400, 409, 413),
    openapi_extra=_document(_RATING),
    max_body_size=MOST_BYTES,
)
def ratings(site: SiteHere, system: By, source: Source, body: Body, key: Key = None) -> Response:
    return _taken_in(site, system, Kind.RATING, source, body, key)


def _taken_in(
    site: Site, system: System, kind: Kind, source: str, body: bytes, key: str | None
) -> Response:
    plain = body.removeprefix(_BOM).strip(_SPACE)
    single = plain.startswith(b"{") and isinstance(read_json(plain, MOST_BYTES), dict)
    rows = b"[" + plain + b"]" if single else plain
    office, sender = site.office, system.actor.name
    sent = Delivery(sender, source, kind, rows, system.unit, key)
    told = deliver(office.ledger, office.desk(), sent)
    site.moved()
    return _of_one(told) if single else Response(told, media_type="application/json")


def _in_words(one: dict[str, str]) -> str:
    given = f"（收到：{one['value']}）" if one.get("value") else ""
    return f"{one['field'] or '整条'}：{one['reason']}{given}"


def _of_one(told: bytes) -> Response:
    """A single row that was not taken in is a refusal of the whole request."""
    (row,) = from_json(told)["rows"]
    if row["outcome"] == "refused":
        named = {name: row[name] for name in ("field", "value", "reason")}
        errors = row.get("errors") or [named]  # an answer kept since before they were named
        detail = "；".join(map(_in_words, errors))
        return answer(INVALID, detail, row=1, errors=errors, **named)
    if row["outcome"] == "conflict":
        reason = "已收过，内容不同；这次的另存待查，先收的不改"
        return answer(CONFLICT, reason, row=1, field=WHOLE_BODY, reason=reason)
    return Response(told, media_type="application/json")
