"""What the documents of a ticket "FCB3" (UicRailTicketData 3.0.6) are made of: stations, validity, carriers, regions,
tariffs. The documents themselves, and what a ticket is around them, are in `fcb3`. Names are the norm's.
"""

from typing import Any, Final

from billettique.rules.fdc1 import EXTENSION, GEO
from billettique.rules.uper import (
    BOOLEAN,
    OCTETS,
    UTF8,
    WHOLE,
    Kind,
    Optional,
    choice,
    enumerated,
    ia5,
    integer,
    open_sequence,
    sequence,
    sequence_of,
)

RICS: Final = integer(1, 32000)
_RICS_LIST: Final = sequence_of(RICS)
_STATION: Final = integer(1, 9999999)
MINUTE: Final = integer(0, 1439)
_OFFSET: Final = integer(-60, 60)
IA5: Final = ia5()
_TRANSPORT: Final = sequence_of(integer(0, 31))
_CODE_TABLE: Final = enumerated(
    "stationUIC",
    "stationUICReservation",
    "stationERA",
    "localCarrierStationCodeTable",
    "proprietaryIssuerStationCodeTable",
)
CLASS: Final = enumerated(
    "notApplicable",
    "first",
    "second",
    "tourist",
    "comfort",
    "premium",
    "business",
    "all",
    "premiumFirst",
    "standardFirst",
    "premiumSecond",
    "standardSecond",
    extensible=True,
)
PASSENGER: Final = enumerated(
    "adult",
    "senior",
    "child",
    "youth",
    "dog",
    "bicycle",
    "freeAddonPassenger",
    "freeAddonChild",
    extensible=True,
)

_Components = dict[str, Kind | Optional]
REFERENCE: Final[_Components] = {"referenceNum": Optional(WHOLE), "referenceIA5": Optional(IA5)}
PRODUCT: Final[_Components] = {
    "productOwnerNum": Optional(RICS),
    "productOwnerIA5": Optional(IA5),
    "productIdNum": Optional(integer(0, 65535)),
    "productIdIA5": Optional(IA5),
}
CODE_TABLE_SAID: Final[_Components] = {"stationCodeTable": Optional(_CODE_TABLE, "stationUIC")}
FROM_TO: Final[_Components] = {
    "fromStationNum": Optional(_STATION),
    "fromStationIA5": Optional(IA5),
    "toStationNum": Optional(_STATION),
    "toStationIA5": Optional(IA5),
    "fromStationNameUTF8": Optional(UTF8),
    "toStationNameUTF8": Optional(UTF8),
}
_ENTRY_EXIT: Final[_Components] = {
    "entryStationNum": Optional(_STATION),
    "entryStationIA5": Optional(IA5),
    "terminatingStationNum": Optional(_STATION),
    "terminatingStationIA5": Optional(IA5),
    "city": Optional(WHOLE),
}
VALIDITY: Final[_Components] = {
    "validFromDay": Optional(integer(-367, 700), 0),
    "validFromTime": Optional(MINUTE),
    "validFromUTCOffset": Optional(_OFFSET),
    "validUntilDay": Optional(integer(-1, 500), 0),
    "validUntilTime": Optional(MINUTE),
    "validUntilUTCOffset": Optional(_OFFSET),
}
_CARRIER: Final[_Components] = {"carrierNum": Optional(RICS), "carrierIA5": Optional(IA5)}
CARRIERS: Final[_Components] = {"carrierNum": Optional(_RICS_LIST), "carrierIA5": Optional(sequence_of(IA5))}
PASS_CARRIERS: Final[_Components] = {
    "includedCarrierNum": Optional(_RICS_LIST),
    "includedCarrierIA5": Optional(sequence_of(IA5)),
    "excludedCarrierNum": Optional(_RICS_LIST),
    "excludedCarrierIA5": Optional(sequence_of(IA5)),
}
BRANDS: Final[_Components] = {
    "includedServiceBrands": Optional(_RICS_LIST),
    "excludedServiceBrands": Optional(_RICS_LIST),
}
TRANSPORTS: Final[_Components] = {
    "includedTransportType": Optional(_TRANSPORT),
    "excludedTransportType": Optional(_TRANSPORT),
}
PRICE: Final[_Components] = {
    "price": Optional(WHOLE),
    "vatDetail": Optional(
        sequence_of(
            sequence(
                country=integer(1, 999),
                percentage=integer(0, 999),
                amount=Optional(WHOLE),
                vatId=Optional(IA5),
            )
        )
    ),
    "infoText": Optional(UTF8),
}
EXTENDED: Final[_Components] = {"extension": Optional(EXTENSION)}

