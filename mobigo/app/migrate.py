"""`mobigo migrate`: bring the database to the schema of this version."""

import click

from mobigo.infra import console
from mobigo.infra.config import load_config


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
        text = f"La base est déjà au schéma de cette version ({after})."
    else:
        text = f"La base est passée du schéma {before or 'vide'} au schéma {after}."
    console.emit({"before": before, "after": after, "changed": before != after}, as_json, text)
