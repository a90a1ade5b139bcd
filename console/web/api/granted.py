"""接口: what a token may do; how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from console.accounts.tokens import Scope, System, system_of
from console.cli_tokens import SCOPE_WORDS
from console.web.api.problems import TokenNeeded
from console.web.limiting import Buckets
from console.web.site import site_of
from schemas.envelope import Role
from workflow.errors import NotPermitted
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


class Granted:
    """A permission of systems: a scope. Every request counts, those without a token too."""

    def __init__(self, scope: Scope) -> None:
        self.name, self.scope = SCOPE_WORDS[scope], scope

    def __call__(
        self,
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    ) -> System:
        """The system that asks. Raises TooOften, TokenNeeded, NotPermitted."""
        limits: Limits = request.app.state.limits
        limits.addresses.take(request.client.host if request.client else "")
        system = None if given is None else system_of(site_of(request).office, given.credentials)
        if system is None:
            raise TokenNeeded
        limits.tokens.take(system.name)
        if self.scope not in system.scopes:
            raise NotPermitted(f"这个令牌没有“{self.name}”的范围（{self.scope}）")
        return system


def viewer_of(system: System) -> Actor:
    """As whom a system looks: a unit's as that unit, another one as the hotline."""
    role = Role.OPERATOR if system.unit is None else Role.DEPARTMENT
    return Actor(system.actor.name, role, system.unit)
