"""A wheel carries what its pages need; an editable install builds nothing (`make setup` does)."""

import subprocess
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface):
    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        if version == "standard":
            build = [sys.executable, "console/web/frontend/build.py"]
            subprocess.run(build, cwd=self.root, check=True)
