"""`mobigo opendata validate`: every judge of its kind on one file, published or not."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mobigo.infra import console
from mobigo.infra.i18n import gettext as _
from mobigo.infra.i18n import sentence
from opendata.cli.datasets import opened

if TYPE_CHECKING:
    from datetime import date

    from opendata.model.checks import Check


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--on", "day", help="Comme si l'on était ce jour (AAAA-MM-JJ) ; par défaut, aujourd'hui.")
@console.json_option
def validate(file: Path, day: str | None, as_json: bool) -> int:
    """Contrôler un fichier (GTFS, GTFS-RT, NeTEx, SIRI, GBFS, table) par les outils installés, chacun sous son nom."""
    from mobigo.infra.db import reading
    from opendata.gateway.judges.answers import TABLE
    from opendata.service.checking import check_table, judge_file, known_tables, standard_of

    today = _day(day)
    with opened() as services:
        if file.is_file() and standard_of(file, file.name) == TABLE:
            with reading(services.engine) as session:
                checks: tuple[Check, ...] = (check_table(file, file.name, known_tables(session)),)
        else:
            checks = judge_file(file, services.judges, today)
    document = {"file": str(file), "checks": [check_json(check) for check in checks]}
    console.emit(document, as_json, lambda: "\n".join(_text(check) for check in checks))
    faulty = any(check.verdict.value == "failed" for check in checks)
    return console.REFUSED if faulty else console.DONE


def _day(day: str | None) -> "date":
    from datetime import date

    from mobigo.base.errors import InvalidInput
    from mobigo.base.instants import paris_day
    from mobigo.infra.clock import now

    try:
        return paris_day(now()) if day is None else date.fromisoformat(day)
    except ValueError:
        raise InvalidInput("network.day_unreadable", day=(day or "")[:40]) from None


def check_json(check: "Check") -> dict[str, object]:
    """What a judge says, as a JSON value."""
    return {
        "judge": check.judge,
        "version": check.judge_version,
        "verdict": check.verdict.value,
        "because": None if check.because is None else {"code": check.because.code, "message": sentence(check.because)},
        "findings": [
            {"code": each.code, "severity": each.severity.value, "total": each.total, "example": dict(each.example)}
            for each in check.findings
        ],
    }


def _text(check: "Check") -> str:
    said = {"passed": _("rien d’anormal"), "failed": _("des erreurs"), "not_run": _("ne s’est pas prononcé")}
    head = f"{check.judge} {check.judge_version}".strip() + " : " + said[check.verdict.value]
    lines = [head] if check.because is None else [head, f"  {sentence(check.because)}"]
    for each in check.findings:
        where = ", ".join(f"{name} {value}" for name, value in each.example.items())
        lines.append(f"  {each.severity.value} {each.code} × {each.total}" + (f" ({where})" if where else ""))
    return "\n".join(lines)
