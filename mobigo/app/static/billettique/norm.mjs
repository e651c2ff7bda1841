// The tables of the norm, as `billettique.rules.fcb3`, `fdc1` and `u2` have them: the ticket "FCB3", the telephone's
// stamp "FDC1", the header "U2". Names are the norm's. A test compares every verdict with the one of those rules.

import {
  Malformed, boolean, choice, decode, enumerated, ia5, integer, octets, openSequence, optional, sequence, sequenceOf,
  utf8, whole,
} from "./uper.mjs";

const text = ia5();
const opt = optional;

// ---------------------------------------------------------------- the stamp

const extension = sequence({ extensionId: text, extensionData: octets });
const geoUnit = enumerated(["microDegree", "tenthmilliDegree", "milliDegree", "centiDegree", "deciDegree"]);
const geo = sequence({
  geoUnit: opt(geoUnit, "milliDegree"),
  coordinateSystem: opt(enumerated(["wgs84", "grs80"]), "wgs84"),
  hemisphereLongitude: opt(enumerated(["east", "west"]), "east"),
  hemisphereLatitude: opt(enumerated(["north", "south"]), "north"),
  longitude: whole,
  latitude: whole,
  accuracy: opt(geoUnit),
});
export const DYNAMIC = openSequence({
  dynamicContentMobileAppId: opt(text),
  dynamicContentTimeStamp: opt(sequence({ day: integer(1, 366), time: integer(0, 86399) })),
  dynamicContentGeoCoordinate: opt(geo),
  dynamicContentResponseToChallenge: opt(sequenceOf(extension)),
  dynamicContentExtension: opt(extension),
});

// ---------------------------------------------------------------- the ticket

const rics = integer(1, 32000);
const ricsList = sequenceOf(rics);
const stationNumber = integer(1, 9999999);
const minute = integer(0, 1439);
const offset = integer(-60, 60);
const transport = sequenceOf(integer(0, 31));
const codeTable = enumerated([
  "stationUIC", "stationUICReservation", "stationERA", "localCarrierStationCodeTable", "proprietaryIssuerStationCodeTable",
]);
const travelClass = enumerated([
  "notApplicable", "first", "second", "tourist", "comfort", "premium", "business", "all", "premiumFirst", "standardFirst",
  "premiumSecond", "standardSecond",
], true);
const passengerType = enumerated([
  "adult", "senior", "child", "youth", "dog", "bicycle", "freeAddonPassenger", "freeAddonChild",
], true);
const reference = { referenceNum: opt(whole), referenceIA5: opt(text) };
const product = {
  productOwnerNum: opt(rics), productOwnerIA5: opt(text), productIdNum: opt(integer(0, 65535)), productIdIA5: opt(text),
};
const codeTableSaid = { stationCodeTable: opt(codeTable, "stationUIC") };
const fromTo = {
  fromStationNum: opt(stationNumber), fromStationIA5: opt(text), toStationNum: opt(stationNumber),
  toStationIA5: opt(text), fromStationNameUTF8: opt(utf8), toStationNameUTF8: opt(utf8),
};
const entryExit = {
  entryStationNum: opt(stationNumber), entryStationIA5: opt(text), terminatingStationNum: opt(stationNumber),
  terminatingStationIA5: opt(text), city: opt(whole),
};
const validity = {
  validFromDay: opt(integer(-367, 700), 0), validFromTime: opt(minute), validFromUTCOffset: opt(offset),
  validUntilDay: opt(integer(-1, 500), 0), validUntilTime: opt(minute), validUntilUTCOffset: opt(offset),
};
const carrier = { carrierNum: opt(rics), carrierIA5: opt(text) };
const carriers = { carrierNum: opt(ricsList), carrierIA5: opt(sequenceOf(text)) };
const passCarriers = {
  includedCarrierNum: opt(ricsList), includedCarrierIA5: opt(sequenceOf(text)), excludedCarrierNum: opt(ricsList),
  excludedCarrierIA5: opt(sequenceOf(text)),
};
const brands = { includedServiceBrands: opt(ricsList), excludedServiceBrands: opt(ricsList) };
const transports = { includedTransportType: opt(transport), excludedTransportType: opt(transport) };
const vat = sequence({ country: integer(1, 999), percentage: integer(0, 999), amount: opt(whole), vatId: opt(text) });
const price = { price: opt(whole), vatDetail: opt(sequenceOf(vat)), infoText: opt(utf8) };
const extended = { extension: opt(extension) };

