"""`mobigo billettique …`: a table of names, each imported when it is called.

To add a command: one line in `COMMANDS`; its module says what it does, its help line stands here, so that
`mobigo billettique --help` imports nothing else.
"""

from typing import Final

import click

from mobigo.infra.commands import Command, LazyGroup

COMMANDS: Final[dict[str, Command]] = {
    "issue": Command("billettique.cli.issue:issue", "Émettre un titre d'essai (un spécimen), et le signer."),
    "verify-code": Command("billettique.cli.verify_code:verify_code", "Vérifier un code : 0 s'il est bon, 3 sinon."),
    "reconcile": Command(
        "billettique.cli.reconcile:reconcile", "Rapprocher les comptes des prestataires de paiement, au centime."
    ),
    "fec": Command("billettique.cli.fec:fec", "Écrire le FEC d'un exercice (exploitant privé seulement)."),
    "quote": Command("billettique.cli.quote:quote", "Calculer le prix d'un trajet, ligne par ligne."),
}


@click.group(cls=LazyGroup, table=COMMANDS)
def billettique() -> None:
    """Billettique : tarifs et titres de transport."""
