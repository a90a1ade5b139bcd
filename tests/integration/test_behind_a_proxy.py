"""Behind a reverse proxy an address counts by itself; nobody else may say which one he has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from city import City
from console_pages import ADDRESS, PASSWORD, signed_up
from consoles import console_over
from starlette.testclient import TestClient

from console.processes import Address, citizens, desks
from console.web.citizens.app import create_page
from console.web.live import Hub
from console.web.serving import Serving
from console.web.site import Site
from schemas.envelope import Role
from workflow import links

ON = ("sqlite",)
PROXY, CITIZEN = "10.1.2.3", "203.0.113.7"
SAME = {"sec-fetch-site": "same-origin"}


def served(city: City, proxy: str | None) -> tuple[Serving, Serving]:
    """The console and the citizen's page as their processes serve them."""
    settings = city.office.settings.model_copy(update={"proxy": proxy})
    office = replace(city.office, settings=settings)
    found = []
    for web in (desks, citizens):
        job = web(office, Address("127.0.0.1", 0)).jobs[0]
        assert isinstance(job, Serving)
        job.listener.close()
        job.server.config.load()
        found.append(job)
    return found[0], found[1]


def opened(serving: Serving, comes_from: str, said: str) -> tuple[bool, set[str]]:
    """Whether the page holds the way for https, and the addresses that it has counted."""
    app = serving.server.config.loaded_app
    client = TestClient(app, client=(comes_from, 50_000))
    sent = {"X-Forwarded-For": said, "X-Forwarded-Proto": "https"}
    answer = client.get("/r", headers=sent)
    assert answer.status_code == 200
    limits = serving.server.config.app.state.citizens  # type: ignore[union-attr]
    return "strict-transport-security" in answer.headers, set(limits.pages._left)


def test_the_proxys_word_counts_and_nobody_elses(city: City) -> None:
    for serving in served(city, PROXY):
        assert opened(serving, "198.51.100.9", CITIZEN) == (False, {"198.51.100.9"})
        secure, counted = opened(serving, PROXY, f"1.2.3.4, {CITIZEN}")
        assert secure
        assert counted == {"198.51.100.9", CITIZEN}, "what the citizen said himself is not believed"


def test_without_a_proxy_nobody_is_believed(city: City) -> None:
    for serving in served(city, None):
        assert opened(serving, "127.0.0.1", CITIZEN) == (False, {"127.0.0.1"})


@pytest.mark.parametrize(
    ("typed", "opened_at", "for_https_alone"),
    [
        ("https://bihuan.example", "https://bihuan.example", True),
        ("https://bihuan.example", ADDRESS, False),
        (ADDRESS, ADDRESS, False),
    ],
)
def test_behind_a_proxy_that_says_nothing_a_session_is_for_https_alone(
    city: City, typed: str, opened_at: str, for_https_alone: bool
) -> None:
    """nginx asks for its own address of the console, unless told otherwise; the browser says from
    which page it sends a form. Who is at the host itself signs in there as before.
    """
    signed_up(city.office, "甲", Role.OPERATOR)
    settings = city.office.settings.model_copy(update={"url": typed})
    office = replace(city.office, settings=settings)
    client = TestClient(console_over(Site(office, Hub(office))), ADDRESS, follow_redirects=False)
    form = {"account": "甲", "password": PASSWORD}
    answer = client.post("/login", data=form, headers={"Origin": opened_at, **SAME})
    assert answer.status_code == 303
    assert ("Secure" in answer.headers["set-cookie"]) is for_https_alone


@pytest.mark.parametrize(
    ("typed", "for_https_alone"),
    [
        ({"url": "https://bihuan.example"}, True),
        ({"url": ADDRESS}, False),
        ({"url": ADDRESS, "citizen_url": "https://pingjia.example/r"}, True),
        ({"url": "https://bihuan.example", "citizen_url": "http://pingjia.example/r"}, False),
    ],
)
def test_behind_such_a_proxy_a_citizens_cookie_is_for_https_alone_too(
    city: City, typed: dict[str, str], for_https_alone: bool
) -> None:
    settings = city.office.settings.model_copy(update=typed)
    office = replace(city.office, settings=settings)
    client = TestClient(create_page(Site(office, Hub(office))), ADDRESS, follow_redirects=False)
    subject = city.portal.bad_review()
    link = links.make(office.keys.link, subject, 1, office.wall() + 1)
    answer = client.get(f"/r/{link}")
    assert answer.status_code == 303
    assert ("Secure" in answer.headers["set-cookie"]) is for_https_alone


def test_the_console_answers_on_the_loopback_of_ipv6(city: City) -> None:
    web = desks(city.office, Address("::1", 0))
    job = web.jobs[0]
    assert isinstance(job, Serving)
    job.listener.close()
    assert web.url.startswith("http://[::1]:")


@pytest.mark.parametrize("place", ["/login", "/api/v1/ratings", "/r"])
def test_a_slash_too_many_leads_to_no_other_host_and_not_out_of_https(
    city: City, place: str
) -> None:
    """A proxy that says nothing of https, or a host that somebody made up."""
    client = TestClient(console_over(Site(city.office, Hub(city.office))), follow_redirects=False)
    answer = client.post(f"{place}/?a=1", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, f"{place}?a=1")
