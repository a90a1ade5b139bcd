"""Signing in on the console's pages: in, out, another role, another password, a first link."""

from __future__ import annotations

import pytest
from city import City
from console_pages import ADDRESS, OTHER, PASSWORD, Browser, signed_up

from console.accounts import setup
from console.accounts.register import add, person, unlock
from console.accounts.sessions import session_of
from console.web.access import COOKIE
from schemas.envelope import Role

ON = ("sqlite",)


@pytest.fixture
def browser(city: City) -> Browser:
    return Browser(city)


def test_a_page_refuses_in_words_and_names_no_field_as_programs_do(city: City) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    browser = Browser(city)
    browser.signs_in("甲")
    browser.opens("/password")
    browser.sends("/password", old=PASSWORD, new="短", again="短")
    assert browser.told().startswith("密码：")
    assert "（password）" not in browser.told()
    assert "收到" not in browser.told(), "what was typed is not shown, and nobody misses it"


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(city: City) -> None:
    browser = Browser(city)
    on = {"referer": f"{ADDRESS}/c/CP21-0001?did=x"}
    answer = browser.client.post("/c/CP21-0001/complaint-claimed", headers=on)
    assert answer.headers["location"] == "/login?next=/c/CP21-0001"
    part = browser.client.get(
        "/", headers={"hx-request": "1", "hx-current-url": f"{ADDRESS}/watch"}
    )
    assert part.headers["hx-redirect"] == "/login?next=/watch"
    deep = browser.client.get("/hotline?tab=later&who=me&did=next")
    assert deep.headers["location"] == "/login?next=/hotline%3Ftab%3Dlater%26who%3Dme"
    strange = browser.client.post("/logout", headers={"referer": "http://[x"})
    assert strange.headers["location"] == "/login"
    browser.opens("/login?next=/watch")
    assert "登录已结束" in browser.page


def test_nobody_sees_a_page_before_signing_in(browser: Browser) -> None:
    answer = browser.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert browser.client.get("/password").headers["location"] == "/login?next=/password"
    assert browser.opens("/login") == 200
    assert "演示" not in browser.page
    assert "bihuan account first" in browser.page


