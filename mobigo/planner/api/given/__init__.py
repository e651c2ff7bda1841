"""What each operation gives back, as models: they describe it in the OpenAPI document. The views build dictionaries."""

from datetime import datetime

from pydantic import AwareDatetime, Field

from mobigo.planner.api.given.base import Endpoint, Given, Reason
from mobigo.planner.api.given.traced import Trace
from mobigo.planner.api.given.ways import Carpool, Journey, OnDemand, PlannedJourney, Shown


class Journeys(Given):
    """The useful journeys, best first; without any, `remarks` says why and `next_at` when the next one is.
    `on_demand`: by a service that must be booked, and can be now; `on_demand_missed`: those whose cut-off has passed,
    and what can be done. `cancelled`: what the timetable promises and does not run today; `realtime`: how old what is
    known is."""

    origin: Endpoint = Field(alias="from")
    destination: Endpoint = Field(alias="to")
    at: datetime
    arrive_by: bool
    network: str
    journeys: list[Journey]
    carpool: list[Carpool]
    no_carpool: Reason | None = Field(description="Why there is no way along a carpool line, where there are lines.")
    on_demand: list[OnDemand]
    on_demand_missed: list[Reason]
    beaten: list[Reason] = Field(description="Which lines and services go there too, and win nothing.")
    order: list[Shown] = Field(description="All the ways in one list, as a page shows them.")
    cancelled: list[PlannedJourney]
    realtime: Reason | None
    remarks: list[Reason]
    earlier_at: AwareDatetime | None
    later_at: AwareDatetime | None
    next_at: AwareDatetime | None
    trace: Trace | None = Field(description="With `explain=true` alone.")
