"""A process that publishes until it is killed: run by `test_publication_kills`."""

from datetime import timedelta
from pathlib import Path

from mobigo.infra.config import load_config
from mobigo.infra.db import open_engine
from opendata.service.publishing import publish_all
from tests.kills import Say
from tests.opendata_world import NOW, Facts, tools_of


def publish(say: Say, home: str, first: int) -> None:
    """Publish two hundred rows and one that changes, `first` and on; says the number of each before and after."""
    config = load_config({"MOBIGO_HOME": home})
    tools = tools_of(config, open_engine(f"sqlite:///{Path(home) / 'mobigo.sqlite'}"))
    rows = [(f"arret-{number:03d}", number) for number in range(200)]
    say("ready")
    for count in range(first, first + 6):
        say(("begins", count))
        (outcome,) = publish_all(tools, [Facts(rows=[*rows, ("essai", count)]).offer], NOW + timedelta(hours=count))
        say(("shown", count, outcome.result))
