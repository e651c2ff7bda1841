// The round that this telephone carries: what it may still take, and the number of the next receipt. Numbers are given
// here, without a network, 1, 2, 3 …; the server learns them as receipts come.

/** Why an amount cannot be taken in this way (the name of a sentence); null when it can. */
export function cannotTake(round, means, cents) {
  if (!round || !round.means.includes(means)) return "round_none";
  if (means !== "cash") return null;
  if (cents > round.payment_max) return "payment_max";
  return cents > round.cash_max ? "round_full" : null;
}

/** What a constat paid on the spot bears, and the round after it. */
export function numbered(round, means, cents) {
  const receipt = round.last + 1;
  const cash = means === "cash" ? cents : 0;
  return [{ round: round.id, receipt, cents }, { ...round, last: receipt, cash_max: round.cash_max - cash }];
}

/** What the server says of the round, and what was taken here and has not come there. */
export function merged(said, kept, waiting) {
  if (!said) return null;
  const mine = waiting.filter((each) => each.round === said.id);
  const cash = mine.filter((each) => each.paid === "cash").reduce((sum, each) => sum + (each.cents ?? 0), 0);
  const last = Math.max(said.last, kept?.id === said.id ? kept.last : 0, ...mine.map((each) => each.receipt));
  return { ...said, last, cash_max: Math.max(0, said.cash_max - cash) };
}

/** Learn the round from the server; without an answer, the one kept here stays. */
export async function askRound({ state, post, address }) {
  const answer = await post(address, { device: await state.keep.thing("device") });
  state.elsewhere = answer.status === 409;
  if (!answer.ok && answer.status !== 409) return;
  const said = answer.ok ? (await answer.json()).round : null;
  state.round = await state.keep.changeRound((kept, waiting) => ({ round: merged(said, kept, waiting), constat: null }));
}
