"""统一认证：the office's OpenID Connect issuer says who somebody is; the account must be there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, or_, select, update

from console.accounts.record import Happened, Outcome, note
from console.accounts.roles import account_key, from_text
from console.accounts.sessions import open_session
from workflow.errors import Away, InvalidInput, SignInRefused
from workflow.settings import LOOPBACK, Settings
from workflow.storage.models import accounts

if TYPE_CHECKING:
    from console.wiring import Office

ALGORITHMS = ["RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512"]
"""Of the issuer's signature: none that a client's secret could make."""

_PATIENCE = 5.0
_LEEWAY = 60
_AWAY = "统一认证暂时连不上，请稍后再试，或用账号密码登录"


class Pending(NamedTuple):
    """What the browser keeps while its person is at the issuer's."""

    state: str
    nonce: str
    verifier: str


class Claims(NamedTuple):
    """Who the issuer says it is."""

    subject: str
    username: str


class Issuer:
    """The issuer that the settings name, its addresses read when first needed.

    Raises InvalidInput for settings that will not do, or where the extra `sso` is not installed.
    """

    def __init__(self, settings: Settings) -> None:
        self.address = (settings.oidc_issuer or "").rstrip("/")
        self.client, self.secret = settings.oidc_client or "", settings.oidc_secret
        self.callback = f"{settings.url.rstrip('/')}/oidc/callback"
        parts = urlsplit(self.address)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise InvalidInput("BIHUAN_OIDC_ISSUER", self.address, "须是 https:// 的网址")
        if not self.client:
            raise InvalidInput("BIHUAN_OIDC_CLIENT", "", "须写明客户端编号")
        try:
            from authlib.integrations import httpx_client  # noqa: PLC0415  # an extra
        except ImportError:
            reason = "需要安装统一认证的组件：uv sync --extra sso"
            raise InvalidInput("BIHUAN_OIDC_ISSUER", "", reason) from None
        self._client_of = httpx_client.OAuth2Client

    def begin(self) -> tuple[str, Pending]:
        """The issuer's address to send the browser to, and what it has to bring back. Raises
        Away.
        """
        pending = Pending(*(secrets.token_urlsafe(32) for _ in Pending._fields))
        with self._client() as client:
            found = self._found(client)
            address, _ = client.create_authorization_url(
                found["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
            )
        return str(address), pending

    def finish(self, pending: Pending, state: str, code: str, now: int) -> Claims:
        """Who has come back with this code; `now` in microseconds UTC. Raises SignInRefused for
        whatever does not hold, Away.
        """
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415
        from httpx2 import HTTPError  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415

        if not secrets.compare_digest(state.encode(), pending.state.encode()):
            raise SignInRefused
        try:
            with self._client() as client:
                found = self._found(client)
                token = client.fetch_token(
                    found["token_endpoint"], code=code, code_verifier=pending.verifier
                )
                keys = _json(client, found["jwks_uri"])
            name = found["issuer"]
            return self._checked(str(token.get("id_token")), keys, name, pending.nonce, now)
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
            raise SignInRefused from error
        except HTTPError as error:
            raise Away(_AWAY) from error

    def _checked(self, token: str, keys: Any, name: str, nonce: str, now: int) -> Claims:
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            now=now // 1_000_000,
            leeway=_LEEWAY,
            iss={"essential": True, "value": name},
            aud={"essential": True, "value": self.client},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client) != self.client:
            raise SignInRefused
        return Claims(str(claims["sub"]), str(claims.get("preferred_username", "")))

    def _client(self) -> Any:
        return self._client_of(
            client_id=self.client,
            client_secret=self.secret,
            token_endpoint_auth_method="client_secret_basic" if self.secret else "none",
            scope="openid profile",
            redirect_uri=self.callback,
            code_challenge_method="S256",
            timeout=_PATIENCE,
        )

    def _found(self, client: Any) -> dict[str, Any]:
        """What the issuer says of itself; its name may have a slash at its end that the
        setting lacks. Raises Away also where it says that it is another, or not where people sign
        in.
        """
        found = _json(client, f"{self.address}/.well-known/openid-configuration")
        if not isinstance(found, dict) or str(found.get("issuer")).rstrip("/") != self.address:
            raise Away(_AWAY)
        if not isinstance(found.get("authorization_endpoint"), str):
            raise Away(_AWAY)
        return found


def _json(client: Any, address: str) -> Any:
    from httpx2 import HTTPError  # noqa: PLC0415

    try:
        answer = client.request("GET", address, withhold_token=True)
        answer.raise_for_status()
        return answer.json()
    except (HTTPError, ValueError) as error:
        raise Away(_AWAY) from error


def sign_in_as(office: Office, claims: Claims, address: str | None = None) -> str:
    """The secret of a new session for the account that this is: the one tied to the issuer's
    subject, else the one called like the issuer's user, which is tied to it from then on.

    Raises SignInRefused, recorded, where there is none that may sign in; none is ever made.
    """
    now = office.wall()
    with office.database.write() as conn:
        row = _account_of(conn, claims)
        if row is not None and row.disabled_at is None:
            mine = accounts.c.account == row.account
            conn.execute(update(accounts).where(mine).values(oidc_subject=claims.subject))
            note(conn, Happened(row.account, Outcome.SIGNED_IN, None, address, now))
            return open_session(conn, row.account, from_text(row.roles)[0], now)
        account = None if row is None else row.account
        outcome = Outcome.NOT_MAPPED if row is None else Outcome.WHILE_DISABLED
        note(conn, Happened(account, outcome, None, address, now))
    raise SignInRefused


def _account_of(conn: Connection, claims: Claims) -> Row[Any] | None:
    """One that is tied to another subject is not this user's, whatever the user is called."""
    named = (accounts.c.account == account_key(claims.username)) & accounts.c.oidc_subject.is_(None)
    query = select(accounts).where(or_(accounts.c.oidc_subject == claims.subject, named))
    return conn.execute(query.order_by(accounts.c.oidc_subject.is_(None))).first()
