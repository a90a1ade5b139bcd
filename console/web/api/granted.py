"""接口: what a token may do; how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel

from console.accounts.tokens import Scope, System, system_of
from console.cli_tokens import SCOPE_WORDS
from console.web.api.problems import TokenNeeded
from console.web.limiting import Buckets
from console.web.site import site_of
from schemas.envelope import Role
from workflow.errors import InvalidInput, NotPermitted
from workflow.ledger import Actor

BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="bh_…",
    description="管理员用 `bihuan token add` 发的令牌，只显示一次",
)


@dataclass
class Limits:
    """How often a token, and how often an address, may ask."""

    tokens: Buckets = field(default_factory=lambda: Buckets(200, 50))
    addresses: Buckets = field(default_factory=lambda: Buckets(400, 100))


def bearer(request: Request) -> System | None:
    """The system whose token a request bears."""
    scheme, secret = get_authorization_scheme_param(request.headers.get("authorization"))
    known = scheme.lower() == "bearer" and secret
    return system_of(site_of(request).office, secret) if known else None


class Granted:
    """A permission of systems: a scope."""

    def __init__(self, scope: Scope) -> None:
        self.name, self.scope = SCOPE_WORDS[scope], scope

    def __call__(
        self,
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    ) -> System:
        """The system that asks. Raises TooOften, TokenNeeded, NotPermitted, InvalidInput."""
        limits: Limits = request.app.state.limits
        system = None if given is None else system_of(site_of(request).office, given.credentials)
        if system is None:
            raise TokenNeeded
        limits.tokens.take(system.name)
        if self.scope not in system.scopes:
            raise NotPermitted(f"这个令牌没有“{self.name}”的范围（{self.scope}）")
        _only_documented(request)
        _asked_once(request)
        return system


def _only_documented(request: Request) -> None:
    """Raises RequestValidationError for what the address asks and no document tells of."""
    unknown = set(request.query_params)
    if unknown:
        unknown -= set(asked_in_address(request.scope["route"].dependant))
    if unknown:
        wrong = {"type": "extra_forbidden", "msg": "", "input": None}
        raise RequestValidationError([{**wrong, "loc": ("query", n)} for n in sorted(unknown)])


def _asked_once(request: Request) -> None:
    """Raises InvalidInput for what the address asks twice: which one is meant would be a guess."""
    for name in request.query_params:
        if len(request.query_params.getlist(name)) > 1:
            raise InvalidInput(name, "", "网址里写了两次")


def asked_in_address(dependant: Dependant) -> Iterator[str]:
    """The names of what a route, and whatever is asked before it, takes from the address."""
    for param in dependant.query_params:
        kind: object = param.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from kind.model_fields
        else:
            yield param.alias
    for inner in dependant.dependencies:
        yield from asked_in_address(inner)


def viewer_of(system: System) -> Actor:
    """As whom a system looks: a unit's as that unit, another one as the hotline."""
    role = Role.OPERATOR if system.unit is None else Role.DEPARTMENT
    return Actor(system.actor.name, role, system.unit)
