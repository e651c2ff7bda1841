"""`mobigo sms …`: text messages that come in, for who sets the gateway up or tries it without one."""

import click

from mobigo.infra import console


@click.group()
def sms() -> None:
    """Les SMS reçus : un arrêt demandé, ses prochains départs en réponse."""


@sms.command()
@console.json_option
def address(as_json: bool) -> int:
    """Dire l'adresse que l'opérateur SMS doit appeler : elle est secrète."""
    from mobigo.infra.config import load_config
    from mobigo.planner.web.texted import token_of

    config = load_config()
    found = f"{config.base_url}/sms/{token_of(config)}"
    console.emit({"address": found}, as_json, found)
    return console.DONE


@sms.command()
@click.argument("text")
@console.json_option
@click.pass_obj
def answer(open_services, text: str, as_json: bool) -> int:  # type: ignore[no-untyped-def]  # see `mobigo.app.cli`
    """Montrer ce qui serait répondu à ce texte, sans rien envoyer."""
    from mobigo.infra import clock
    from mobigo.planner.export.texted import answer as answered
    from mobigo.planner.gateway.territory import boards_of, places_of

    services = open_services()
    with services.networks.today() as live:
        body = answered(live, places_of(live, services.config.home), boards_of(live), text, clock.now())
    console.emit({"text": body, "letters": len(body)}, as_json, body)
    return console.DONE
