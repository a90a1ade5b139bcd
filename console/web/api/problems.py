"""接口: every refusal as a problem of RFC 9457, in one style."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from console import wording
from console.refusals import line
from console.web.api.doors import paths_of
from console.web.limiting import TooOften
from workflow import errors, said

MEDIA = "application/problem+json"
WHOLE_BODY = "正文"
"""The field of a refusal that means all that was sent."""

KEY_HEADER = "Idempotency-Key"
AWAY_SECONDS = 5


class TokenNeeded(errors.BihuanError):
    """没有带令牌，或令牌不对、已作废、已过期。"""


class Problem(BaseModel):
    """一次拒绝。`type` 供程序判断，`title`、`detail` 给人看；其余各项视 `type` 而有。"""

    model_config = ConfigDict(extra="allow")
    type: str = Field(examples=["urn:bihuan:problem:stale-version"])
    title: str = Field(examples=["此件已有变动"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["CP21-0125 刚刚变动过：您看到的是第 6 版，现为第 7 版"])
    field: str | None = Field(None, description="填错的那一项")
    row: int | None = Field(None, description="第几条")
    value: str | None = Field(None, description="收到的值，个人信息已隐去")
    reason: str | None = Field(None, description="为什么不收")
    allowed: list[dict[str, Any]] | None = Field(
        None, description="现在能办的：event 事件，name 名称，steps 办理的路径"
    )
    expected: int | None = Field(None, description="您看到的版本")
    current: int | None = Field(None, description="现在的版本")
    changed: list[dict[str, str]] | None = Field(None, description="其间发生的：event、name")
    errors: list[dict[str, str]] | None = Field(
        None, description="每一处不合格：field、reason，报送的还有 value"
    )


class Kind(NamedTuple):
    """A kind of refusal: its status, its name for programs, its title for people."""

    status: int
    name: str
    title: str


BAD_BODY = Kind(400, "bad-body", "正文读不懂")
NO_TOKEN = Kind(401, "no-token", "令牌无效")
NOT_PERMITTED = Kind(403, "not-permitted", "没有权限")
NOT_FOUND = Kind(404, "not-found", "没有这个网址")
NO_METHOD = Kind(405, "no-such-method", "这个网址不能这样用")
CONFLICT = Kind(409, "other-content", "与先收的不同")
TOO_LARGE = Kind(413, "too-large", "内容太大")
INVALID = Kind(422, "invalid-input", "填报有误")
TOO_OFTEN = Kind(429, "too-often", "请求太频繁")
INTERNAL = Kind(500, "internal", "系统出错")
AWAY = Kind(503, "away", "暂时办不了")

_KINDS: tuple[tuple[type[errors.BihuanError], Kind], ...] = (
    (TokenNeeded, NO_TOKEN),
    (errors.NotPermitted, NOT_PERMITTED),
    (errors.UnknownComplaint, Kind(404, "unknown-complaint", "没有这件")),
    (errors.StaleVersion, Kind(409, "stale-version", "此件已有变动")),
    (errors.IllegalStep, Kind(409, "illegal-step", "现在不能办这一步")),
    (errors.KeyReused, Kind(409, "key-reused", "请求键已用过")),
    (errors.InvalidInput, INVALID),
    (TooOften, TOO_OFTEN),
    (errors.Transient, AWAY),
)
_BY_STATUS = {kind.status: kind for kind in (NOT_FOUND, NO_METHOD, TOO_LARGE, BAD_BODY)}
_MOVED = "您看过以后有人办理过，请看过再办"
_NO_JSON = "不是合格的 UTF-8 JSON"
_REUSED = "已用于另一项办理，请换一个键"
_BROKEN = "已记下这次出错，没有答复的都没有办。请稍后用同一个请求键再试"


_TOLD = {
    400: "读不懂",
    401: "令牌无效",
    403: "没有权限",
    404: "没有，或不给您看",
    409: "现在不能这样办",
    413: "太大",
    422: "填报有误",
    429: "太频繁",
    503: "暂时办不了",
}
_ALWAYS = (401, 403, 422, 429, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These refusals as a route's document tells them, beside those every route has."""
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    shown = sorted({*_ALWAYS, *statuses})
    return {status: {"description": _TOLD[status], "content": content} for status in shown}


