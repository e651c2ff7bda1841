// The inspector's page: a shift is begun, codes are read and judged here, what was done is kept and sent when there is a
// network. The page never needs one between the first visit and the end of the shift.

import { openReader, openScan } from "../scan/scan.mjs";
import { openConstats } from "./constat.mjs";
import { oneAtATime, openKeep, random } from "./keep.mjs";
import { BadList, marksOf, readLists, reopenLists } from "./lists.mjs";
import { askRound } from "./round.mjs";
import { sign, wake } from "./signs.mjs";
import { PRODUCTION, TRIAL, octetsOf, usesUp, verify } from "./verify.mjs";

const BATCH = 1000; // records in one sending
const CONSTATS = 50;
const DRIFT_MS = 5_000; // of this telephone's clock, below which it is left alone: an answer takes a while to come
const AGAIN_MS = 10 * 60_000; // lists are asked for again this often while there is a network
const UIC = "stationUIC";
const OURS = "proprietaryIssuerStationCodeTable";
const said = JSON.parse(document.getElementById("said").textContent);
const page = document.getElementById("control");
const byId = (id) => document.getElementById(id);
const put = (text, values = {}) => text.replace(/‹(\w+)›/g, (_, name) => values[name] ?? "");
const locale = said.language === "fr" ? "fr-FR" : "en-GB";
const paris = { timeZone: "Europe/Paris" };
const dayAndHour = new Intl.DateTimeFormat(locale, { ...paris, weekday: "long", day: "numeric", month: "long", hour: "numeric", minute: "2-digit" });
const dayOf = new Intl.DateTimeFormat("en-CA", { ...paris, year: "numeric", month: "2-digit", day: "2-digit" });

const state = { keep: null, carried: null, lists: null, used: new Map(), old: new Set(), shift: null, scan: null, reader: null, csrf: null, last: null, offsetMs: 0, known: [] };
// This telephone's clock, set right by the server's at the last contact: a wrong hour must refuse nobody.
state.clock = () => Date.now() + state.offsetMs;

function show(...ids) {
  for (const id of ["shift", "scan", "verdict", "typing", "constat", "receipt", "end"]) byId(id).hidden = !ids.includes(id);
}

function tell(text) {
  byId("state").textContent = text;
}

function ageOf(ms) {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return put(said.ui.minutes, { count: minutes });
  if (minutes < 2 * 1440) return put(said.ui.hours, { count: Math.floor(minutes / 60) });
  return put(said.ui.days, { count: Math.floor(minutes / 1440) });
}

// ---------------------------------------------------------------- lists

async function fetchLists() {
  const answer = await fetch(page.dataset.lists, { headers: { Accept: "application/json" } });
  if (answer.status === 401 || answer.redirected) throw Object.assign(new Error("signed out"), { signedOut: true });
  if (!answer.ok) throw new Error("no lists");
  const carried = await answer.json();
  const offsetMs = carried.now - Date.now();
  state.offsetMs = Math.abs(offsetMs) < DRIFT_MS ? 0 : offsetMs;
  await state.keep.setThing("offsetMs", state.offsetMs);
  const newest = (await state.keep.thing("sequences")) ?? { keys: 0, revocations: 0 };
  const lists = await readLists(carried, newest, carried.now);
  await state.keep.setThing("sequences", lists.sequences);
  await state.keep.setThing("carried", carried);
  await state.keep.setThing("carriedAt", Date.now());
  for (const [mark, at] of carried.used) await state.keep.use(mark, at);
  state.csrf = carried.csrf;
  await take(carried);
  await askRound({ state, post, address: page.dataset.round });
}

async function take(carried) {
  state.carried = carried;
  // Lists kept since an older version of this page say less of the place: what they lack is not compared.
  carried.carriers ??= [];
  for (const line of carried.lines) line.ways ??= [];
  state.known = carried.lines.flatMap(({ stops }) => stops.map(([, , , number]) => [number, OURS]));
  state.lists = await reopenLists(carried);
  state.old = new Set(marksOf(carried.used_before));
  await state.keep.forget(state.clock());
  state.used = await state.keep.used();
  // Used, nobody may know since when: said as "before" (see `judge`).
  for (const mark of state.old) if (!state.used.has(mark)) state.used.set(mark, 0);
}

