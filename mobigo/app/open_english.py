"""What each dataset says of itself in English, for catalogues that are read across borders; the French is in its
declaration."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from opendata.model.datasets import Declaration, Said
from opendata.model.offers import Offer

_TIMETABLES: Final = "horaires-"
_PRIVATE: Final = (
    " Small numbers are left out, and no subtraction gives them back: the proof is computed before release."
)
ENGLISH: Final[Mapping[str, Said]] = {
    "offre-regionale": Said(
        "Regional offer: every network in one GTFS",
        "Stops, lines, trips, calendars, transfers, fares, on-demand transport: the GTFS tables of every network that "
        "the Region publishes, put together. Each id stands behind its network's name (“cars:127”) and stays the same "
        "from one week to the next. The address “next” gives the offer from the first day on which a network changes.",
        "For a journey planner or a study that wants the whole region at once, at an address that stays.",
        ("public transport", "timetables", "stops", "GTFS", "region", "multimodal"),
    ),
    "billettique-tarifs": Said(
        "Fares of the regional networks",
        "The prices in force, by product, category of traveller and medium, with the source of each version. The whole "
        "rules are in the GTFS (Fares v2).",
        "To show a right price in an application, compare fares, follow how they change.",
        ("fares", "tickets", "passes", "GTFS-Fares v2"),
    ),
    "billettique-points-de-vente": Said(
        "Points of sale",
        "Counters, retailers and machines: where to buy a ticket, in cash or not.",
        "To tell a traveller where to buy a ticket nearby, and whether cash is taken.",
        ("points of sale", "counters", "accessibility"),
    ),
    "billettique-validations": Said(
        "Validations",
        "Tickets validated, by day and line; by month and stop, part of the day or family of tickets." + _PRIVATE,
        "To know how lines and stops are used.",
        ("ridership", "validations", "lines", "stops"),
    ),
    "billettique-trajets": Said(
        "Journeys inferred, month by month",
        "Origins and destinations, inferred from the validations of one day one after the other; no ticket is followed."
        + _PRIVATE,
        "To know how people move between the places of the network.",
        ("origins and destinations", "journeys"),
    ),
    "billettique-ventes": Said(
        "Sales by month, product and channel",
        "Tickets sold and amounts paid, tax included." + _PRIVATE,
        "To follow sales by product and channel.",
        ("sales", "tickets"),
    ),
    "covoit-lieux": Said(
        "Stops of the carpool lines",
        "Where one gets in and out on the Region's carpool lines, in the national schema of carpool places.",
        "For maps and applications that show where to carpool without booking.",
        ("carpooling", "places", "carpool lines"),
    ),
    "covoit-lignes": Said(
        "Carpool lines",
        "The Region's carpool lines, their stops and their hours, as GTFS: at each stop and each way, the hours in "
        "which drivers are expected and, as headway, the longest wait that the Region guarantees (frequencies.txt, "
        "exact_times 0). It is no timetable: no driver's trip is in it, neither usual nor offered. Waits observed, "
        "which come from people, are not in it either. A line without public hours has only its stops.",
        "For journey planners and maps that show where and when to get in without booking.",
        ("carpooling", "carpool lines", "stops", "GTFS", "frequencies"),
    ),
    "covoit-trajets": Said(
        "Carpool journeys",
        "Each certified journey of a month, in the columns of the national registry of carpool proof; times to ten "
        "minutes, positions cut, rare places left out.",
        "To compare with the national registry's data, and to study distances, hours and places of carpooling.",
        ("carpooling", "journeys", "national registry of carpool proof"),
    ),
    "covoit-lignes-mois": Said(
        "Carpool lines, month by month",
        "For each line and direction: journeys, passengers, drivers, kilometres, subsidies and fares." + _PRIVATE,
        "To follow how carpool lines are used and what they cost.",
        ("carpooling", "lines", "ridership"),
    ),
    "covoit-aides": Said(
        "Carpool subsidies, month by month",
        "For each scale: trips subsidised, passengers, kilometres, amounts." + _PRIVATE,
        "To follow the public money given to carpooling, scale by scale.",
        ("carpooling", "subsidies"),
    ),
    "covoit-subventions": Said(
        "Subsidies to legal persons",
        "Sums paid to operators, employers and authorities for carpooling, in the national schema of subsidies; never "
        "to a driver.",
        "To know to whom public money goes, and for what.",
        ("subsidies", "essential data", "SCDL"),
    ),
    "perturbations-temps-reel": Said(
        "Disruptions in real time",
        "The disruptions that the Region writes: what, where, from when to when, in French and, once translated, in "
        "English. It is a feed: it tells the state of the moment, has no versions, is not archived. Only the list of "
        "its addresses is versioned. Lines and stops have the ids of the regional offer; a place is told by each of "
        "its stops. Neither delays nor positions; what operators say is not in it.",
        "To warn travellers in an application, on a screen, or in a journey planner.",
        ("disruptions", "realtime", "GTFS-RT", "SIRI", "alerts"),
    ),
    "passages-temps-reel": Said(
        "Next departures in real time",
        "Trips under way and of the coming hour, call by call: the hour planned, the hour expected where it is known, "
        "trips cancelled or added (SIRI-ET). For a stop, ask /siri/2.0/stop-monitoring.json?MonitoringRef=… (SIRI-SM); "
        "for a line, add LineRef=…; each address answers as .json (SIRI Lite) and as .xml. Ids are those of the "
        "regional offer. Coaches that their driver follows are there as GTFS-RT too, with nothing of who drives. It is "
        "a feed: it has no versions, is not archived; only the list of its addresses is "
        "versioned.",
        "To show next departures in an application or on a screen.",
        ("realtime", "next departures", "SIRI", "SIRI Lite", "delays"),
    ),
    "covoit-arrets-temps-reel": Said(
        "Stops of the carpool lines in real time",
        "The stops of the carpool lines as GBFS: where one waits, at what hours drivers are expected, and whether they "
        "are now (is_renting). No car is parked at a stop: the number of vehicles available is always nought. How many "
        "cars come, and which, is not in it: it would tell what somebody does every morning. It is a feed: it has no "
        "versions, is not archived; only the list of its addresses is versioned.",
        "For maps and journey planners that show where to carpool without booking.",
        ("carpooling", "carpool lines", "stops", "GBFS"),
    ),
    "transport-a-la-demande": Said(
        "On-demand transport",
        "The Region's on-demand services as GTFS-Flex: stops and zones served, hours, booking rules with their "
        "telephone and their page. No booking is in it, nor any round.",
        "To offer these services in a journey planner, with the last moment to book.",
        ("on-demand transport", "DRT", "GTFS-Flex", "booking"),
    ),
    "transport-a-la-demande-temps-reel": Said(
        "On-demand transport in real time",
        "The rounds of today of the on-demand vehicles: when they are expected at the stops, and the stop last served. "
        "It is a feed: it has no versions, is not archived; only the list of its addresses is versioned. No home, "
        "traveller, driver or vehicle that could be recognised is in it: who is fetched or set down at a door is not "
        "told, a position is that of a stop.",
        "To say when an on-demand vehicle comes, in an application or on a screen.",
        ("on-demand transport", "realtime", "GTFS-RT", "positions"),
    ),
    "scolaire-circuits": Said(
        "School circuits",
        "The circuits in force: schools, operators, places, pupils by bands, and a simplified map." + _PRIVATE,
        "To know the school network, its operators and its capacity, without learning anything of a pupil.",
        ("school transport", "circuits", "schools", "ridership"),
    ),
    "scolaire-lignes": Said(
        "School lines open to all",
        "The school services that any traveller may take: times to the minute, school days. A stop that fewer than "
        "eleven pupils take, and that is no stop of the network, is not there.",
        "To show travellers the coaches of school days, where there is often no other line.",
        ("school transport", "timetables", "school lines", "GTFS"),
    ),
}


def in_english(offer: Offer) -> Offer:
    """The offer, its declaration with what it says in English."""
    return replace(offer, declared=replace(offer.declared, english=_said(offer.declared)))


def _said(declared: Declaration) -> Said | None:
    if not declared.code.startswith(_TIMETABLES):
        return ENGLISH.get(declared.code)
    network = declared.title.partition(":")[2].strip()
    return Said(
        f"Timetables: {network}",
        f"Stops, lines, trips and calendars of the network {network}, as they run: the offer that Mobigo shows to "
        "travellers, table by table, nothing taken out.",
        "For journey planners, mobility applications and studies of the transport offer.",
        ("public transport", "timetables", "stops", "GTFS", "NeTEx", "accessibility"),
    )
