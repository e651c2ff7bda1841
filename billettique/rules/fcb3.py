"""The ticket "FCB3" (UicRailTicketData 3.0.6): the tables of the documents we sell and check.

Of the norm's twelve documents two are here, `openTicket` and `pass`, whole; a code that holds another is not one of
ours to judge. Names are the norm's, so that a table can be read beside it. A record keeps every component of a foreign
ticket, those of later versions and others' extensions as octets: written again it is the same to the bit. What both
documents are made of is in `fcb3_parts`.
"""

from typing import Final

from billettique.rules.fcb3_parts import (
    BRANDS,
    CARD,
    CARRIERS,
    CLASS,
    CODE_TABLE_SAID,
    EXTENDED,
    FROM_TO,
    IA5,
    MINUTE,
    PASS_CARRIERS,
    PASSENGER,
    PRICE,
    PRODUCT,
    REFERENCE,
    REGIONS,
    RICS,
    TARIFFS,
    TRANSPORTS,
    VALIDITY,
)
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

_INCLUDED: Final = open_sequence(
    **PRODUCT,
    externalIssuerId=Optional(WHOLE),
    issuerAuthorizationId=Optional(WHOLE),
    **CODE_TABLE_SAID,
    validRegion=Optional(REGIONS),
    **VALIDITY,
    classCode=Optional(CLASS),
    serviceLevel=Optional(ia5(1, 2)),
    **CARRIERS,
    **BRANDS,
    tariffs=Optional(TARIFFS),
    infoText=Optional(UTF8),
    **TRANSPORTS,
    **EXTENDED,
)
_LUGGAGE: Final = open_sequence(
    maxHandLuggagePieces=Optional(integer(0, 99), 3),
    maxNonHandLuggagePieces=Optional(integer(0, 99), 1),
    registeredLuggage=Optional(
        sequence_of(
            open_sequence(
                registrationId=Optional(IA5),
                maxWeight=Optional(integer(1, 99)),
                maxSize=Optional(integer(1, 300)),
            )
        )
    ),
)
_OPEN_TICKET: Final = open_sequence(
    **REFERENCE,
    **PRODUCT,
    extIssuerId=Optional(WHOLE),
    issuerAuthorizationId=Optional(WHOLE),
    returnIncluded=BOOLEAN,
    **CODE_TABLE_SAID,
    **FROM_TO,
    validRegionDesc=Optional(UTF8),
    validRegion=Optional(REGIONS),
    returnDescription=Optional(
        open_sequence(
            **FROM_TO,
            validReturnRegionDesc=Optional(UTF8),
            validReturnRegion=Optional(REGIONS),
        )
    ),
    **VALIDITY,
    activatedDay=Optional(sequence_of(integer(0, 500))),
    classCode=Optional(CLASS, "second"),
    serviceLevel=Optional(ia5(1, 2)),
    **CARRIERS,
    **BRANDS,
    tariffs=Optional(TARIFFS),
    **PRICE,
    includedAddOns=Optional(sequence_of(_INCLUDED)),
    luggage=Optional(_LUGGAGE),
    **TRANSPORTS,
    **EXTENDED,
)
_PASS: Final = open_sequence(
    **REFERENCE,
    **PRODUCT,
    passType=Optional(integer(1, 250)),
    passDescription=Optional(UTF8),
    classCode=Optional(CLASS, "second"),
    **VALIDITY,
    validityPeriodDetails=Optional(
        sequence(
            validityPeriod=Optional(sequence_of(sequence(**VALIDITY))),
            excludedTimeRange=Optional(sequence_of(sequence(fromTime=MINUTE, untilTime=MINUTE))),
        )
    ),
    numberOfValidityDays=Optional(integer(0, 500)),
    trainValidity=Optional(
        open_sequence(
            **VALIDITY,
            **PASS_CARRIERS,
            **BRANDS,
            boardingOrArrival=Optional(enumerated("boarding", "arrival", extensible=True), "boarding"),
        )
    ),
    numberOfPossibleTrips=Optional(integer(1, 250)),
    numberOfDaysOfTravel=Optional(integer(1, 250)),
    activatedDay=Optional(sequence_of(integer(0, 500))),
    countries=Optional(sequence_of(integer(1, 250))),
    **PASS_CARRIERS,
    **BRANDS,
    validRegion=Optional(REGIONS),
    tariffs=Optional(TARIFFS),
    **PRICE,
    **EXTENDED,
)
_DOCUMENT: Final = open_sequence(
    token=Optional(
        sequence(
            tokenProviderNum=Optional(WHOLE),
            tokenProviderIA5=Optional(IA5),
            tokenSpecification=Optional(IA5),
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
    securityProviderNum=Optional(RICS),
    securityProviderIA5=Optional(IA5),
    issuerNum=Optional(RICS),
    issuerIA5=Optional(IA5),
    issuingYear=integer(2016, 2269),
    issuingDay=integer(1, 366),
    issuingTime=MINUTE,
    issuerName=Optional(UTF8),
    specimen=BOOLEAN,
    securePaperTicket=BOOLEAN,
    activated=BOOLEAN,
    currency=Optional(ia5(3, 3), "EUR"),
    currencyFract=Optional(integer(1, 3), 2),
    issuerPNR=Optional(IA5),
    **EXTENDED,
    issuedOnTrainNum=Optional(WHOLE),
    issuedOnTrainIA5=Optional(IA5),
    issuedOnLine=Optional(WHOLE),
    pointOfSale=Optional(GEO),
)
_TRAVELER: Final = open_sequence(
    firstName=Optional(UTF8),
    secondName=Optional(UTF8),
    lastName=Optional(UTF8),
    idCard=Optional(IA5),
    passportId=Optional(IA5),
    title=Optional(ia5(1, 3)),
    gender=Optional(enumerated("unspecified", "female", "male", "other", extensible=True)),
    customerIdIA5=Optional(IA5),
    customerIdNum=Optional(WHOLE),
    yearOfBirth=Optional(integer(1901, 2155)),
    monthOfBirth=Optional(integer(1, 12)),
    dayOfBirthInMonth=Optional(integer(1, 31)),
    ticketHolder=BOOLEAN,
    passengerType=Optional(PASSENGER),
    passengerWithReducedMobility=Optional(BOOLEAN),
    countryOfResidence=Optional(integer(1, 999)),
    countryOfPassport=Optional(integer(1, 999)),
    countryOfIdCard=Optional(integer(1, 999)),
    status=Optional(
        sequence_of(
            sequence(
                statusProviderNum=Optional(RICS),
                statusProviderIA5=Optional(IA5),
                customerStatus=Optional(WHOLE),
                customerStatusDescr=Optional(IA5),
            )
        )
    ),
)
_TICKET_LINK: Final = open_sequence(
    referenceIA5=Optional(IA5),
    referenceNum=Optional(WHOLE),
    issuerName=Optional(UTF8),
    issuerPNR=Optional(IA5),
    productOwnerNum=Optional(RICS),
    productOwnerIA5=Optional(IA5),
    ticketType=Optional(
        enumerated("openTicket", "pass", "reservation", "carCarriageReservation", extensible=True), "openTicket"
    ),
    linkMode=Optional(enumerated("issuedTogether", "onlyValidInCombination", extensible=True), "issuedTogether"),
)
_CONTROL: Final = open_sequence(
    identificationByCardReference=Optional(sequence_of(CARD)),
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
    **EXTENDED,
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