async function refresh() {
  try {
    await fetchLists();
  } catch (wrong) {
    if (wrong instanceof BadList) return tell(said.ui.lists_bad);
    if (wrong.signedOut) return tell(said.ui.signed_out);
    if (!state.lists) return tell(said.ui.lists_missing);
    return tell(`${said.ui.offline} ${listsAge()}`);
  }
  tell(listsAge());
}

function listsAge() {
  return state.lists ? put(said.ui.lists_age, { age: ageOf(state.clock() - state.lists.revocations.issuedAt) }) : said.ui.lists_missing;
}

// ---------------------------------------------------------------- the shift

const lineOf = (code) => state.carried?.lines.find((each) => each.code === code) ?? null;

function fillStops() {
  const select = byId("f-shift-stop");
  while (select.options.length > 1) select.remove(1);
  for (const [place, name] of lineOf(byId("f-shift-line").value)?.stops ?? []) select.add(new Option(name, place));
}

const byUic = (stops) => stops.filter(([, , , , uic]) => uic).map(([, , , , uic]) => [uic, UIC]);

function hereOf(shift) {
  const line = lineOf(shift.line);
  const here = {
    stations: [], zones: [], line: null, travelClass: shift.travelClass, stop: null, ways: [], known: state.known,
    carriers: state.carried.carriers, vague: Boolean(shift.line) && !line,
  };
  if (!line) return here;
  const ours = line.stops.map(([, , , number]) => [number, OURS]);
  const at = line.stops.findIndex(([place]) => place === shift.stop);
  here.stations = [...ours, ...byUic(line.stops)];
  here.line = line.network ? [line.network, null] : null;
  here.stop = at < 0 ? null : ours[at];
  here.ways = line.ways.map((way) => way.map((row) => ours[row]));
  here.vague = Boolean(shift.stop) && at < 0;
  return here;
}

async function begin() {
  wake();
  state.shift = {
    line: byId("f-shift-line").value, stop: byId("f-shift-stop").value, travelClass: byId("f-shift-class").value, begun: Date.now(),
  };
  await state.keep.setThing("shift", state.shift);
  work();
}

function work() {
  const line = lineOf(state.shift.line);
  const stop = line?.stops.find(([place]) => place === state.shift.stop);
  byId("where").textContent = [line?.name, stop?.[1]].filter(Boolean).join(" — ") || byId("f-shift-line").options[0].text;
  show("scan", "typing", "end");
  state.scan?.resume();
  waiting();
}

// ---------------------------------------------------------------- judging

async function judge(octets, seenAt) {
  if (!state.lists) return tell(said.ui.lists_missing);
  state.scan?.pause();
  const now = state.clock();
  const verdict = await verify(octets, {
    ...state.lists, used: state.used, now, here: hereOf(state.shift ?? { line: "", travelClass: "any" }),
    policy: state.carried.specimens_good ? TRIAL : PRODUCTION,
  });
  if (verdict.code === "billettique.ticket_used" && !verdict.params.at) verdict.code = "billettique.ticket_used_before";
  shown(verdict);
  const tookMs = Math.round(performance.now() - seenAt);
  byId("verdict").dataset.tookMs = tookMs;
  sign(said.tones[verdict.answer]);
  await remember(verdict, now);
  document.dispatchEvent(new CustomEvent("verdict", { detail: { answer: verdict.answer, code: verdict.code, tookMs } }));
}

function shown(verdict) {
  const tone = said.tones[verdict.answer];
  const ticket = verdict.ticket;
  const values = Object.fromEntries(Object.entries(verdict.params).map(([name, value]) => [name, name === "at" ? dayAndHour.format(value) : value]));
  values.hours ??= 48;
  byId("verdict").dataset.tone = tone;
  byId("verdict").dataset.answer = verdict.answer;
  byId("verdict-symbol").textContent = said.symbols[tone];
  byId("verdict-title").textContent = said.answers[verdict.answer];
  byId("verdict-reason").textContent = put(said.reasons[verdict.code] ?? verdict.code, values);
  byId("verdict-ticket").hidden = !ticket;
  if (ticket) describe(ticket);
  byId("verdict-lists").textContent = listsAge();
  byId("verdict-actions").hidden = false;
  state.last = verdict;
  show("verdict", "end");
  byId("verdict").focus({ preventScroll: true });
  byId("verdict").scrollIntoView({ block: "start" });
}

