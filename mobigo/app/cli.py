"""The `mobigo` command: a table of names, each imported when it is called, and the one mapping of errors to exit codes.

    0  done      2  bad usage or input      3  refused, or found faulty      1  a defect of ours, or of another system

To add a command: one line in `COMMANDS`. Its module says what it does; its help line stands here, so that
`mobigo --help` imports nothing else.
"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound, Refused
from mobigo.infra import console
from mobigo.infra.commands import Command, LazyGroup
from mobigo.infra.config import language_of

if TYPE_CHECKING:
    from mobigo.infra.web import Services


COMMANDS: Final[dict[str, Command]] = {
    "account": Command("mobigo.app.account:account", "Ouvrir des comptes, donner des rôles."),
    "address": Command("mobigo.app.address:address", "Importer les adresses que connaît la recherche (BAN)."),
    "backup": Command("mobigo.app.backup:backup", "Écrire une sauvegarde complète dans un fichier."),
    "billettique": Command("billettique.cli:billettique", "Billettique : tarifs et titres de transport."),
    "covoit": Command("covoit.cli:covoit", "Covoiturage : de la preuve au paiement."),
    "demo": Command("mobigo.app.demo.command:demo", "Préparer et lancer la démonstration."),
    "doctor": Command("mobigo.app.doctor:doctor", "Examiner l'installation et dire quoi faire."),
    "gtfs": Command("mobigo.network.cli:gtfs", "Importer et surveiller les offres de transport (GTFS)."),
    "migrate": Command("mobigo.app.migrate:migrate", "Mettre la base de données au schéma de cette version."),
    "network": Command("mobigo.network.cli:network", "Compiler le réseau et le mettre en ligne."),
    "opendata": Command("opendata.cli:opendata", "Données ouvertes : publier, suivre, vérifier."),
    "matrix": Command("mobigo.planner.cli.matrix:matrix", "Calculer une matrice de temps de parcours (CSV)."),
    "plan": Command("mobigo.planner.cli:plan", "Chercher un trajet."),
    "parks": Command("mobigo.network.cli.parks:parks", "Les parkings et leurs places libres."),
    "shared": Command("mobigo.network.cli.shared:shared", "Les vélos en libre-service (GBFS)."),
    "realtime": Command("mobigo.network.cli.realtime:realtime", "Le temps réel : retards, suppressions, messages."),
    "region": Command("mobigo.app.region:region", "Apporter tout ce qu'un fichier de région nomme, ou le regarder."),
    "restore": Command("mobigo.app.backup:restore", "Rétablir une sauvegarde dans un dossier vide."),
    "scolaire": Command("scolaire.cli:scolaire", "Transport scolaire : élèves, établissements, arrêts, plans."),
    "serve": Command("mobigo.app.serve:serve", "Répondre sur le web et exécuter les travaux."),
    "sms": Command("mobigo.app.sms:sms", "Les SMS reçus : un arrêt demandé, ses départs en réponse."),
    "street": Command("mobigo.network.cli:street", "Importer les rues et les chemins (OpenStreetMap)."),
    "worker": Command("mobigo.app.worker:worker", "Exécuter les travaux en attente et les horaires."),
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mobigo", prog_name="mobigo")
@click.pass_context
def mobigo(ctx: click.Context) -> None:
    """Le service régional de mobilité de Bourgogne-Franche-Comté."""
    ctx.obj = open_services


def open_services() -> "Services":
    """What the commands of the packages work with (they find this function in `ctx.obj`), the schema made ready."""
    from billettique.store import tariffs as fare_versions
    from mobigo.app import schema
    from mobigo.app.factory import make_carpool, make_fares, make_networks, make_on_demand, make_roads
    from mobigo.app.joins import make_judges, make_offers
    from mobigo.infra import compiled
    from mobigo.infra.config import load_config
    from mobigo.infra.i18n import keep_compiled_in
    from mobigo.infra.web import Services

    services = Services(
        load_config(),
        make_networks=make_networks,
        make_carpool=make_carpool,
        make_fares=make_fares,
        make_on_demand=make_on_demand,
        make_roads=make_roads,
        make_offers=make_offers,
        make_judges=make_judges,
    )
    keep_compiled_in(compiled.folder(services.config.home))
    schema.ready(services.engine, services.config)
    fare_versions.connect(services.config.home, services.engine)
    return services


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; every error becomes a sentence on stderr.

    Under `--json` the error is also the one document on stdout: {"error": {code, params, message}}.
    """
    from mobigo.infra.i18n import use_language

    with use_language(language_of()):
        return _run(arguments, as_json="--json" in arguments)


def _run(arguments: Sequence[str], *, as_json: bool) -> int:
    try:
        code = mobigo.main(list(arguments), prog_name="mobigo", standalone_mode=False)
        return code if isinstance(code, int) else console.DONE
    except click.UsageError as usage:
        usage.show()
        _say_json(as_json, Decision("cli.bad_usage", reason=usage.format_message()), usage.format_message())
        return console.BAD_INPUT
    except click.ClickException as other:
        other.show()
        return console.BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        console.message("Interrompu.")
        return 130
    except MobigoError as error:
        return _fail(error.decision, exit_code(error), as_json)
    except BrokenPipeError:
        # The reader of our output left (`mobigo … | head`): nothing went wrong, and there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return console.DONE
    except Exception as defect:
        found = _known(defect)
        if found is None:
            raise
        return _fail(found, console.DEFECT, as_json)


def exit_code(error: MobigoError) -> int:
    """The exit code of each of the five error words."""
    if isinstance(error, (NotFound, InvalidInput)):
        return console.BAD_INPUT
    if isinstance(error, (Refused, Conflict)):
        return console.REFUSED
    return console.DEFECT


def _known(defect: Exception) -> Decision | None:
    """Failures of the machine that have a sentence of their own: database out of reach, disk full, no permission."""
    if type(defect).__module__.startswith("sqlalchemy.exc") and type(defect).__name__ == "OperationalError":
        return Decision("database.unreachable", reason=str(getattr(defect, "orig", defect)).strip())
    if isinstance(defect, OSError) and defect.strerror is not None:
        return Decision("cli.system_refused", reason=defect.strerror, file=str(defect.filename or ""))
    return None


def _fail(decision: Decision, code: int, as_json: bool) -> int:
    text = console.sentence_of(decision)
    console.message(text)
    _say_json(as_json, decision, text)
    return code


def _say_json(as_json: bool, decision: Decision, text: str) -> None:
    if as_json:
        params = {name: str(value) for name, value in decision.params.items()}
        click.echo(console.as_json_text({"error": {"code": decision.code, "params": params, "message": text}}))


if __name__ == "__main__":
    main()
