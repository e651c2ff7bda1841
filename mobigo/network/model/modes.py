"""The modes of GTFS (route_type, basic and extended) and those of NeTEx, one for one where both have the word.

Source: GTFS Schedule reference, routes.txt; extended types of Google Transit; NeTEx `AllVehicleModesOfTransport` and
its submodes (netex_submode_version.xsd).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mode:
    """A mode of NeTEx, and its submode where GTFS tells one: the element that holds it and its value."""

    name: str
    submode: tuple[str, str] | None = None


_BASIC: Final = {
    0: "tram", 1: "metro", 2: "rail", 3: "bus", 4: "water", 6: "cableway", 7: "funicular", 11: "trolleyBus",
}  # fmt: skip
_SAME: Final = {5: 0, 12: 2}  # cable tram; monorail
_HUNDREDS: Final = {
    1: 2, 2: 3, 4: 1, 7: 3, 8: 11, 9: 0, 10: 4, 12: 4, 13: 6, 14: 7,
}  # fmt: skip
_SUBMODES: Final = {
    101: ("rail", "RailSubmode", "highSpeedRail"),
    102: ("rail", "RailSubmode", "longDistance"),
    103: ("rail", "RailSubmode", "interregionalRail"),
    104: ("rail", "RailSubmode", "carTransportRailService"),
    105: ("rail", "RailSubmode", "sleeperRailService"),
    106: ("rail", "RailSubmode", "regionalRail"),
    107: ("rail", "RailSubmode", "touristRailway"),
    108: ("rail", "RailSubmode", "railShuttle"),
    109: ("rail", "RailSubmode", "suburbanRailway"),
    110: ("rail", "RailSubmode", "replacementRailService"),
    111: ("rail", "RailSubmode", "specialTrain"),
    116: ("rail", "RailSubmode", "rackAndPinionRailway"),
    200: ("coach", "", ""),
    201: ("coach", "CoachSubmode", "internationalCoach"),
    202: ("coach", "CoachSubmode", "nationalCoach"),
    203: ("coach", "CoachSubmode", "shuttleCoach"),
    204: ("coach", "CoachSubmode", "regionalCoach"),
    205: ("coach", "CoachSubmode", "specialCoach"),
    206: ("coach", "CoachSubmode", "sightseeingCoach"),
    207: ("coach", "CoachSubmode", "touristCoach"),
    208: ("coach", "CoachSubmode", "commuterCoach"),
    701: ("bus", "BusSubmode", "regionalBus"),
    702: ("bus", "BusSubmode", "expressBus"),
    704: ("bus", "BusSubmode", "localBus"),
    705: ("bus", "BusSubmode", "nightBus"),
    706: ("bus", "BusSubmode", "postBus"),
    707: ("bus", "BusSubmode", "specialNeedsBus"),
    708: ("bus", "BusSubmode", "mobilityBus"),
    709: ("bus", "BusSubmode", "mobilityBusForRegisteredDisabled"),
    710: ("bus", "BusSubmode", "sightseeingBus"),
    711: ("bus", "BusSubmode", "shuttleBus"),
    712: ("bus", "BusSubmode", "schoolBus"),
    713: ("bus", "BusSubmode", "schoolAndPublicServiceBus"),
    714: ("bus", "BusSubmode", "railReplacementBus"),
    715: ("bus", "BusSubmode", "demandAndResponseBus"),
    901: ("tram", "TramSubmode", "cityTram"),
    902: ("tram", "TramSubmode", "localTram"),
    903: ("tram", "TramSubmode", "regionalTram"),
    904: ("tram", "TramSubmode", "sightseeingTram"),
    905: ("tram", "TramSubmode", "shuttleTram"),
    1301: ("cableway", "TelecabinSubmode", "telecabin"),
    1302: ("cableway", "TelecabinSubmode", "cableCar"),
    1303: ("cableway", "TelecabinSubmode", "lift"),
    1304: ("cableway", "TelecabinSubmode", "chairLift"),
    1305: ("cableway", "TelecabinSubmode", "dragLift"),
}
_OTHER: Final = {11: "air", 15: "taxi"}  # by hundreds, where no basic type says it


def basic_type(route_type: int) -> int | None:
    """The basic type (0–12) of a basic or extended one; None for one that has none or is unknown."""
    if route_type in _BASIC:
        return route_type
    return _SAME.get(route_type) if route_type < 100 else _HUNDREDS.get(route_type // 100)


def mode_of(route_type: int) -> Mode:
    """The mode of NeTEx; "other" for a type that the reference does not know."""
    if route_type in _SUBMODES:
        name, element, value = _SUBMODES[route_type]
        return Mode(name, (element, value) if element else None)
    basic = basic_type(route_type)
    return Mode(_BASIC[basic] if basic is not None else _OTHER.get(route_type // 100, "other"))


_TYPES: Final = {mode_of(route_type): route_type for route_type in (*_SUBMODES, *_BASIC)}
_PLAIN: Final = {"coach": 200, "ferry": 4, "air": 1100, "taxi": 1500}


def route_type_of(mode: Mode) -> int | None:
    """The GTFS type that `mode_of` would read so, the basic one where several are; None where there is none."""
    if mode in _TYPES:
        return _TYPES[mode]
    plain = Mode(mode.name)
    return _TYPES.get(plain, _PLAIN.get(mode.name))
