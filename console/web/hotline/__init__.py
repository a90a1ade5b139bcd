"""核实回访: the hotline's desk: what waits, and one complaint with the steps that can be taken."""

from fastapi import APIRouter

from console.web.hotline import page, previewing, queue, revealing, steps

router = APIRouter()
for _part in (queue, page, previewing, revealing, steps):
    router.include_router(_part.router)
