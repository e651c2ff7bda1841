// A constat without a network: the reference and the secret that the person leaves with are drawn here, only a digest of
// the secret is sent. What is owed is reckoned from the amounts carried with the lists.

import { letters, oneAtATime, random } from "./keep.mjs";
import { cannotTake, numbered } from "./round.mjs";

const byId = (id) => document.getElementById(id);
const REQUIRED = ["last_name", "first_name", "address"];
const PERSON = [...REQUIRED, "born_on", "born_at", "postcode", "town", "email"];

async function digestOf(secret) {
  const named = new TextEncoder().encode(`billettique case\0${secret}`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", named));
  return [...digest].map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** The form: {open}. `next` shows the scanning again. */
export function openConstats({ said, put, state, show, waiting, next }) {
  const euros = new Intl.NumberFormat(said.language === "fr" ? "fr-FR" : "en-GB", { style: "currency", currency: "EUR" });
  const form = byId("constat-form");
  const amount = (cents) => euros.format(cents / 100);

  const fareCents = () => {
    const typed = byId("f-fare").value.trim().replace(",", ".");
    return /^\d{1,3}(\.\d{1,2})?$/.test(typed) ? Math.round(Number(typed) * 100) : typed ? null : 0;
  };

  function owed() {
    const penalties = state.carried?.penalties;
    if (!penalties) return { now: 0, later: 0 };
    const now = penalties.grounds[byId("f-ground").value] + (fareCents() ?? 0);
    return { now, later: now + penalties.file_fee };
  }

  function reckon() {
    const penalties = state.carried?.penalties;
    const paid = byId("f-paid").value !== "";
    const { now, later } = owed();
    byId("person").hidden = paid;
    for (const option of byId("f-paid").options) {
      option.disabled = option.value !== "" && !state.round?.means.includes(option.value);
    }
    byId("round-hint").textContent = state.round ? "" : state.elsewhere ? said.ui.round_elsewhere : said.ui.round_none;
    const words = paid
      ? put(said.ui.amount_now, { amount: amount(now) })
      : put(said.ui.amount_later, { amount: amount(later), months: penalties?.term_months ?? "" });
    byId("amount").textContent = penalties && !penalties.act ? `${words} ${said.ui.to_confirm}` : words;
  }

  function open() {
    form.reset();
    byId("constat-error").textContent = state.carried?.penalties.usable === false ? said.ui.not_decided : "";
    state.scan?.pause();
    show("constat");
    reckon();
    byId("constat").focus();
  }

  async function keep() {
    const paid = byId("f-paid").value || null;
    const value = (name) => byId(`f-${name}`).value.trim();
    const missing = !paid && REQUIRED.some((name) => !value(name));
    if (missing || fareCents() === null) {
      byId("constat-error").textContent = said.ui.missing;
      byId(missing ? `f-${REQUIRED.find((name) => !value(name))}` : "f-fare").focus();
      return;
    }
    if (state.carried?.penalties.usable === false) {
      byId("constat-error").textContent = said.ui.not_decided;
      return;
    }
    const why = paid ? cannotTake(state.round, paid, owed().now) : null;
    if (why) {
      byId("constat-error").textContent = put(said.ui[why], { most: amount(state.round?.payment_max ?? 0) });
      byId("f-paid").focus();
      return;
    }
    const secret = letters(12);
    const constat = {
      id: random(16), reference: letters(8), secret_digest: await digestOf(secret), found_at: state.clock(),
      ground: byId("f-ground").value, line: state.shift?.line ?? "", stop: state.shift?.stop ?? "",
      fare_cents: fareCents(), paid, note: paid ? "" : byId("f-note").value,
      pass_holder: !paid && byId("f-pass-holder").checked,
      person: paid ? null : Object.fromEntries(PERSON.map((name) => [name, value(name)])),
    };
    if (paid) {
      const cents = owed().now;
      state.round = await state.keep.changeRound((round) => {
        const [entry, after] = numbered(round ?? state.round, paid, cents);
        return { round: after, constat: Object.assign(constat, entry) };
      });
    } else {
      await state.keep.addConstat(constat);
    }
    form.reset();
    receipt(constat, secret);
    waiting();
  }

  function receipt(constat, secret) {
    const { penalties } = state.carried;
    const now = penalties.grounds[constat.ground] + constat.fare_cents;
    const address = new URL(byId("control").dataset.case, location.href);
    const spaced = (text) => text.match(/.{1,4}/g).join(" ");
    byId("receipt-reference").textContent = spaced(constat.reference);
    byId("receipt-secret").textContent = spaced(secret);
    byId("receipt-ground").textContent = said.grounds[constat.ground];
    byId("receipt-at").textContent = new Intl.DateTimeFormat(said.language, { dateStyle: "long", timeStyle: "short", timeZone: "Europe/Paris" }).format(constat.found_at);
    byId("receipt-amount").textContent = constat.paid
      ? `${amount(now)} — ${said.means[constat.paid]}`
      : put(said.ui.amount_later, { amount: amount(now + penalties.file_fee), months: penalties.term_months });
    for (const each of document.querySelectorAll("#receipt .spot")) each.hidden = !constat.paid;
    byId("receipt-number").textContent = constat.paid ? `${state.round.label}-${constat.receipt}` : "";
    byId("receipt-address").textContent = address.host + address.pathname;
    byId("receipt-kept").textContent = said.ui.kept;
    show("receipt");
    byId("receipt").focus();
  }

  form.addEventListener("submit", oneAtATime(keep));
  form.addEventListener("input", reckon);
  byId("no-constat").addEventListener("click", next);
  byId("given").addEventListener("click", next);
  byId("print").addEventListener("click", () => window.print());
  return { open };
}