function describe(ticket) {
  const people = ticket.passengers.reduce((sum, [count]) => sum + count, 0);
  const tariffs = ticket.passengers.map(([, , tariff]) => tariff).filter(Boolean);
  const who = [people < 2 ? said.ui.for_one : put(said.ui.for_many, { count: people }), ...tariffs];
  if (ticket.holder) who.unshift(ticket.holder.join(" ").trim());
  if (ticket.travelClass === "first") who.push(said.ui.first_class);
  const checks = [];
  if (ticket.checks.identity) checks.push(said.ui.identity);
  if (ticket.checks.age) checks.push(said.ui.age);
  if (ticket.checks.reductionCard) checks.push(said.ui.reduction);
  if (ticket.checks.words) checks.push(ticket.checks.words);
  if (ticket.specimen) checks.push(said.ui.specimen);
  byId("ticket-words").textContent = ticket.words || ticket.product;
  byId("ticket-area").textContent = ticket.area.words || ticket.area.stations.map(([code]) => code).join(" — ") || "—";
  byId("ticket-who").textContent = who.join(", ");
  byId("ticket-until").textContent = dayAndHour.format(ticket.lastAt);
  byId("ticket-checks").textContent = checks.join(" ") || "—";
}

/** What is kept of a check: the ticket by its name, the place and the hour, until it is sent. */
async function remember(verdict, now) {
  const uses = verdict.answer === "OK" && usesUp(verdict.ticket);
  if (uses) {
    state.used.set(verdict.mark, now);
    await state.keep.use(verdict.mark, now);
  }
  await state.keep.addRecord({
    nonce: random(12), at: now, answer: verdict.answer, uses,
    ticket: verdict.ticket ? [verdict.ticket.issuer, verdict.ticket.reference] : null,
    product: verdict.ticket?.product ?? "",
    until: verdict.ticket ? dayOf.format(verdict.ticket.lastAt) : null,
    line: state.shift?.line ?? "", stop: state.shift?.stop ?? "",
  });
  waiting();
}

/** A code typed in: whole, it is judged here; a reference needs the network. */
async function typed() {
  const field = byId("f-typed");
  const text = field.value.replace(/\s/g, "");
  if (!text) return;
  if (text.length >= 40 && text.length % 2 === 0 && /^[0-9a-f]+$/i.test(text)) {
    field.value = "";
    return judge(octetsOf(text), performance.now());
  }
  try {
    const answer = await post(page.dataset.check, { typed: field.value, line: state.shift?.line ?? "", stop: state.shift?.stop ?? "" });
    const verdict = await answer.json();
    if (!answer.ok) return tell(verdict.detail ?? verdict.title ?? said.answers.UNREADABLE);
    field.value = "";
    told(verdict);
  } catch {
    tell(said.ui.checked_later);
  }
}

/** A verdict of the server, in words already. */
function told(verdict) {
  byId("verdict").dataset.tone = verdict.tone;
  byId("verdict").dataset.answer = verdict.answer;
  byId("verdict-symbol").textContent = verdict.symbol;
  byId("verdict-title").textContent = verdict.title;
  byId("verdict-reason").textContent = verdict.reason;
  byId("verdict-ticket").hidden = !verdict.words;
  byId("ticket-words").textContent = verdict.words ?? "";
  byId("ticket-area").textContent = verdict.area || "—";
  byId("ticket-who").textContent = verdict.holder || "—";
  byId("ticket-until").textContent = verdict.until ?? "";
  byId("ticket-checks").textContent = "—";
  byId("verdict-lists").textContent = "";
  byId("verdict-actions").hidden = false;
  show("verdict", "end");
  sign(verdict.tone);
  byId("verdict").focus();
}

// ---------------------------------------------------------------- the camera

async function camera() {
  wake();
  if (state.scan) {
    state.scan.stop();
    state.scan = null;
    return;
  }
  try {
    state.reader ??= await openReader(page.dataset.wasm, ["QRCode", "Aztec"]);
    state.scan = await openScan(byId("video"), state.reader, judge);
    byId("lamp").hidden = !(await state.scan.lamp(false).catch(() => false));
    tell(said.ui.scanning);
  } catch {
    tell(said.ui.no_camera);
  }
}

// ---------------------------------------------------------------- sending