_VIA_LEVELS: Final = 4  # routes inside routes: the norm sets no bound, we do, so that no code is read for ever deeper


def _via_station(levels: int) -> Kind:
    within: Kind = sequence_of(_via_station(levels - 1)) if levels else _TOO_DEEP
    return open_sequence(
        **CODE_TABLE_SAID,
        stationNum=Optional(_STATION),
        stationIA5=Optional(IA5),
        alternativeRoutes=Optional(within),
        route=Optional(within),
        border=BOOLEAN,
        **CARRIERS,
        seriesId=Optional(WHOLE),
        routeId=Optional(WHOLE),
        **BRANDS,
    )


def _refuse(*_: object) -> Any:
    raise ValueError("routes inside routes, too deep")


_TOO_DEEP: Final = Kind(_refuse, _refuse)

REGIONS: Final = sequence_of(
    choice(
        trainLink=sequence(
            trainNum=Optional(WHOLE),
            trainIA5=Optional(IA5),
            travelDate=integer(-1, 500),
            departureTime=MINUTE,
            departureUTCOffset=Optional(_OFFSET),
            **FROM_TO,
        ),
        viaStations=_via_station(_VIA_LEVELS),
        zones=open_sequence(
            **_CARRIER,
            **CODE_TABLE_SAID,
            **_ENTRY_EXIT,
            zoneId=Optional(sequence_of(WHOLE)),
            binaryZoneId=Optional(OCTETS),
            nutsCode=Optional(IA5),
        ),
        lines=open_sequence(
            **_CARRIER,
            lineId=Optional(sequence_of(WHOLE)),
            **CODE_TABLE_SAID,
            **_ENTRY_EXIT,
        ),
        polygone=sequence(firstEdge=GEO, edges=sequence_of(sequence(longitude=WHOLE, latitude=WHOLE))),
    )
)
CARD: Final = open_sequence(
    cardIssuerNum=Optional(RICS),
    cardIssuerIA5=Optional(IA5),
    cardIdNum=Optional(WHOLE),
    cardIdIA5=Optional(IA5),
    cardName=Optional(UTF8),
    cardType=Optional(WHOLE),
    leadingCardIdNum=Optional(WHOLE),
    leadingCardIdIA5=Optional(IA5),
    trailingCardIdNum=Optional(WHOLE),
    trailingCardIdIA5=Optional(IA5),
)
TARIFFS: Final = sequence_of(
    open_sequence(
        numberOfPassengers=Optional(integer(1, 200), 1),
        passengerType=Optional(PASSENGER),
        ageBelow=Optional(integer(1, 64)),
        ageAbove=Optional(integer(1, 128)),
        travelerid=Optional(sequence_of(integer(1, 254))),
        restrictedToCountryOfResidence=BOOLEAN,
        restrictedToRouteSection=Optional(sequence(**CODE_TABLE_SAID, **FROM_TO)),
        seriesDataDetails=Optional(
            sequence(
                supplyingCarrier=Optional(RICS),
                offerIdentification=Optional(integer(1, 99)),
                series=Optional(WHOLE),
            )
        ),
        tariffIdNum=Optional(WHOLE),
        tariffIdIA5=Optional(IA5),
        tariffDesc=Optional(UTF8),
        reductionCard=Optional(sequence_of(CARD)),
    )
)
