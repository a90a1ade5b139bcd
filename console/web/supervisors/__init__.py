"""监督: the supervisor's desk: what hangs, what waits for a decision, what is collected, what it
comes to.
"""

from fastapi import APIRouter

from console.web.supervisors import behind, collecting, comparing, deciding, figuring, watching

router = APIRouter()
for part in (watching, deciding, collecting, comparing, figuring, behind):
    router.include_router(part.router)
