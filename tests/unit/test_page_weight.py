"""What everybody waits for on every page is small; the demo's own pages are weighed where they are
walked through.
"""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient
from weights import MOST, weight

from console.web.app import create_app
from console.web.live import Hub
from console.web.site import Site


@pytest.fixture
def client(office):
    return TestClient(create_app(Site(office, Hub(office))))


@pytest.mark.parametrize("address", ["/login", "/nowhere"])
def test_a_page_with_its_styles_and_scripts_is_light(client, address):
    assert 30_000 < weight(client.get(address).text) < MOST / 2


def test_whatever_a_page_names_is_served_and_may_be_kept(client):
    for named in re.findall(r'(?:href|src)="(/static/[^"]+)', client.get("/login").text):
        answer = client.get(named)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers.get("content-encoding") == "gzip" or len(answer.content) < 1000


def test_a_file_that_is_not_there_is_noticed():
    with pytest.raises(FileNotFoundError):
        weight('<script src="/static/nowhere.js?1"></script>')
