"""监督: the supervisor's desk: what hangs, what waits for a decision, what is collected, what it comes
to.
"""

from fastapi import APIRouter

from console.web.supervisors import watching

router = APIRouter()
router.include_router(watching.router)