const VIA_LEVELS = 4; // routes inside routes: the norm sets no bound, we do
const tooDeep = () => {
  throw new Malformed("routes inside routes, too deep");
};
const viaStation = (levels) => {
  const within = levels ? sequenceOf(viaStation(levels - 1)) : tooDeep;
  return openSequence({
    ...codeTableSaid, stationNum: opt(stationNumber), stationIA5: opt(text), alternativeRoutes: opt(within),
    route: opt(within), border: boolean, ...carriers, seriesId: opt(whole), routeId: opt(whole), ...brands,
  });
};
const regions = sequenceOf(choice([
  ["trainLink", sequence({
    trainNum: opt(whole), trainIA5: opt(text), travelDate: integer(-1, 500), departureTime: minute,
    departureUTCOffset: opt(offset), ...fromTo,
  })],
  ["viaStations", viaStation(VIA_LEVELS)],
  ["zones", openSequence({
    ...carrier, ...codeTableSaid, ...entryExit, zoneId: opt(sequenceOf(whole)), binaryZoneId: opt(octets),
    nutsCode: opt(text),
  })],
  ["lines", openSequence({ ...carrier, lineId: opt(sequenceOf(whole)), ...codeTableSaid, ...entryExit })],
  ["polygone", sequence({ firstEdge: geo, edges: sequenceOf(sequence({ longitude: whole, latitude: whole })) })],
]));
const card = openSequence({
  cardIssuerNum: opt(rics), cardIssuerIA5: opt(text), cardIdNum: opt(whole), cardIdIA5: opt(text), cardName: opt(utf8),
  cardType: opt(whole), leadingCardIdNum: opt(whole), leadingCardIdIA5: opt(text), trailingCardIdNum: opt(whole),
  trailingCardIdIA5: opt(text),
});
const tariffs = sequenceOf(openSequence({
  numberOfPassengers: opt(integer(1, 200), 1),
  passengerType: opt(passengerType),
  ageBelow: opt(integer(1, 64)),
  ageAbove: opt(integer(1, 128)),
  travelerid: opt(sequenceOf(integer(1, 254))),
  restrictedToCountryOfResidence: boolean,
  restrictedToRouteSection: opt(sequence({ ...codeTableSaid, ...fromTo })),
  seriesDataDetails: opt(sequence({
    supplyingCarrier: opt(rics), offerIdentification: opt(integer(1, 99)), series: opt(whole),
  })),
  tariffIdNum: opt(whole),
  tariffIdIA5: opt(text),
  tariffDesc: opt(utf8),
  reductionCard: opt(sequenceOf(card)),
}));
const included = openSequence({
  ...product, externalIssuerId: opt(whole), issuerAuthorizationId: opt(whole), ...codeTableSaid,
  validRegion: opt(regions), ...validity, classCode: opt(travelClass), serviceLevel: opt(ia5(1, 2)), ...carriers,
  ...brands, tariffs: opt(tariffs), infoText: opt(utf8), ...transports, ...extended,
});
const luggage = openSequence({
  maxHandLuggagePieces: opt(integer(0, 99), 3),
  maxNonHandLuggagePieces: opt(integer(0, 99), 1),
  registeredLuggage: opt(sequenceOf(openSequence({
    registrationId: opt(text), maxWeight: opt(integer(1, 99)), maxSize: opt(integer(1, 300)),
  }))),
});
const openTicket = openSequence({
  ...reference, ...product, extIssuerId: opt(whole), issuerAuthorizationId: opt(whole), returnIncluded: boolean,
  ...codeTableSaid, ...fromTo, validRegionDesc: opt(utf8), validRegion: opt(regions),
  returnDescription: opt(openSequence({
    ...fromTo, validReturnRegionDesc: opt(utf8), validReturnRegion: opt(regions),
  })),
  ...validity, activatedDay: opt(sequenceOf(integer(0, 500))), classCode: opt(travelClass, "second"),
  serviceLevel: opt(ia5(1, 2)), ...carriers, ...brands, tariffs: opt(tariffs), ...price,
  includedAddOns: opt(sequenceOf(included)), luggage: opt(luggage), ...transports, ...extended,
});
const pass = openSequence({
  ...reference, ...product, passType: opt(integer(1, 250)), passDescription: opt(utf8),
  classCode: opt(travelClass, "second"), ...validity,
  validityPeriodDetails: opt(sequence({
    validityPeriod: opt(sequenceOf(sequence(validity))),
    excludedTimeRange: opt(sequenceOf(sequence({ fromTime: minute, untilTime: minute }))),
  })),
  numberOfValidityDays: opt(integer(0, 500)),
  trainValidity: opt(openSequence({
    ...validity, ...passCarriers, ...brands,
    boardingOrArrival: opt(enumerated(["boarding", "arrival"], true), "boarding"),
  })),
  numberOfPossibleTrips: opt(integer(1, 250)), numberOfDaysOfTravel: opt(integer(1, 250)),
  activatedDay: opt(sequenceOf(integer(0, 500))), countries: opt(sequenceOf(integer(1, 250))), ...passCarriers,
  ...brands, validRegion: opt(regions), tariffs: opt(tariffs), ...price, ...extended,
});
const document = openSequence({
  token: opt(sequence({
    tokenProviderNum: opt(whole), tokenProviderIA5: opt(text), tokenSpecification: opt(text), token: octets,
  })),
  ticket: choice([
    ["reservation", null], ["carCarriageReservation", null], ["openTicket", openTicket], ["pass", pass],
    ["voucher", null], ["customerCard", null], ["counterMark", null], ["parkingGround", null], ["fipTicket", null],
    ["stationPassage", null], ["extension", null], ["delayConfirmation", null],
  ]),
});
const issuing = openSequence({
  securityProviderNum: opt(rics), securityProviderIA5: opt(text), issuerNum: opt(rics), issuerIA5: opt(text),
  issuingYear: integer(2016, 2269), issuingDay: integer(1, 366), issuingTime: minute, issuerName: opt(utf8),
  specimen: boolean, securePaperTicket: boolean, activated: boolean, currency: opt(ia5(3, 3), "EUR"),
  currencyFract: opt(integer(1, 3), 2), issuerPNR: opt(text), ...extended, issuedOnTrainNum: opt(whole),
  issuedOnTrainIA5: opt(text), issuedOnLine: opt(whole), pointOfSale: opt(geo),
});
const traveler = openSequence({
  firstName: opt(utf8), secondName: opt(utf8), lastName: opt(utf8), idCard: opt(text), passportId: opt(text),
  title: opt(ia5(1, 3)), gender: opt(enumerated(["unspecified", "female", "male", "other"], true)),
  customerIdIA5: opt(text), customerIdNum: opt(whole), yearOfBirth: opt(integer(1901, 2155)),
  monthOfBirth: opt(integer(1, 12)), dayOfBirthInMonth: opt(integer(1, 31)), ticketHolder: boolean,
  passengerType: opt(passengerType), passengerWithReducedMobility: opt(boolean), countryOfResidence: opt(integer(1, 999)),
  countryOfPassport: opt(integer(1, 999)), countryOfIdCard: opt(integer(1, 999)),
  status: opt(sequenceOf(sequence({
    statusProviderNum: opt(rics), statusProviderIA5: opt(text), customerStatus: opt(whole),
    customerStatusDescr: opt(text),
  }))),
});
const ticketLink = openSequence({
  referenceIA5: opt(text), referenceNum: opt(whole), issuerName: opt(utf8), issuerPNR: opt(text),
  productOwnerNum: opt(rics), productOwnerIA5: opt(text),
  ticketType: opt(enumerated(["openTicket", "pass", "reservation", "carCarriageReservation"], true), "openTicket"),
  linkMode: opt(enumerated(["issuedTogether", "onlyValidInCombination"], true), "issuedTogether"),
});
const control = openSequence({
  identificationByCardReference: opt(sequenceOf(card)), identificationByIdCard: boolean,
  identificationByPassportId: boolean, identificationItem: opt(whole), passportValidationRequired: boolean,
  onlineValidationRequired: boolean, randomDetailedValidationRequired: opt(integer(0, 99)), ageCheckRequired: boolean,
  reductionCardCheckRequired: boolean, infoText: opt(utf8), includedTickets: opt(sequenceOf(ticketLink)), ...extended,
});
export const TICKET = openSequence({
  issuingDetail: issuing,
  travelerDetail: opt(openSequence({
    traveler: opt(sequenceOf(traveler)), preferredLanguage: opt(ia5(2, 2)), groupName: opt(utf8),
  })),
  transportDocument: opt(sequenceOf(document)),
  controlDetail: opt(control),
  extension: opt(sequenceOf(extension)),
});