function post(address, document_) {
  return fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": state.csrf ?? "" },
    body: JSON.stringify(document_),
  });
}

async function waiting() {
  const [records, constats] = await Promise.all([state.keep.records(), state.keep.constats()]);
  byId("waiting").textContent = records.length + constats.length
    ? put(said.ui.to_send, { records: records.length, constats: constats.length })
    : said.ui.nothing_to_send;
  const { round } = state;
  const cash = new Intl.NumberFormat(locale, { style: "currency", currency: "EUR" });
  byId("round-state").textContent = round
    ? put(said.ui.round_open, { round: round.label, last: round.last, cash: cash.format(round.cash_max / 100) })
    : state.elsewhere ? said.ui.round_elsewhere : "";
}

async function send() {
  const device = await state.keep.thing("device");
  const sequences = (await state.keep.thing("sequences")) ?? { keys: 0, revocations: 0 };
  const sent = { records: 0, constats: 0, repeats: 0, problems: [] };
  try {
    await fetchLists(); // and a fresh token with them
    // What is there now; what comes meanwhile waits for the next sending.
    const allRecords = await state.keep.records();
    const allConstats = (await state.keep.constats()).filter((each) => !each.refused);
    while (allRecords.length || allConstats.length) {
      const records = allRecords.splice(0, BATCH);
      const constats = allConstats.splice(0, CONSTATS);
      const answer = await post(page.dataset.send, { device, sent_at: state.clock(), ...sequences, records, constats });
      if (!answer.ok) throw new Error(`answered ${answer.status}`);
      const received = await answer.json();
      await state.keep.dropRecords(received.records);
      await state.keep.dropConstats(received.constats.filter((each) => each.ok).map((each) => each.id));
      for (const each of received.constats.filter((one) => !one.ok)) {
        sent.problems.push(put(said.ui.not_taken, { why: each.why }));
        const kept = constats.find((one) => one.id === each.id);
        if (kept) await state.keep.addConstat({ ...kept, refused: each.why });
      }
      sent.records += received.records.length;
      sent.constats += received.constats.filter((each) => each.ok).length;
      sent.repeats += received.repeats.length;
    }
    const words = [put(said.ui.sent, sent), ...sent.problems];
    if (sent.repeats) words.push(put(said.ui.repeats, { count: sent.repeats }));
    tell(words.join(" "));
  } catch (wrong) {
    tell(wrong.signedOut ? said.ui.signed_out : said.ui.offline);
    return false;
  } finally {
    waiting();
  }
  return true;
}

async function finish() {
  state.scan?.stop(); // nothing comes any more while the rest leaves
  state.scan = null;
  await send();
  state.shift = null;
  await state.keep.setThing("shift", null);
  show("shift", "typing", "end");
}

// ---------------------------------------------------------------- beginning

async function start() {
  state.keep = await openKeep();
  if (!(await state.keep.thing("device"))) await state.keep.setThing("device", `i-${random(12)}`);
  state.offsetMs = (await state.keep.thing("offsetMs")) ?? 0;
  state.round = (await state.keep.thing("round")) ?? null;
  const carried = await state.keep.thing("carried");
  if (carried) await take(carried);
  state.csrf = document.querySelector("[name=csrf_token]").value;
  const constats = openConstats({ said, put, state, show, post, waiting, next: work });
  byId("f-shift-line").addEventListener("change", fillStops);
  byId("shift-form").addEventListener("submit", oneAtATime(begin));
  byId("camera").addEventListener("click", camera);
  byId("next").addEventListener("click", work);
  byId("to-constat").addEventListener("click", constats.open);
  byId("send").addEventListener("click", send);
  byId("refresh").addEventListener("click", refresh);
  byId("finish").addEventListener("click", finish);
  byId("typing").querySelector("form").addEventListener("submit", oneAtATime(typed));
  let on = false;
  byId("lamp").addEventListener("click", () => state.scan?.lamp((on = !on)));
  state.shift = (await state.keep.thing("shift")) ?? null;
  if (navigator.serviceWorker) navigator.serviceWorker.register(page.dataset.worker, { scope: "/controle" }).catch(() => {});
  await refresh();
  fillStops();
  if (state.shift) work();
  else show("shift", "typing", "end");
  waiting();
  setInterval(() => navigator.onLine && refresh(), AGAIN_MS);
  page.dataset.ready = "yes";
}

start();
