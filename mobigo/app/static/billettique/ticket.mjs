// What a ticket's record says, as `billettique.rules.tickets` reads it: when and where it is good, for whom, its mark.
// Instants are milliseconds since 1970. France keeps the hours of the Union: they change on the last Sundays of March
// and October at 1:00 UTC, which is reckoned here, so that no table of zones is asked.

import { TICKET } from "./norm.mjs";
import { decode } from "./uper.mjs";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const LAST_MINUTE = 1439;
const CLASSES = {
  first: "first", premiumFirst: "first", standardFirst: "first", comfort: "first", premium: "first", business: "first",
  second: "second", premiumSecond: "second", standardSecond: "second", tourist: "second",
};
const COMPONENTS = {
  pass: ["passDescription", "infoText", "includedCarrierNum"],
  openTicket: ["infoText", "validRegionDesc", "carrierNum"],
};

/** The ticket in octets that hold exactly one document; throws Malformed, or {documents} when they hold another number. */
export function readTicket(octets) {
  return ticketOf(decode(TICKET, octets));
}

function ticketOf(record) {
  const documents = record.transportDocument ?? [];
  if (documents.length !== 1) throw { documents: documents.length };
  const [kind, document] = documents[0].ticket;
  const issuing = record.issuingDetail;
  const issuedAt = Date.UTC(issuing.issuingYear, 0, issuing.issuingDay, 0, issuing.issuingTime);
  const [firstAt, lastAt] = instants(issuedAt, document);
  const [words, areaWords, carriers] = COMPONENTS[kind];
  return {
    issuer:
      textOf(issuing, "issuerNum", "issuerIA5") || textOf(issuing, "securityProviderNum", "securityProviderIA5") || "",
    reference: textOf(document, "referenceNum", "referenceIA5") ?? "",
    kind,
    product: textOf(document, "productIdNum", "productIdIA5") ?? "",
    words: document[words] ?? "",
    issuedAt,
    firstAt, // the first second of its first minute
    lastAt, // the first second of its last minute
    specimen: issuing.specimen,
    productOwner: textOf(document, "productOwnerNum", "productOwnerIA5"),
    travelClass: CLASSES[document.classCode] ?? "any",
    area: areaOf(document, document[areaWords] ?? ""),
    passengers: (document.tariffs ?? []).map((each) => [
      each.numberOfPassengers, each.passengerType ?? null, each.tariffDesc ?? "",
    ]),
    priceCents:
      document.price === undefined || issuing.currency !== "EUR" || issuing.currencyFract !== 2
        ? null
        : String(document.price),
    holder: holderOf(record.travelerDetail),
    checks: checksOf(record.controlDetail),
    carriers: document[carriers] ?? [],
    activated: issuing.activated,
  };
}

const textOf = (record, number, word) =>
  record[number] !== undefined ? String(record[number]) : (record[word] ?? null);

function holderOf(travelers) {
  const holder = (travelers?.traveler ?? []).find((each) => each.ticketHolder);
  return holder ? [holder.firstName ?? "", holder.lastName ?? ""] : null;
}

function checksOf(control) {
  if (!control) return { identity: false, age: false, reductionCard: false, words: "" };
  return {
    identity: control.identificationByIdCard || control.identificationByPassportId,
    age: control.ageCheckRequired,
    reductionCard: control.reductionCardCheckRequired,
    words: control.infoText ?? "",
  };
}

// ---------------------------------------------------------------- when

function instants(issuedAt, document) {
  const firstDay = issuedAt + document.validFromDay * DAY;
  const lastDay = firstDay + document.validUntilDay * DAY;
  return [
    Math.min(...candidates(firstDay, document.validFromTime ?? 0, document.validFromUTCOffset)),
    Math.max(...candidates(lastDay, document.validUntilTime ?? LAST_MINUTE, document.validUntilUTCOffset)),
  ];
}

/** The instants that a local minute of a day may be: two where it comes twice, or not at all. */
function candidates(day, minute, offset) {
  const wall = Math.floor(day / DAY) * DAY + minute * MINUTE;
  if (offset !== undefined) return [wall + offset * 15 * MINUTE];
  return [parisInstant(wall, 0), parisInstant(wall, 1)];
}

/** The instant of a time of day in France; `fold` 1 the second one where it comes twice (and, as in Python, the other
 * side of the leap where it does not come at all). */
export function parisInstant(wall, fold) {
  const year = new Date(wall).getUTCFullYear();
  const spring = lastSunday(year, 2) + 2 * HOUR;
  const autumn = lastSunday(year, 9) + 2 * HOUR;
  const inLeap = wall >= spring && wall < spring + HOUR;
  const twice = wall >= autumn && wall < autumn + HOUR;
  let summer = wall >= spring + HOUR && wall < autumn;
  if (inLeap) summer = fold === 1;
  if (twice) summer = fold === 0;
  return wall - (summer ? 2 : 1) * HOUR;
}

function lastSunday(year, month) {
  const last = Date.UTC(year, month + 1, 0);
  return last - new Date(last).getUTCDay() * DAY;
}

// ---------------------------------------------------------------- where