// ---------------------------------------------------------------- the header

/** A level that somebody signs: {value, signed}, the octets of its bits moved to the front. */
const signedLevel = (kind) => (reader) => {
  const start = reader.at;
  const value = kind(reader);
  return { value, signed: reader.cut(start, reader.at) };
};
const data = sequence({ dataFormat: text, data: octets });
const level1 = sequence({
  securityProviderNum: opt(integer(1, 32000)), securityProviderIA5: opt(text), keyId: opt(integer(0, 99999)),
  dataSequence: sequenceOf(data), level1KeyAlg: opt(octets), level2KeyAlg: opt(octets), level1SigningAlg: opt(octets),
  level2SigningAlg: opt(octets), level2PublicKey: opt(octets), endOfValidityYear: opt(integer(2016, 2269)),
  endOfValidityDay: opt(integer(1, 366)), endOfValidityTime: opt(integer(0, 1439)), validityDuration: opt(integer(1, 3600)),
});
const level2 = sequence({ level1Data: signedLevel(level1), level1Signature: opt(octets), level2Data: opt(data) });
const CODE = sequence({ format: text, level2SignedData: signedLevel(level2), level2Signature: opt(octets) });

const P256 = "2a8648ce3d030107";
const ECDSA_SHA256 = "2a8648ce3d040302";
export const hex = (some) => [...some].map((each) => each.toString(16).padStart(2, "0")).join("");

