"""The ticket "FCB3" (UicRailTicketData 3.0.6): the tables of the documents we sell and check.

Of the norm's twelve documents two are here, `openTicket` and `pass`, whole; a code that holds another is not one of
ours to judge. Names are the norm's, so that a table can be read beside it. A record keeps every component of a foreign
ticket, those of later versions and others' extensions as octets: written again it is the same to the bit.
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

FORMAT: Final = "FCB3"

# ---------------------------------------------------------------- the tables

_RICS: Final = integer(1, 32000)
_RICS_LIST: Final = sequence_of(_RICS)
_STATION: Final = integer(1, 9999999)
_MINUTE: Final = integer(0, 1439)
_OFFSET: Final = integer(-60, 60)
_IA5: Final = ia5()
_TRANSPORT: Final = sequence_of(integer(0, 31))
_CODE_TABLE: Final = enumerated(
    "stationUIC",
    "stationUICReservation",
    "stationERA",
    "localCarrierStationCodeTable",
    "proprietaryIssuerStationCodeTable",
)
_CLASS: Final = enumerated(
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
_PASSENGER: Final = enumerated(
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
_REFERENCE: Final[_Components] = {"referenceNum": Optional(WHOLE), "referenceIA5": Optional(_IA5)}
_PRODUCT: Final[_Components] = {
    "productOwnerNum": Optional(_RICS),
    "productOwnerIA5": Optional(_IA5),
    "productIdNum": Optional(integer(0, 65535)),
    "productIdIA5": Optional(_IA5),
}
_CODE_TABLE_SAID: Final[_Components] = {"stationCodeTable": Optional(_CODE_TABLE, "stationUIC")}
_FROM_TO: Final[_Components] = {
    "fromStationNum": Optional(_STATION),
    "fromStationIA5": Optional(_IA5),
    "toStationNum": Optional(_STATION),
    "toStationIA5": Optional(_IA5),
    "fromStationNameUTF8": Optional(UTF8),
    "toStationNameUTF8": Optional(UTF8),
}
_ENTRY_EXIT: Final[_Components] = {
    "entryStationNum": Optional(_STATION),
    "entryStationIA5": Optional(_IA5),
    "terminatingStationNum": Optional(_STATION),
    "terminatingStationIA5": Optional(_IA5),
    "city": Optional(WHOLE),
}
_VALIDITY: Final[_Components] = {
    "validFromDay": Optional(integer(-367, 700), 0),
    "validFromTime": Optional(_MINUTE),
    "validFromUTCOffset": Optional(_OFFSET),
    "validUntilDay": Optional(integer(-1, 500), 0),
    "validUntilTime": Optional(_MINUTE),
    "validUntilUTCOffset": Optional(_OFFSET),
}
_CARRIER: Final[_Components] = {"carrierNum": Optional(_RICS), "carrierIA5": Optional(_IA5)}
_CARRIERS: Final[_Components] = {"carrierNum": Optional(_RICS_LIST), "carrierIA5": Optional(sequence_of(_IA5))}
_PASS_CARRIERS: Final[_Components] = {
    "includedCarrierNum": Optional(_RICS_LIST),
    "includedCarrierIA5": Optional(sequence_of(_IA5)),
    "excludedCarrierNum": Optional(_RICS_LIST),
    "excludedCarrierIA5": Optional(sequence_of(_IA5)),
}
_BRANDS: Final[_Components] = {
    "includedServiceBrands": Optional(_RICS_LIST),
    "excludedServiceBrands": Optional(_RICS_LIST),
}
_TRANSPORTS: Final[_Components] = {
    "includedTransportType": Optional(_TRANSPORT),
    "excludedTransportType": Optional(_TRANSPORT),
}
_PRICE: Final[_Components] = {
    "price": Optional(WHOLE),
    "vatDetail": Optional(
        sequence_of(
            sequence(
                country=integer(1, 999),
                percentage=integer(0, 999),
                amount=Optional(WHOLE),
                vatId=Optional(_IA5),
            )
        )
    ),
    "infoText": Optional(UTF8),
}
_EXTENDED: Final[_Components] = {"extension": Optional(EXTENSION)}

_VIA_LEVELS: Final = 4  # routes inside routes: the norm sets no bound, we do, so that no code is read for ever deeper


def _via_station(levels: int) -> Kind:
    within: Kind = sequence_of(_via_station(levels - 1)) if levels else _TOO_DEEP
    return open_sequence(
        **_CODE_TABLE_SAID,
        stationNum=Optional(_STATION),
        stationIA5=Optional(_IA5),
        alternativeRoutes=Optional(within),
        route=Optional(within),
        border=BOOLEAN,
        **_CARRIERS,
        seriesId=Optional(WHOLE),
        routeId=Optional(WHOLE),
        **_BRANDS,
    )


def _refuse(*_: object) -> Any:
    raise ValueError("routes inside routes, too deep")


_TOO_DEEP: Final = Kind(_refuse, _refuse)

_REGIONS: Final = sequence_of(
    choice(
        trainLink=sequence(
            trainNum=Optional(WHOLE),
            trainIA5=Optional(_IA5),
            travelDate=integer(-1, 500),
            departureTime=_MINUTE,
            departureUTCOffset=Optional(_OFFSET),
            **_FROM_TO,
        ),
        viaStations=_via_station(_VIA_LEVELS),
        zones=open_sequence(
            **_CARRIER,
            **_CODE_TABLE_SAID,
            **_ENTRY_EXIT,
            zoneId=Optional(sequence_of(WHOLE)),
            binaryZoneId=Optional(OCTETS),
            nutsCode=Optional(_IA5),
        ),
        lines=open_sequence(
            **_CARRIER,
            lineId=Optional(sequence_of(WHOLE)),
            **_CODE_TABLE_SAID,
            **_ENTRY_EXIT,
        ),
        polygone=sequence(firstEdge=GEO, edges=sequence_of(sequence(longitude=WHOLE, latitude=WHOLE))),
    )
)
_CARD: Final = open_sequence(
    cardIssuerNum=Optional(_RICS),
    cardIssuerIA5=Optional(_IA5),
    cardIdNum=Optional(WHOLE),
    cardIdIA5=Optional(_IA5),
    cardName=Optional(UTF8),
    cardType=Optional(WHOLE),
    leadingCardIdNum=Optional(WHOLE),
    leadingCardIdIA5=Optional(_IA5),
    trailingCardIdNum=Optional(WHOLE),
    trailingCardIdIA5=Optional(_IA5),
)
_TARIFFS: Final = sequence_of(
    open_sequence(
        numberOfPassengers=Optional(integer(1, 200), 1),
        passengerType=Optional(_PASSENGER),
        ageBelow=Optional(integer(1, 64)),
        ageAbove=Optional(integer(1, 128)),
        travelerid=Optional(sequence_of(integer(1, 254))),
        restrictedToCountryOfResidence=BOOLEAN,
        restrictedToRouteSection=Optional(sequence(**_CODE_TABLE_SAID, **_FROM_TO)),
        seriesDataDetails=Optional(
            sequence(
                supplyingCarrier=Optional(_RICS),
                offerIdentification=Optional(integer(1, 99)),
                series=Optional(WHOLE),
            )
        ),
        tariffIdNum=Optional(WHOLE),
        tariffIdIA5=Optional(_IA5),
        tariffDesc=Optional(UTF8),
        reductionCard=Optional(sequence_of(_CARD)),
    )
)
_INCLUDED: Final = open_sequence(
    **_PRODUCT,
    externalIssuerId=Optional(WHOLE),
    issuerAuthorizationId=Optional(WHOLE),
    **_CODE_TABLE_SAID,
    validRegion=Optional(_REGIONS),
    **_VALIDITY,
    classCode=Optional(_CLASS),
    serviceLevel=Optional(ia5(1, 2)),
    **_CARRIERS,
    **_BRANDS,
    tariffs=Optional(_TARIFFS),
    infoText=Optional(UTF8),
    **_TRANSPORTS,
    **_EXTENDED,
)
_LUGGAGE: Final = open_sequence(
    maxHandLuggagePieces=Optional(integer(0, 99), 3),
    maxNonHandLuggagePieces=Optional(integer(0, 99), 1),
    registeredLuggage=Optional(
        sequence_of(
            open_sequence(
                registrationId=Optional(_IA5),
                maxWeight=Optional(integer(1, 99)),
                maxSize=Optional(integer(1, 300)),
            )
        )
    ),
)
_OPEN_TICKET: Final = open_sequence(
    **_REFERENCE,
    **_PRODUCT,
    extIssuerId=Optional(WHOLE),
    issuerAuthorizationId=Optional(WHOLE),
    returnIncluded=BOOLEAN,
    **_CODE_TABLE_SAID,
    **_FROM_TO,
    validRegionDesc=Optional(UTF8),
    validRegion=Optional(_REGIONS),
    returnDescription=Optional(
        open_sequence(
            **_FROM_TO,
            validReturnRegionDesc=Optional(UTF8),
            validReturnRegion=Optional(_REGIONS),
        )
    ),
    **_VALIDITY,
    activatedDay=Optional(sequence_of(integer(0, 500))),
    classCode=Optional(_CLASS, "second"),
    serviceLevel=Optional(ia5(1, 2)),
    **_CARRIERS,
    **_BRANDS,
    tariffs=Optional(_TARIFFS),
    **_PRICE,
    includedAddOns=Optional(sequence_of(_INCLUDED)),
    luggage=Optional(_LUGGAGE),
    **_TRANSPORTS,
    **_EXTENDED,
)
_PASS: Final = open_sequence(
    **_REFERENCE,
    **_PRODUCT,
    passType=Optional(integer(1, 250)),
    passDescription=Optional(UTF8),
    classCode=Optional(_CLASS, "second"),
    **_VALIDITY,
    validityPeriodDetails=Optional(
        sequence(
            validityPeriod=Optional(sequence_of(sequence(**_VALIDITY))),
            excludedTimeRange=Optional(sequence_of(sequence(fromTime=_MINUTE, untilTime=_MINUTE))),
        )
    ),
    numberOfValidityDays=Optional(integer(0, 500)),
    trainValidity=Optional(
        open_sequence(
            **_VALIDITY,
            **_PASS_CARRIERS,
            **_BRANDS,
            boardingOrArrival=Optional(enumerated("boarding", "arrival", extensible=True), "boarding"),
        )
    ),
    numberOfPossibleTrips=Optional(integer(1, 250)),
    numberOfDaysOfTravel=Optional(integer(1, 250)),
    activatedDay=Optional(sequence_of(integer(0, 500))),
    countries=Optional(sequence_of(integer(1, 250))),
    **_PASS_CARRIERS,
    **_BRANDS,
    validRegion=Optional(_REGIONS),
    tariffs=Optional(_TARIFFS),
    **_PRICE,
    **_EXTENDED,
)
_DOCUMENT: Final = open_sequence(
    token=Optional(
        sequence(
            tokenProviderNum=Optional(WHOLE),
            tokenProviderIA5=Optional(_IA5),
            tokenSpecification=Optional(_IA5),
            token=OCTETS,
        )
    ),
    ticket=choice(
        reservation=None,
        carCarriageReservation=None,
        openTicket=_OPEN_TICKET,
        **{"pass": _PASS},
        voucher=None,
        customerCard=None,
        counterMark=None,
        parkingGround=None,
        fipTicket=None,
        stationPassage=None,
        extension=None,
        delayConfirmation=None,
    ),
)
_ISSUING: Final = open_sequence(
    securityProviderNum=Optional(_RICS),
    securityProviderIA5=Optional(_IA5),
    issuerNum=Optional(_RICS),
    issuerIA5=Optional(_IA5),
    issuingYear=integer(2016, 2269),
    issuingDay=integer(1, 366),
    issuingTime=_MINUTE,
    issuerName=Optional(UTF8),
    specimen=BOOLEAN,
    securePaperTicket=BOOLEAN,
    activated=BOOLEAN,
    currency=Optional(ia5(3, 3), "EUR"),
    currencyFract=Optional(integer(1, 3), 2),
    issuerPNR=Optional(_IA5),
    **_EXTENDED,
    issuedOnTrainNum=Optional(WHOLE),
    issuedOnTrainIA5=Optional(_IA5),
    issuedOnLine=Optional(WHOLE),
    pointOfSale=Optional(GEO),
)
_TRAVELER: Final = open_sequence(
    firstName=Optional(UTF8),
    secondName=Optional(UTF8),
    lastName=Optional(UTF8),
    idCard=Optional(_IA5),
    passportId=Optional(_IA5),
    title=Optional(ia5(1, 3)),
    gender=Optional(enumerated("unspecified", "female", "male", "other", extensible=True)),
    customerIdIA5=Optional(_IA5),
    customerIdNum=Optional(WHOLE),
    yearOfBirth=Optional(integer(1901, 2155)),
    monthOfBirth=Optional(integer(1, 12)),
    dayOfBirthInMonth=Optional(integer(1, 31)),
    ticketHolder=BOOLEAN,
    passengerType=Optional(_PASSENGER),
    passengerWithReducedMobility=Optional(BOOLEAN),
    countryOfResidence=Optional(integer(1, 999)),
    countryOfPassport=Optional(integer(1, 999)),
    countryOfIdCard=Optional(integer(1, 999)),
    status=Optional(
        sequence_of(
            sequence(
                statusProviderNum=Optional(_RICS),
                statusProviderIA5=Optional(_IA5),
                customerStatus=Optional(WHOLE),
                customerStatusDescr=Optional(_IA5),
            )
        )
    ),
)
_TICKET_LINK: Final = open_sequence(
    referenceIA5=Optional(_IA5),
    referenceNum=Optional(WHOLE),
    issuerName=Optional(UTF8),
    issuerPNR=Optional(_IA5),
    productOwnerNum=Optional(_RICS),
    productOwnerIA5=Optional(_IA5),
    ticketType=Optional(
        enumerated("openTicket", "pass", "reservation", "carCarriageReservation", extensible=True), "openTicket"
    ),
    linkMode=Optional(enumerated("issuedTogether", "onlyValidInCombination", extensible=True), "issuedTogether"),
)
_CONTROL: Final = open_sequence(
    identificationByCardReference=Optional(sequence_of(_CARD)),
    identificationByIdCard=BOOLEAN,
    identificationByPassportId=BOOLEAN,
    identificationItem=Optional(WHOLE),
    passportValidationRequired=BOOLEAN,
    onlineValidationRequired=BOOLEAN,
    randomDetailedValidationRequired=Optional(integer(0, 99)),
    ageCheckRequired=BOOLEAN,
    reductionCardCheckRequired=BOOLEAN,
    infoText=Optional(UTF8),
    includedTickets=Optional(sequence_of(_TICKET_LINK)),
    **_EXTENDED,
)
TICKET: Final[Kind] = open_sequence(
    issuingDetail=_ISSUING,
    travelerDetail=Optional(
        open_sequence(
            traveler=Optional(sequence_of(_TRAVELER)),
            preferredLanguage=Optional(ia5(2, 2)),
            groupName=Optional(UTF8),
        )
    ),
    transportDocument=Optional(sequence_of(_DOCUMENT)),
    controlDetail=Optional(_CONTROL),
    extension=Optional(sequence_of(EXTENSION)),
)