def test_in_and_out_again(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    assert browser.signs_in("甲") == 303
    assert browser.opens("/") == 200
    assert "甲的人" in browser.page
    browser.opens("/login")
    assert "今日待办" in browser.page, "who is signed in does not sign in again"
    assert browser.sends("/logout").headers["location"] == "/login"
    assert browser.client.get("/").headers["location"] == "/login"


def test_who_signs_in_ends_what_the_browser_had_before(city: City, browser: Browser) -> None:
    for account in ("甲", "乙"):
        signed_up(city.office, account, Role.OPERATOR)
    browser.signs_in("甲")
    browser.opens("/")
    first = browser.client.cookies[COOKIE]
    assert browser.sends("/login", account="乙", password=PASSWORD).status_code == 303
    assert session_of(city.office, first) is None
    signed = session_of(city.office, browser.client.cookies[COOKIE])
    assert signed is not None
    assert signed.account == "乙"


def test_the_cookie_is_no_scripts_and_no_other_sites(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    said = browser.sends("/login", account="甲", password=PASSWORD).headers["set-cookie"]
    assert said.startswith("bihuan=")
    assert "HttpOnly" in said
    assert "SameSite=strict" in said
    assert "Secure" not in said
    elsewhere = Browser(city, "http://bihuan.example")
    elsewhere.opens("/login")
    assert "不是 https" in elsewhere.page
    answer = elsewhere.sends("/login", account="甲", password=PASSWORD)
    assert "Secure" in answer.headers["set-cookie"]


def test_every_refusal_is_the_same_page(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    assert browser.signs_in("甲", OTHER) == 403
    wrong = browser.page.replace("甲", "")
    assert browser.signs_in("nobody", OTHER) == 403
    assert browser.page.replace("nobody", "") == wrong
    assert "账号或密码不对" in browser.told()


def test_one_address_that_fails_too_often_waits(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    site = browser.app.state.site
    for _ in range(3):
        assert browser.signs_in("甲") == 303
        browser.opens("/")
        browser.sends("/logout")
    for _ in range(site.tries.burst):
        site.tries.take("testclient")
    browser.opens("/login")
    answer = browser.sends("/login", account="甲", password=PASSWORD)
    assert answer.status_code == 429
    assert f"请 {answer.headers['retry-after']} 秒后再试" in browser.told()
    site.tries.give("testclient")
    assert browser.signs_in("甲") == 303


def test_led_here_by_another_site_the_cookie_is_asked_for_once_more(browser: Browser) -> None:
    foreign = {"sec-fetch-site": "cross-site"}
    answer = browser.client.get("/login?next=/orders/GD21-0001", headers=foreign)
    assert answer.headers["refresh"] == "0;url=/login?next=/orders/GD21-0001"
    own = browser.client.get("/login?next=/", headers={"sec-fetch-site": "same-origin"})
    assert "refresh" not in own.headers


@pytest.mark.parametrize("place", ["//evil.example", "https://evil.example", "/\\evil", "/a\nb"])
def test_nobody_is_sent_elsewhere_after_signing_in(city: City, place: str) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    browser = Browser(city)
    answer = browser.sends("/login", account="甲", password=PASSWORD, next=place)
    assert answer.headers["location"] == "/"


def test_another_site_signs_nobody_in_or_out(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    browser.signs_in("甲")
    foreign = {"origin": "http://evil.example"}
    data = {"account": "甲", "password": PASSWORD}
    assert browser.client.post("/login", data=data, headers=foreign).status_code == 403
    assert browser.client.post("/logout", data={}, headers=foreign).status_code == 403
    assert browser.client.post("/logout", data={}).status_code == 403, "without the page's csrf"
    assert browser.opens("/") == 200


def test_a_person_switches_roles_and_an_older_page_is_void(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR, Role.REVIEWER)
    browser.signs_in("甲")
    browser.opens("/")
    older = browser.page
    assert "换成复核人" in browser.page
    assert browser.sends("/as", role="reviewer").status_code == 303
    browser.opens("/")
    assert "换成话务员" in browser.page
    assert browser.sends("/as", role="supervisor").status_code == 403
    browser.page = older
    assert browser.sends("/as", role="reviewer").status_code == 403
    assert "页面已过期" in browser.page


def test_a_password_is_changed_and_other_machines_are_out(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    elsewhere = Browser(city)
    elsewhere.signs_in("甲")
    browser.signs_in("甲")
    browser.opens("/password")
    for old, new, again, why in (
        (PASSWORD, OTHER, OTHER + "x", "两次"),
        (PASSWORD, "short", "short", "10"),
        (PASSWORD, "1234567890", "1234567890", "太常见"),
        (PASSWORD, PASSWORD, PASSWORD, "不同"),
        ("wrong password", OTHER, OTHER, "原密码不对"),
    ):
        answer = browser.sends("/password", old=old, new=new, again=again)
        assert answer.status_code in (403, 422)
        assert why in browser.told()
        assert OTHER not in browser.page
    assert browser.sends("/password", old=PASSWORD, new=OTHER, again=OTHER).status_code == 303
    assert browser.opens("/") == 200
    assert elsewhere.client.get("/").headers["location"] == "/login"


def test_who_must_change_the_password_can_do_nothing_else(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    unlock(city.office, "甲", "admin")
    browser.signs_in("甲")
    assert browser.client.get("/").headers["location"] == "/password"
    browser.opens("/password")
    assert "须先换一个密码" in browser.page
    assert browser.sends("/as", role="operator").headers["location"] == "/password"
    browser.sends("/password", old=PASSWORD, new=OTHER, again=OTHER)
    assert browser.client.get("/").status_code == 200


def test_a_link_is_opened_as_often_as_one_likes_and_used_once(city: City, browser: Browser) -> None:
    office = city.office
    add(office, person(office, "甲", "话务员甲", [Role.OPERATOR]), "admin")
    place = f"/setup/{setup.make_link(office, '甲', 'admin')}"
    for _ in range(3):
        assert browser.opens(place) == 200
    assert "话务员甲" in browser.page
    assert browser.sends(place, new=PASSWORD, again=OTHER).status_code == 422
    assert "两次" in browser.told()
    assert browser.sends(place, new="short", again="short").status_code == 422
    assert browser.sends(place, new=PASSWORD, again=PASSWORD).headers["location"] == "/"
    assert browser.opens("/") == 200
    late = Browser(city)
    assert late.opens(place) == 404
    assert "另发一个" in late.page
    assert late.sends(place, new=OTHER, again=OTHER).status_code == 404


def test_signed_out_by_idleness_the_way_back_is_kept(city: City, browser: Browser) -> None:
    signed_up(city.office, "甲", Role.OPERATOR)
    browser.signs_in("甲")
    city.travel(minutes=31)
    assert browser.client.get("/password").headers["location"] == "/login?next=/password"
    htmx = browser.client.get("/", headers={"hx-request": "true"})
    assert (htmx.status_code, htmx.headers["hx-redirect"]) == (204, "/login")


def test_without_single_sign_on_there_is_no_way_to_it(browser: Browser) -> None:
    browser.opens("/login")
    assert "统一认证" not in browser.page
    assert browser.client.get("/oidc/start").status_code == 404
    assert browser.client.get("/oidc/callback?state=a&code=b").status_code == 403
