"""Nothing that the pages send asks for a browser newer than the offices' oldest."""

from __future__ import annotations

from pathlib import Path

import markup
import pytest
import scripts
import sheets

WEB = Path(__file__).parents[2] / "console" / "web"
STATIC, TEMPLATES = WEB / "static", WEB / "templates"
VENDOR = STATIC / "vendor"
OURS = sorted(path for path in STATIC.rglob("*") if VENDOR not in path.parents)
THEIRS = sorted(VENDOR.glob("*"))

LEFT_OUT = {
    "bootstrap.min.css": {
        "word-wrap": "the old name of overflow-wrap, which every Chrome knows",
        "color-adjust": "behind it -webkit-print-color-adjust says the same",
        "color-adjust: exact": "behind it -webkit-print-color-adjust says the same",
        "text-underline-offset": "a line stands a little nearer to its letters",
        ":file-selector-button": "the button to choose a file looks as the system draws it",
        "inset": "of floating labels over large fields, which no page has",
    },
    "htmx.min.js": {
        ".moveBefore": "asked for first; else the element is replaced",
        ".startViewTransition": "asked for first, and only where a page wants transitions",
        "Document.parseHTMLUnsafe": "asked for first; else DOMParser",
    },
    "echarts.common.min.js": {
        ".transition": "a chart's setting",
        ".dimension": "a chart's setting",
        ".draw": "a brush's method",
        "ML": "a short name",
    },
}
"""What others' files have beyond the floor, and why no page is the worse for it."""


def of_kind(paths: list[Path], suffix: str) -> list[Path]:
    return [path for path in paths if path.suffix == suffix]


@pytest.mark.parametrize("sheet", of_kind(OURS, ".css"), ids=lambda path: path.name)
def test_our_style_sheets(sheet):
    assert [*map(str, sheets.beyond(sheet.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize("script", of_kind(OURS, ".js"), ids=lambda path: path.name)
def test_our_scripts(script):
    assert [*map(str, scripts.beyond(script))] == []


@pytest.mark.parametrize(
    "template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_our_templates(template):
    assert [*map(str, markup.beyond(template))] == []


@pytest.mark.parametrize("sheet", of_kind(THEIRS, ".css"), ids=lambda path: path.name)
def test_others_style_sheets(sheet):
    found = {one.what for one in sheets.beyond(sheet.read_text(encoding="utf-8"))}
    assert found == LEFT_OUT.get(sheet.name, {}).keys()


@pytest.mark.parametrize("script", of_kind(THEIRS, ".js"), ids=lambda path: path.name)
def test_others_scripts(script):
    """What a library calls its own members is not the browser's."""
    own = scripts.defined(script)
    found = {one.what for one in scripts.beyond(script) if one.what.removeprefix(".") not in own}
    assert found == LEFT_OUT.get(script.name, {}).keys()


def test_there_is_something_to_read():
    assert {path.suffix for path in OURS} >= {".css", ".js"}
    assert {path.name for path in THEIRS} >= LEFT_OUT.keys(), "make setup"


@pytest.mark.parametrize(
    ("sheet", "chrome"),
    [
        ("a { top: 0; inset: 0 }", 87),
        ("a:has(b) { color: red }", 105),
        ("a:is(b, c) { color: red }", 88),
        ("a:not(.b, .c) { color: red }", 88),
        ("a { aspect-ratio: 1 }", 88),
        ("a { overflow: clip }", 90),
        ("a { accent-color: red }", 93),
        ("a { color: color-mix(in srgb, red, blue) }", 111),
        ("a { color: light-dark(red, blue) }", 123),
        ("a { height: 100dvh }", 108),
        ("a { & b { color: red } }", 112),
        ("@layer a, b;", 99),
        ("@container (width > 9em) { a { color: red } }", 105),
        ("@media (width >= 40em) { a { color: red } }", 104),
        ("@media (forced-colors: active) { a { color: red } }", 89),
        ("a { grid-template-rows: subgrid }", 117),
        ("a { margin-inline: 0 }", 87),
        ("a { text-wrap: balance }", 114),
        ("a { colour: red }", sheets.NEVER),
    ],
)
def test_a_style_beyond_the_floor_is_seen(sheet, chrome):
    assert chrome in {one.chrome for one in sheets.beyond(sheet)}


@pytest.mark.parametrize(
    "sheet",
    [
        "a { display: flex; gap: 1em; min-height: clamp(1em, 2vw, 3em) }",
        "a { color: red; color: color-mix(in srgb, red, blue) }",
        "@supports (aspect-ratio: 1) { a { aspect-ratio: 1 } }",
        'a:focus-visible::after { content: ":has(x) { inset: 0 }"; /* @layer */ }',
        "@media (max-width: 1000px) and (prefers-reduced-motion: reduce) { a { top: 0 } }",
        ":root { --wide: 3; -webkit-mask-image: none; mask-image: none }",
        "@keyframes a { from { top: 0 } 50.5% { top: 1px } }",
    ],
)
def test_what_the_floor_understands_or_passes_over_is_fine(sheet):
    assert [*sheets.beyond(sheet)] == []


@pytest.mark.parametrize(
    ("script", "chrome"),
    [
        ("a.at(-1)", 92),
        ("structuredClone(a)", 98),
        ("Object.hasOwn(a, 'b')", 93),
        ("a.findLast(b)", 97),
        ("crypto.randomUUID()", 92),
        ("AbortSignal.any([])", 116),
        ("AbortSignal.timeout(3)", 103),
        ("Promise.withResolvers()", 119),
        ("document.querySelector('a:has(b)')", 105),
        ("document.addEventListener('scrollend', f)", 114),
        ("a.toSorted()", 110),
        ("a.showPopover()", 114),
        ("a.inert = true", 102),
    ],
)
def test_a_script_beyond_the_floor_is_seen(tmp_path, script, chrome):
    (path := tmp_path / "a.js").write_text(script)
    assert chrome in {one.chrome for one in scripts.beyond(path)}


@pytest.mark.parametrize(
    "script", ["class A { static { f() } }", "class A { b = 1 }", "a = /b/v", "await f()"]
)
def test_a_language_beyond_the_floor_is_refused(tmp_path, script):
    (path := tmp_path / "a.js").write_text(script)
    with pytest.raises(ValueError, match=r"a\.js"):
        [*scripts.beyond(path)]


def test_what_scripts_may_use(tmp_path):
    (path := tmp_path / "a.js").write_text(
        "a ??= b?.c; d.replaceAll('x', 'y'); e.replaceChildren(f); g.closest('h'); new Event(i)"
    )
    assert [*scripts.beyond(path)] == []


@pytest.mark.parametrize(
    ("html", "chrome"),
    [
        ("<search></search>", 118),
        ("<p popover>", 114),
        ("<div inert>", 102),
        ('<details name="{{ a }}">', 120),
    ],
)
def test_html_beyond_the_floor_is_seen(tmp_path, html, chrome):
    (path := tmp_path / "a.html").write_text(html)
    assert [one.chrome for one in markup.beyond(path)] == [chrome]
