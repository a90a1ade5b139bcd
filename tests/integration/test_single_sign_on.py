"""The office's single sign-on: a small issuer on the loopback, honest or not."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from city import City
from console_pages import ADDRESS, Browser, signed_up
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey
from sqlalchemy import select

from console import processes
from console.accounts import setup
from console.accounts.record import Outcome, latest
from console.accounts.register import add, disable, person
from console.accounts.single import Issuer
from console.wiring import office
from schemas.envelope import Role
from workflow.errors import InvalidInput
from workflow.settings import Settings
from workflow.storage import models

ON = ("sqlite",)
SECRET = "the client's own secret"


class FakeIssuer:
    """Answers discovery, keys and tokens; `claims` and `key` say what the next token is."""

    def __init__(self) -> None:
        self.key, self.foreign = (RSAKey.generate_key(2048) for _ in range(2))
        self.signing: Any = self.key
        self.algorithm = "RS256"
        self.claims: dict[str, Any] = {}
        self.asked: dict[str, str] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self.server.server_port}/realm"
        self.named, self.door = self.address, "authorization_endpoint"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def meets(self, place: str, now: int, **claims: Any) -> str:
        """Somebody signs in at the page where the browser was sent; where it is sent back to."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(place).query).items()}
        at = now // 1_000_000
        self.claims = {
            "iss": self.address,
            "aud": "bihuan",
            "sub": "subject-1",
            "preferred_username": "甲",
            "nonce": self.asked["nonce"],
            "iat": at,
            "exp": at + 300,
        } | claims
        return f"/oidc/callback?state={self.asked['state']}&code=once"

    def _token(self, sent: dict[str, str], authorization: str) -> dict[str, Any] | None:
        challenge = hashlib.sha256(sent["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        basic = base64.b64encode(f"bihuan:{SECRET}".encode()).decode()
        if proven != self.asked["code_challenge"] or sent["code"] != "once":
            return None
        if authorization != f"Basic {basic}":
            return None
        registry = {"algorithms": [self.algorithm]}
        token = jwt.encode({"alg": self.algorithm}, self.claims, self.signing, **registry)
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                if self.path.endswith("/.well-known/openid-configuration"):
                    self._say(
                        {
                            "issuer": issuer.named,
                            issuer.door: f"{issuer.address}/authorize",
                            "token_endpoint": f"{issuer.address}/token",
                            "jwks_uri": f"{issuer.address}/keys",
                        }
                    )
                else:
                    self._say(KeySet([issuer.key]).as_dict(private=False))

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"])).decode()
                sent = {name: values[0] for name, values in parse_qs(raw).items()}
                token = issuer._token(sent, self.headers.get("authorization", ""))
                self._say(token or {"error": "invalid_grant"}, 200 if token else 400)

            def _say(self, what: Any, status: int = 200) -> None:
                body = json.dumps(what).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    made = FakeIssuer()
    yield made
    made.close()


@pytest.fixture
def browser(folder: Any, issuer: FakeIssuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    secret = folder / "oidc-secret"
    secret.write_text(SECRET + "\n")
    monkeypatch.setenv("BIHUAN_OIDC_ISSUER", issuer.address)
    monkeypatch.setenv("BIHUAN_OIDC_CLIENT", "bihuan")
    monkeypatch.setenv("BIHUAN_OIDC_SECRET_FILE", str(secret))
    monkeypatch.setenv("BIHUAN_URL", ADDRESS)
    city = City(folder)
    made = Browser(city)
    made.city = city
    yield made
    city.close()


def goes_round(browser: Browser, issuer: FakeIssuer, **claims: Any) -> Any:
    """To the issuer and back; the answer to coming back."""
    there = browser.client.get("/oidc/start").headers["location"]
    back = issuer.meets(there, browser.city.office.wall(), **claims)
    answer = browser.client.get(back)
    browser.page = answer.text
    return answer


def test_who_has_an_account_signs_in_without_a_password(
    browser: Browser, issuer: FakeIssuer
) -> None:
    office = browser.city.office
    signed_up(office, "甲", Role.OPERATOR)
    browser.opens("/login")
    assert "用统一认证登录" in browser.page
    answer = goes_round(browser, issuer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "SameSite=lax" in next(
        said for said in answer.headers.get_list("set-cookie") if said.startswith("bihuan=")
    )
    assert browser.opens("/") == 200
    assert issuer.asked["redirect_uri"] == f"{ADDRESS}/oidc/callback"
    assert issuer.asked["code_challenge_method"] == "S256"


def test_who_has_no_password_here_is_told_where_it_is_changed(
    browser: Browser, issuer: FakeIssuer
) -> None:
    office = browser.city.office
    add(office, person(office, "甲", "甲的人", [Role.OPERATOR]), "admin")
    goes_round(browser, issuer)
    assert browser.opens("/password") == 200
    assert "统一认证系统（127.0.0.1）里改" in browser.page
    assert "原密码" not in browser.page
    browser.opens("/")
    new = "全新的 一个密码 很长"
    assert browser.sends("/password", old="", new=new, again=new).status_code == 403
    assert "没有密码" in browser.page
    setup.use_link(office, setup.make_link(office, "甲", "admin"), new)
    goes_round(browser, issuer)
    browser.opens("/password")
    assert "原密码" in browser.page
    assert "统一认证的密码不在这里改" in browser.page


def test_an_account_is_never_made_and_a_name_is_never_enough_twice(
    browser: Browser, issuer: FakeIssuer
) -> None:
    office = browser.city.office
    assert goes_round(browser, issuer, preferred_username="nobody").status_code == 403
    assert "没有可用的账号" in browser.page
    signed_up(office, "甲", Role.OPERATOR)
    assert goes_round(browser, issuer).status_code == 303
    assert goes_round(browser, issuer, preferred_username="renamed").status_code == 303
    assert goes_round(browser, issuer, sub="subject-2").status_code == 403, "another 甲"
    disable(office, "甲", "admin")
    assert goes_round(browser, issuer).status_code == 403
    with office.database.read() as conn:
        assert conn.execute(select(models.accounts.c.account)).scalars().all() == ["甲"]
        told = [line.outcome for line in latest(conn)]
    assert told.count(Outcome.NOT_MAPPED) == 2
    assert Outcome.WHILE_DISABLED in told


def test_a_new_link_unties_an_account_from_the_issuers_user(
    browser: Browser, issuer: FakeIssuer
) -> None:
    office = browser.city.office
    signed_up(office, "甲", Role.OPERATOR)
    goes_round(browser, issuer)
    setup.use_link(office, setup.make_link(office, "甲", "admin"), "全新的 一个密码 很长")
    assert goes_round(browser, issuer, sub="subject-2").status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"nonce": "another"},
        {"exp": 1},
        {"azp": "another client"},
        {"aud": ["bihuan", "another client"]},
        {"aud": ["bihuan", "another client"], "azp": "another client"},
        {"aud": None},
    ],
    ids=str,
)
def test_a_token_that_was_not_made_for_this_sign_in_is_refused(
    browser: Browser, issuer: FakeIssuer, claims: dict[str, Any]
) -> None:
    signed_up(browser.city.office, "甲", Role.OPERATOR)
    assert goes_round(browser, issuer, **claims).status_code == 403
    assert browser.client.get("/").headers["location"] == "/login"


def test_a_token_for_several_that_was_made_for_this_console_is_taken(
    browser: Browser, issuer: FakeIssuer
) -> None:
    signed_up(browser.city.office, "甲", Role.OPERATOR)
    several = {"aud": ["bihuan", "another client"], "azp": "bihuan"}
    assert goes_round(browser, issuer, **several).status_code == 303


def test_a_token_that_another_key_signed_is_refused(browser: Browser, issuer: FakeIssuer) -> None:
    signed_up(browser.city.office, "甲", Role.OPERATOR)
    issuer.signing = issuer.foreign
    assert goes_round(browser, issuer).status_code == 403
    issuer.signing, issuer.algorithm = OctKey.import_key(SECRET * 2), "HS256"
    assert goes_round(browser, issuer).status_code == 403


def test_what_did_not_begin_in_this_browser_does_not_end_in_it(
    browser: Browser, issuer: FakeIssuer
) -> None:
    signed_up(browser.city.office, "甲", Role.OPERATOR)
    other = Browser(browser.city)
    there = other.client.get("/oidc/start").headers["location"]
    back = issuer.meets(there, browser.city.office.wall())
    assert browser.client.get(back).status_code == 403
    browser.client.get("/oidc/start")
    assert browser.client.get(back).status_code == 403
    there = browser.client.get("/oidc/start").headers["location"]
    mine = issuer.meets(there, browser.city.office.wall())
    assert browser.client.get(mine.replace("state=", "state=x")).status_code == 403
    browser.city.travel(minutes=11)
    assert other.client.get(back).status_code == 403


def test_an_issuer_that_is_away_or_another_is_said_in_words(
    browser: Browser, issuer: FakeIssuer
) -> None:
    issuer.named, issuer.door = issuer.address, "another"
    assert browser.opens("/oidc/start") == 503
    assert "统一认证暂时连不上" in browser.page
    issuer.named = "https://evil.example"
    assert browser.opens("/oidc/start") == 503
    issuer.close()
    assert browser.opens("/oidc/start") == 503
    assert "统一认证暂时连不上" in browser.page


def test_who_sets_out_again_and_again_waits_and_who_comes_back_does_not_count(
    browser: Browser, issuer: FakeIssuer
) -> None:
    signed_up(browser.city.office, "甲", Role.OPERATOR)
    burst = browser.app.state.site.tries.burst
    for _ in range(burst + 2):
        assert goes_round(browser, issuer).status_code == 303
    found = [browser.client.get("/oidc/start").status_code for _ in range(burst + 2)]
    assert found[0] == 303
    assert found[-1] == 429


def test_an_issuer_may_be_called_by_a_name_with_a_slash_at_its_end(
    browser: Browser, issuer: FakeIssuer
) -> None:
    signed_up(browser.city.office, "甲", Role.OPERATOR)
    issuer.named = f"{issuer.address}/"
    assert goes_round(browser, issuer, iss=issuer.named).status_code == 303
    assert goes_round(browser, issuer, iss=issuer.address).status_code == 403, "not its name"


def test_a_console_does_not_start_with_an_issuer_that_will_not_do(folder: Any) -> None:
    with office(folder) as opened:
        settings = opened.settings.model_copy(update={"oidc_issuer": "http://sso.example"})
        with pytest.raises(InvalidInput, match="BIHUAN_OIDC_ISSUER"):
            processes.desks(replace(opened, settings=settings), processes.Address("127.0.0.1", 0))


def test_an_issuer_without_tls_is_refused() -> None:
    with pytest.raises(InvalidInput, match="https"):
        Issuer(Settings(oidc_issuer="http://sso.example", oidc_client="bihuan"))
    with pytest.raises(InvalidInput, match="客户端"):
        Issuer(Settings(oidc_issuer="https://sso.example"))
