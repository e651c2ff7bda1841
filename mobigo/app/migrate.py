"""`mobigo migrate`: bring the database to the schema of this version."""

import click

from mobigo.infra import console
from mobigo.infra.config import load_config
from mobigo.infra.i18n import gettext as _


@click.command(help="Mettre la base de données au schéma de cette version.")
@console.json_option
def migrate(as_json: bool) -> None:
    """Migrates the configured database; says from which revision to which."""
    from mobigo.app import schema
    from mobigo.infra.db import open_engine

    engine = open_engine(load_config().database_url)
    before, after = schema.migrate(engine)
    engine.dispose()
    if before == after:
        text = _("La base est déjà au schéma de cette version (%(after)s).", after=after)
    elif before is None:
        text = _("La base est créée, au schéma %(after)s.", after=after)
    else:
        text = _("La base est passée du schéma %(before)s au schéma %(after)s.", before=before, after=after)
    console.emit({"before": before, "after": after, "changed": before != after}, as_json, text)
