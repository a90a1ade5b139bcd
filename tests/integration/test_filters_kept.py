"""核实回访: what a person has filtered is remembered for this person, and as chosen last."""

from __future__ import annotations

import re

import pytest
from city import OPERATOR, SECOND, City
from console_pages import PASSWORD, Browser, signed_up

from console.web.access import BY_ITSELF
from schemas.envelope import Role

ON = ("sqlite",)
CHOSEN = "/hotline?tab=review&who=mine&unit=ZD-RSJ"
PLAIN = ("verify", "all", "")


@pytest.fixture
def browser(city: City) -> Browser:
    for one in (OPERATOR, SECOND):
        signed_up(city.office, one.name, Role.OPERATOR)
    browser = Browser(city)
    browser.signs_in(OPERATOR.name)
    browser.opens(CHOSEN)
    return browser


def shown(browser: Browser) -> tuple[str, ...]:
    """The tab, whose and of which unit, where nothing was asked for."""
    browser.opens("/hotline")
    form = browser.page.split('action="/hotline/next"')[1]
    return tuple(re.findall(r'name="(?:tab|who|unit)" value="([^"]*)"', form)[:3])


def test_a_page_that_refreshes_itself_changes_no_choice(browser: Browser) -> None:
    browser.client.get("/hotline?tab=verify&who=all", headers={BY_ITSELF: "1"})
    assert shown(browser) == ("review", "mine", "ZD-RSJ")


def test_the_next_one_at_the_same_browser_does_not_inherit_them(browser: Browser) -> None:
    browser.sends("/logout")
    assert "hotline" not in browser.client.cookies
    browser.signs_in(SECOND.name)
    assert shown(browser) == PLAIN


def test_nor_where_the_one_before_did_not_sign_out(browser: Browser) -> None:
    browser.opens("/")
    assert browser.sends("/login", account=SECOND.name, password=PASSWORD).status_code == 303
    assert shown(browser) == PLAIN


def test_whose_session_ended_finds_them_again(browser: Browser) -> None:
    browser.opens("/")
    assert browser.sends("/login", account=OPERATOR.name, password=PASSWORD).status_code == 303
    assert shown(browser) == ("review", "mine", "ZD-RSJ")
