"""`python -m bench [PART …]`: measures these parts, or all of them."""

import sys

from bench import steps

PARTS = {"steps": steps.measured}

for name in sys.argv[1:] or PARTS:
    PARTS[name]()
