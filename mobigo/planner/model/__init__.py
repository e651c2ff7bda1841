"""What a traveller asks and what they are answered, as values. Stops and lines are rows of the timetable the answer was
made with.

questions   from where to where, when, how one moves and what one accepts
reaches     between doors and stops: what is within reach
journeys    rides and walks, in order
prices      who pays, and what; `Fares`, filled by billettique
carpools    ways along carpool lines; `CarpoolLines`, filled by covoit
on_demand   ways by services that one books; `OnDemand`, filled by mobigo.tad
answers     all of it together, with what must be said
"""

from mobigo.planner.model.answers import Answer, Emission, LegEmission
from mobigo.planner.model.carpools import CarpoolAtPlace, CarpoolHop, CarpoolLines, CarpoolWay
from mobigo.planner.model.journeys import Direction, Journey, Leg, Ride, Spot, Visit, Walk, WalkedWay
from mobigo.planner.model.on_demand import OnDemand, OnDemandFound, OnDemandWay
from mobigo.planner.model.prices import ANYBODY, FareKinds, Fares, Payer, Price, PriceLine
from mobigo.planner.model.questions import By, Endpoint, Limits, Own, Pace, Preset, Query
from mobigo.planner.model.reaches import AccessEgress, Reach, Reachable

__all__ = [
    "ANYBODY",
    "AccessEgress",
    "Answer",
    "By",
    "CarpoolAtPlace",
    "CarpoolHop",
    "CarpoolLines",
    "CarpoolWay",
    "Direction",
    "Emission",
    "Endpoint",
    "FareKinds",
    "Fares",
    "Journey",
    "Leg",
    "LegEmission",
    "Limits",
    "OnDemand",
    "OnDemandFound",
    "OnDemandWay",
    "Own",
    "Pace",
    "Payer",
    "Preset",
    "Price",
    "PriceLine",
    "Query",
    "Reach",
    "Reachable",
    "Ride",
    "Spot",
    "Visit",
    "Walk",
    "WalkedWay",
]
