"""The papers of a régie as tagged PDFs: the report of a till (procès-verbal de caisse), the slip of what is paid over
(bordereau de versement), and the state of a month (état de régie). The same rows make the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billettique.model.regie import CashKind, TillLine
from mobigo.base.money import ZERO, Money
from mobigo.infra.formats import amount, instant, number
from mobigo.infra.pdf import compiled, escaped, table

KINDS = {
    CashKind.SALE: "vente",
    CashKind.PENALTY: "indemnité forfaitaire",
    CashKind.REFUND: "remboursement sur avance",
    CashKind.DEPOSIT: "versement au comptable",
    CashKind.DIFFERENCE: "différence de caisse",
    CashKind.RENEWAL: "reconstitution de l’avance",
}
MEANS = {"cash": "espèces", "cheque": "chèque", "terminal": "carte, terminal"}
SPECIMEN = "Simulation : ce document est un spécimen, aucun argent n’a été encaissé."


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One receipt (quittance) of a round. `late`: it came after the count. `flags`: what is wrong with it, in words."""

    number: str
    taken_at: datetime
    means: str
    amount: Money
    late: bool
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TillReport:
    """What the report of a till says. `pieces`: value in cents → how many. `agent` is a name, printed and kept nowhere
    else."""

    regie: str
    act: str
    place: str
    agent: str
    opened_at: datetime
    closed_at: datetime
    opening: Money
    expected: Money
    counted: Money
    pieces: Mapping[int, int]
    note: str
    lines: Sequence[TillLine]
    receipts: Sequence[ReceiptLine] = ()
    missing: Sequence[int] = ()


def till_pdf(report: TillReport, *, specimen: bool) -> bytes:
    """Procès-verbal de caisse."""
    difference = report.counted - report.expected
    said = "Aucune différence." if difference == ZERO else f"Différence : {_euros(difference)}. {report.note}"
    rows = [
        [instant(each.at, "fr"), KINDS[each.kind], MEANS.get(each.means, each.means), _euros(each.amount)]
        for each in report.lines
    ]
    count = [
        [_euros(Money(value)), number(many, "fr"), _euros(Money(value * many))]
        for value, many in sorted(report.pieces.items(), reverse=True)
    ]
    parts = [
        "= Procès-verbal de caisse",
        *([escaped(SPECIMEN)] if specimen else []),
        escaped(f"{report.regie} ({report.act}). {report.place}. Agent : {report.agent}."),
        escaped(f"Caisse ouverte le {instant(report.opened_at, 'fr')}, close le {instant(report.closed_at, 'fr')}."),
        escaped(f"Fonds de caisse à l’ouverture : {_euros(report.opening)}."),
        escaped(f"La caisse devait contenir {_euros(report.expected)} ; on y a compté {_euros(report.counted)}."),
        escaped(said),
        "== Comptage",
        table(["Pièce ou billet", "Nombre", "Valeur"], count, right=(0, 1, 2), foot=["", "", _euros(report.counted)]),
        "== Mouvements",
        table(["Heure", "Nature", "Moyen", "Montant"], rows, right=(3,), wide=1),
        *_receipts(report),
        escaped("Signature de l’agent :                              Signature du régisseur :"),
    ]
    return compiled("Procès-verbal de caisse", "\n\n".join(parts), report.closed_at)


def _receipts(report: TillReport) -> list[str]:
    """The receipts of a round, those that never came, and what is wrong with some."""
    if not report.receipts and not report.missing:
        return []
    rows = [
        [each.number, instant(each.taken_at, "fr"), MEANS.get(each.means, each.means), _euros(each.amount),
         " ".join([*(["Arrivée après le comptage."] if each.late else []), *each.flags])]
        for each in report.receipts
    ]  # fmt: skip
    gone = ", ".join(str(number) for number in report.missing)
    return [
        "== Quittances",
        table(["Numéro", "Heure", "Moyen", "Montant", "À expliquer"], rows, right=(3,), wide=4),
        *([escaped(f"Quittances qui n’étaient pas arrivées au comptage : {gone}.")] if gone else []),
    ]


def deposit_pdf(
    *, regie: str, act: str, number_: int, amounts: Mapping[str, Money], made_at: datetime, made_by: str,
    received: tuple[str, datetime] | None, specimen: bool,
) -> bytes:  # fmt: skip
    """Bordereau de versement."""
    rows = [[MEANS[means], _euros(held)] for means, held in amounts.items()]
    total = sum(amounts.values(), ZERO)
    receipt = "En attente de réception par le comptable public."
    if received is not None:
        receipt = f"Reçu par {received[0]}, comptable public, le {instant(received[1], 'fr')}."
    parts = [
        f"= {escaped(f'Bordereau de versement n° {number_}')}",
        *([escaped(SPECIMEN)] if specimen else []),
        escaped(f"{regie} ({act})."),
        escaped(f"Versé par {made_by} le {instant(made_at, 'fr')}."),
        table(["Moyen de paiement", "Montant"], rows, right=(1,), wide=0, foot=["Total", _euros(total)]),
        escaped(receipt),
    ]
    return compiled(f"Bordereau de versement n° {number_}", "\n\n".join(parts), made_at)


@dataclass(frozen=True, slots=True)
class StateLine:
    """What a régie took of one accounting code in a month."""

    code: str
    words: str
    count: int
    net: Money
    tax: Money

    @property
    def gross(self) -> Money:
        return self.net + self.tax


def state_pdf(
    *, regie: str, act: str, month: str, lines: Sequence[StateLine], by_means: Mapping[str, Money],
    made_at: datetime, specimen: bool,
) -> bytes:  # fmt: skip
    """État de régie of a month: what was sold by accounting code, and what was taken by means."""
    sold = [
        [each.code, each.words, number(each.count, "fr"), _euros(each.net), _euros(each.tax), _euros(each.gross)]
        for each in lines
    ]
    total = sum((each.gross for each in lines), ZERO)
    taken = [[MEANS[means], _euros(held)] for means, held in by_means.items()]
    parts = [
        f"= {escaped(f'État de régie, {month}')}",
        *([escaped(SPECIMEN)] if specimen else []),
        escaped(f"{regie} ({act})."),
        "== Recettes",
        table(["Compte", "Nature", "Titres", "Hors taxe", "TVA", "Taxe comprise"], sold, right=(2, 3, 4, 5), wide=1,
              foot=["", "Total", "", "", "", _euros(total)]),
        "== Encaissements",
        table(["Moyen de paiement", "Montant"], taken, right=(1,), wide=0,
              foot=["Total", _euros(sum(by_means.values(), ZERO))]),
    ]  # fmt: skip
    return compiled(f"État de régie {month}", "\n\n".join(parts), made_at, landscape=True)


def _euros(held: Money) -> str:
    return amount(held, "fr")