/** The header as it was signed, and what each of the two signatures is about. Throws Malformed, with a `reason` where it
 * reads and is of another format, or names no key. */
export function readCode(some) {
  const outer = decode(CODE, some);
  if (outer.format !== "U2") throw Object.assign(new Malformed("another format"), { reason: "code_of_another_format" });
  const { value: second, signed: signed2 } = outer.level2SignedData;
  const { value: first, signed: signed1 } = second.level1Data;
  const provider = first.securityProviderNum ?? first.securityProviderIA5;
  if (provider === undefined || first.keyId === undefined) {
    throw Object.assign(new Malformed("no key"), { reason: "code_without_key" });
  }
  return {
    provider: String(provider),
    keyId: first.keyId,
    data: first.dataSequence,
    boundKey: first.level2PublicKey ?? null,
    endAt: endOf(first),
    durationS: first.validityDuration ?? null,
    otherAlgorithm: otherAlgorithm(first),
    signed1,
    signature1: second.level1Signature ?? null,
    dynamic: second.level2Data ?? null,
    signed2,
    signature2: outer.level2Signature ?? null,
  };
}

function endOf(first) {
  const parts = [first.endOfValidityYear, first.endOfValidityDay, first.endOfValidityTime];
  if (parts.every((each) => each === undefined)) return null;
  if (parts.includes(undefined)) throw new Malformed("all three or none, says the norm");
  return Date.UTC(parts[0], 0, parts[1], 0, parts[2]);
}

function otherAlgorithm(first) {
  const bound = first.level2PublicKey !== undefined;
  const said = (name, byDefault) => (first[name] === undefined ? byDefault : hex(first[name]));
  return (
    said("level1KeyAlg", P256) !== P256 ||
    said("level1SigningAlg", ECDSA_SHA256) !== ECDSA_SHA256 ||
    said("level2KeyAlg", bound ? null : P256) !== P256 ||
    said("level2SigningAlg", bound ? null : ECDSA_SHA256) !== ECDSA_SHA256
  );
}
