"""单位工作台: the units' orders and their feedback, and what their data clerks look up."""

from fastapi import APIRouter

from console.web.departments import contacts, downloads, figures_page, orders, steps, writing

router = APIRouter()
for _part in (figures_page, orders, steps, writing, downloads, contacts):
    router.include_router(_part.router)
