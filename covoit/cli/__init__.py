"""`mobigo covoit …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo covoit --help` imports nothing else.
"""

from typing import Final

import click

from mobigo.infra.commands import Command, LazyGroup

COMMANDS: Final[dict[str, Command]] = {
    "close": Command("covoit.cli.close:close", "Clore un mois : relevés figés, montants exigibles, appels de fonds."),
    "fund": Command("covoit.cli.fund:fund", "Ouvrir ou abonder le budget d'une campagne."),
    "pay": Command("covoit.cli.pay:pay", "Payer un mois : préparer, vérifier, ordonner, accepter, envoyer, retours."),
    "settle": Command("covoit.cli.settle:settle", "Noter qu'un appel de fonds a été payé à la société de l'opérateur."),
    "verify": Command("covoit.cli.verify:verify", "Vérifier le grand livre, les aides, les relevés, les paiements."),
    "price": Command("covoit.cli.price:price", "Calculer l'aide de trajets, étape par étape."),
    "simulate": Command("covoit.cli.simulate:simulate", "Chiffrer un autre barème sur des trajets passés."),
    "export": Command("covoit.cli.export:export", "Écrire les tables d'un mois, avec leur règle de confidentialité."),
    "communes": Command("covoit.cli.communes:communes", "Contours des communes : importer, dire ce qui manque."),
    "ingest": Command("covoit.cli.ingest:ingest", "Recevoir un fichier de trajets, avec reçu et lignes refusées."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def covoit() -> None:
    """Covoiturage : de la preuve au paiement."""