def answer(
    kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """The problem as a response; what is None is left out."""
    shown = {
        "type": f"urn:bihuan:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        **{name: value for name, value in more.items() if value is not None},
    }
    # What was sent may hold half a character, which no answer can carry as it is.
    body = json.dumps(shown, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(body, kind.status, headers, MEDIA)


def refused(_request: Request, error: Exception) -> Response:
    """A refusal of ours."""
    assert isinstance(error, errors.BihuanError)
    kind = next((kind for known, kind in _KINDS if isinstance(error, known)), INTERNAL)
    if kind is INTERNAL:
        return answer(INTERNAL, _BROKEN)
    if isinstance(error, errors.InvalidInput) and error.field == WHOLE_BODY:
        kind = BAD_BODY
    return answer(kind, line(error, names=True), _headers(error), **_members(error))


def _headers(error: errors.BihuanError) -> dict[str, str]:
    if isinstance(error, TokenNeeded):
        return {"WWW-Authenticate": 'Bearer realm="bihuan"'}
    if isinstance(error, TooOften):
        return {"Retry-After": str(error.retry_after)}
    return {"Retry-After": str(AWAY_SECONDS)} if isinstance(error, errors.Transient) else {}


def _members(error: errors.BihuanError) -> dict[str, Any]:
    if isinstance(error, errors.InvalidInput):
        return {"field": error.field, "row": error.row, "reason": error.reason}
    if isinstance(error, errors.StaleVersion):
        changed = [_event(event) for event in error.changed]
        versions = {"expected": error.expected, "current": error.current}
        return {"field": "expected_version", "reason": _MOVED, **versions, "changed": changed}
    if isinstance(error, errors.KeyReused):
        return {"field": KEY_HEADER, "reason": _REUSED}
    if isinstance(error, errors.NotPermitted):
        return {"reason": error.reason}
    if isinstance(error, errors.IllegalStep):
        allowed = [{**_event(event), "steps": paths_of(event)} for event in error.allowed]
        return {"reason": error.reason, "allowed": allowed}
    return {}


def _event(event: str) -> dict[str, Any]:
    return {"event": event, "name": wording.event_name(event)}


def of_status(request: Request, error: Exception) -> Response:
    """What the server itself refuses: an address, a method, a size."""
    assert isinstance(error, HTTPException)
    kind = _BY_STATUS.get(error.status_code, INTERNAL)
    if kind is TOO_LARGE:
        return too_large(kind.title)
    if kind is BAD_BODY:
        return refused(request, errors.InvalidInput(WHOLE_BODY, "", _NO_JSON))
    return answer(kind, kind.title, error.headers)


def too_large(told: str) -> Response:
    """More than the address takes."""
    return answer(TOO_LARGE, told, field=WHOLE_BODY, reason=told)


def of_shape(_request: Request, error: Exception) -> Response:
    """What does not fit the documented shape; never with the values that were sent."""
    assert isinstance(error, RequestValidationError)
    found = [_wrong(one) for one in error.errors()]
    kind = BAD_BODY if any(one["type"] == "json_invalid" for one in error.errors()) else INVALID
    return answer(
        kind,
        shape_in_words(error),
        field=found[0]["field"],
        reason=found[0]["reason"],
        errors=found,
    )


def shape_in_words(error: RequestValidationError) -> str:
    """Field and reason of the first three places."""
    found = map(_wrong, error.errors()[:3])
    return "；".join(f"{one['field']}：{one['reason']}" for one in found)


def _wrong(one: Any) -> dict[str, str]:
    place = [str(part) for part in one["loc"] if part not in ("body", "query", "header", "path")]
    if one["type"] == "json_invalid":
        return {"field": WHOLE_BODY, "reason": _NO_JSON}
    return {"field": ".".join(place) or WHOLE_BODY, "reason": said.of_model(one)}


def broken(_request: Request, _error: Exception) -> Response:
    """What should not happen; the server closes the connection after it."""
    return answer(INTERNAL, _BROKEN, {"Connection": "close"})
