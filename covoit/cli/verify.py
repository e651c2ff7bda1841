"""`mobigo covoit verify`: whether the ledger, the awards, the statements and the payments are as they were written."""

from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence

if TYPE_CHECKING:
    from mobigo.infra.web import Services


@click.command()
@click.option("--no-recompute", is_flag=True, help="Ne pas recalculer chaque montant depuis ses données.")
@console.json_option
def verify(no_recompute: bool, as_json: bool) -> int:
    """Vérifier le grand livre, les aides, les relevés et les paiements ; sort avec 3 si quelque chose fut changé."""
    from covoit.service.verification import verify as check

    services: Services = click.get_current_context().find_root().obj()
    try:
        with console.progress(_("Vérification")) as show:
            found = check(
                services.engine,
                home=services.config.home,
                recompute=not no_recompute,
                progress=lambda done: show(done, None, ""),
            )
        fault = found.ledger.fault
        document = {
            "ok": found.ok,
            "ledger_lines": found.ledger.lines,
            "head": found.ledger.head.hex(),
            "awards": found.awards,
            "statements": found.statements,
            "payments": found.payments,
            "ledger_fault": None if fault is None else {"line": fault.line, "key": fault.key, "reason": fault.reason},
            "findings": [{"kind": each.kind, "id": each.id, "reason": each.reason} for each in found.findings],
        }

        def told() -> str:
            lines = [
                _(
                    "%(lines)s écritures, %(awards)s aides, %(statements)s relevés, %(payments)s paiements vérifiés.",
                    lines=found.ledger.lines,
                    awards=found.awards,
                    statements=found.statements,
                    payments=found.payments,
                )
            ]
            if fault is not None:
                lines.append(f"{fault.line or fault.key} : {sentence(fault.reason)}")
            lines += [f"{each.kind} {each.id} : {sentence(each.reason)}" for each in found.findings]
            return "\n".join(lines)

        console.emit(document, as_json, told)
        return console.DONE if found.ok else console.REFUSED
    finally:
        services.engine.dispose()
