"""What the stories in a browser rest on: nothing leaves this machine, and nothing that goes wrong
there is overheard.
"""

from __future__ import annotations

import axe
import pytest
from browser import Person, Size

ELSEWHERE = "http://192.0.2.1/a.png"


@pytest.fixture
def alone(chromium):
    """Somebody whose troubles are the story."""
    person = Person(chromium, "http://127.0.0.1:9", Size.PHONE)
    yield person
    person.context.close()


def test_a_page_that_asks_elsewhere_gets_nothing_and_is_told_of(alone):
    alone.page.set_content(f"<img src='{ELSEWHERE}'>")
    alone.page.wait_for_function("document.images[0].complete")
    assert f"left this machine: {ELSEWHERE}" in alone.troubles
    assert alone.page.evaluate("document.images[0].naturalWidth") == 0


def test_a_script_that_fails_is_told_of(alone):
    alone.page.set_content("<p>…</p><script>console.error('no'); missing()</script>")
    assert sorted(alone.troubles) == ["console: no", "script: missing is not defined"]


def test_a_page_hard_to_read_is_told_of(alone):
    alone.page.set_content(
        "<html lang='zh-CN'><title>看</title><main><h1 style='color:#bbb'>看不清"
    )
    assert [line.split(" ")[0] for line in axe.violations(alone.page)] == ["color-contrast"]


def test_the_console_answers_in_a_process_of_its_own(console_process, people):
    somebody = people(console_process)
    somebody.page.goto("/")
    assert somebody.page.url == f"{console_process}/login"
    with somebody.refused(404):
        somebody.page.goto("/nowhere")
    assert somebody.page.locator("h1").text_content()


def test_the_console_goes_by_the_citys_clock(console_here, people, city):
    somebody = people(console_here, Size.SCALED)
    somebody.page.goto("/login")
    assert somebody.page.evaluate("document.documentElement.lang") == "zh-CN"
