"""Charts: however long a unit's name is, its bars are there to be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from browser import Person, Size
from city import City
from desks import Desks
from playwright.sync_api import Route

from console.web.access import COOKIE
from schemas.envelope import Role

People = Callable[..., Person]
NAME = "淄博市张店区人力资源和社会保障局行政审批服务中心综合受理大厅"
SHARE = """name => {
  const place = document.querySelector(`[data-chart=${name}]`);
  const chart = echarts.getInstanceByDom(place).getModel();
  return chart.getComponent('grid').coordinateSystem.getRect().width / place.clientWidth;
}"""
"""How much of a chart's width its bars have."""


def named_at_length(route: Route) -> None:
    """The page as it is, with figures of one unit and one window with long names."""
    answer = route.fetch()
    head, data, tail = re.split(
        r'(?<=id="figures-data">)(.*?)(?=</script>)', answer.text(), flags=re.S
    )
    rates = [{"name": "按期整改率", "values": [80]}]
    said = json.loads(data) | {"units": [NAME], "unit_rates": rates, "spots": [[NAME, 4]]}
    route.fulfill(response=answer, body=head + json.dumps(said) + tail)


@pytest.mark.parametrize("size", [Size.PHONE, Size.DESKTOP])
def test_long_names_leave_room_for_the_bars(
    city: City, console_here: str, people: People, size: Size
) -> None:
    secret = Desks(city).sits("监督员丙", Role.SUPERVISOR).client.cookies[COOKIE]
    person = people(console_here, size)
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": console_here}])
    page = person.page
    page.route("**/figures", named_at_length)
    page.goto("/figures")
    assert [name for name in ("units", "windows") if page.evaluate(SHARE, name) < 0.4] == []
