"""What a template's HTML asks of a browser beyond the floor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from compat import FLOOR, data, since
from sheets import Found

JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {(tag, ""), *((tag, name) for name, _ in attrs)}


def beyond(template: Path) -> Iterator[Found]:
    """Elements and attributes that the floor does not know. Those of htmx and of ours are told
    by their hyphen.
    """
    tags = _Tags()
    tags.feed(JINJA.sub("", template.read_text(encoding="utf-8")))
    html = data()["html"]
    for tag, attribute in sorted(tags.seen):
        element = html["elements"].get(tag, {})
        known = element.get(attribute) or html["global_attributes"].get(attribute)
        if not attribute:
            known = element
        if known and (chrome := since(known)) > FLOOR:
            yield Found(f"<{tag} {attribute}>".replace(" >", ">"), chrome, template.name)