function areaOf(document, words) {
  const stations = [];
  const zones = [];
  const lines = [];
  let opaque = false;
  const table = document.stationCodeTable ?? "stationUIC";
  const origin = textOf(document, "fromStationNum", "fromStationIA5");
  const destination = textOf(document, "toStationNum", "toStationIA5");
  if (origin !== null) stations.push([origin, table]);
  for (const [kind, region] of document.validRegion ?? []) {
    const carrier = textOf(region, "carrierNum", "carrierIA5");
    if (kind === "viaStations" && region.alternativeRoutes === undefined) {
      const route = region.route ?? [];
      if (route.some((each) => each.route !== undefined || each.alternativeRoutes !== undefined)) opaque = true;
      for (const each of [region, ...route]) {
        const code = textOf(each, "stationNum", "stationIA5");
        if (code !== null) stations.push([code, each.stationCodeTable]);
      }
    } else if (kind === "zones" && region.binaryZoneId === undefined && region.nutsCode === undefined) {
      const city = region.city === undefined ? null : String(region.city);
      for (const number of region.zoneId ?? [null]) zones.push([carrier, city, number === null ? null : String(number)]);
    } else if (kind === "lines" && region.city === undefined) {
      for (const number of region.lineId ?? [null]) lines.push([carrier, number === null ? null : String(number)]);
    } else opaque = true;
  }
  if (destination !== null) stations.push([destination, table]);
  return { stations, zones, lines, words, opaque };
}

/** How this area and this place go together: "good", "elsewhere", "beyond" (on this line, not at this stop) or "untold"
 * (not to be compared), as `billettique.rules.areas.fit_of` says.
 * `here`: {stations: [[code, table]], zones: [[carrier, city, number]], line: [carrier, number] or null, stop: station or
 * null, ways: [[station]], known: [station] or null, carriers: [carrier] or null, vague}. */
export function fitOf(area, here) {
  if (!(here.stations.length || here.zones.length || here.line || here.vague)) return "good";
  if (!(area.stations.length || area.zones.length || area.lines.length || area.words || area.opaque)) return "good";
  const lines = fitOfLines(area, here);
  if (lines === "good") return "good";
  const zones = fitOfZones(area, here);
  const stations = fitOfStations(area, here);
  if (zones === "good" || stations === "good") return here.vague ? "untold" : "good";
  const told = [lines, zones, stations].filter((each) => each !== null);
  if (area.opaque || !told.length || told.includes("untold")) return "untold";
  return told.includes("beyond") ? "beyond" : "elsewhere";
}

function fitOfLines(area, here) {
  if (!area.lines.length) return null;
  const known = (carrier) => here.carriers === null || here.carriers.includes(carrier);
  if (!here.line || !known(here.line[0])) return "untold";
  if (area.lines.some((mine) => here.line[0] === mine[0] && (mine[1] === null || mine[1] === here.line[1]))) return "good";
  if (!area.lines.every((mine) => known(mine[0]))) return "untold";
  return here.line[1] === null && area.lines.some((mine) => mine[0] === here.line[0]) ? "untold" : "elsewhere";
}

function fitOfZones(area, here) {
  if (!area.zones.length) return null;
  if (!here.zones.length) return "untold";
  const within = (zone, mine) => zone[0] === mine[0] && zone[1] === mine[1] && (mine[2] === null || mine[2] === zone[2]);
  return area.zones.some((mine) => here.zones.some((zone) => within(zone, mine))) ? "good" : "elsewhere";
}

const OUR_TABLE = "proprietaryIssuerStationCodeTable";
const keyOf = ([code, table]) => `${table} ${code}`;

function fitOfStations(area, here) {
  if (!area.stations.length) return null;
  if (!here.stations.length) return "untold";
  // What a ticket says for others beside its own numbers does not change what is compared here (`areas._of_stations`).
  const own = area.stations.filter(([, table]) => table === OUR_TABLE);
  const asked = new Set((own.length ? own : area.stations).map(keyOf));
  if (!here.stations.some((each) => asked.has(keyOf(each)))) {
    const known = here.known === null ? null : new Set(here.known.map(keyOf));
    return known === null || [...asked].every((each) => known.has(each)) ? "elsewhere" : "untold";
  }
  const stop = here.stop ? keyOf(here.stop) : null;
  if (stop === null || asked.has(stop)) return "good";
  const compared = here.ways.map((way) => between(way.map(keyOf), asked)).filter((each) => each !== null);
  return !compared.length || compared.some((each) => each.includes(stop)) ? "good" : "beyond";
}

/** What a way serves from the first to the last of the stations asked; null where it serves but one of them. */
function between(way, asked) {
  const at = [...way.keys()].filter((place) => asked.has(way[place]));
  return new Set(at.map((place) => way[place])).size > 1 ? way.slice(at[0], at.at(-1) + 1) : null;
}

export const classSuffices = (bought, needed) => bought !== "second" || needed !== "first";

/** The ticket's eight octets in revocation lists and used-sets, in hexadecimal. */
export const markOf = (ticket) => mark(new TextEncoder().encode(`${ticket.issuer}\0${ticket.reference}`));

/** The mark of one code of a ticket, of which another code may take the place. */
export function markOfCode(signed1) {
  const named = new Uint8Array(signed1.length + 5);
  named.set(new TextEncoder().encode("code\0"));
  named.set(signed1, 5);
  return mark(named);
}

async function mark(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
  return [...digest.slice(0, 8)].map((each) => each.toString(16).padStart(2, "0")).join("");
}
