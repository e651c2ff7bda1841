"""A portal's harvester reads the whole catalogue over HTTP, twice: nothing doubled or lost, what was closed told."""

import urllib.error
import urllib.request
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rdflib import Graph
from rdflib.namespace import DCAT, RDF

from mobigo.app.open_live import ALERTS
from opendata.model.datasets import Period
from opendata.service import governance
from opendata.web import catalogues
from tests.harvester import FORMATS, Portal
from tests.integration.opendata_publication.conftest import Published, serving
from tests.opendata_world import NOW, PLACES, ROWS, Facts

CODES = [f"essai-{number}" for number in range(5)]
WHY = "Ces lieux ne sont plus desservis."


@pytest.fixture
def site_at(open_site: Published, open_app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The address of the site, five datasets on pages of two; the site says that it is there."""
    monkeypatch.setattr(catalogues, "PAGE", 2)
    for code in CODES[:4]:
        open_site.publish(Facts(replace(PLACES, code=code, title=f"Lieux {code}"), rows=[(code, 1)]))
    flux = replace(PLACES, code=CODES[4], title="Flux", period=Period.LIVE, live=(ALERTS,))
    open_site.publish(Facts(flux, rows=[("flux", 1)]))
    services = open_app.extensions["mobigo"]
    with serving(open_app) as base:
        monkeypatch.setattr(services, "config", replace(services.config, base_url=base))
        yield base


@pytest.mark.parametrize("accept", list(FORMATS))
def test_a_portal_harvests_twice_without_a_double(open_site: Published, site_at: str, accept: str) -> None:
    portal = Portal(accept)
    first = portal.harvest(f"{site_at}/donnees")  # the page for people, which answers RDF to who reads it
    assert (first["new"], first["twice"], first["unchanged"]) == (CODES, [], [])
    for _title, _modified, addresses in portal.held.values():
        for address in addresses:
            with urllib.request.urlopen(address) as answer:
                assert answer.status == 200
    assert f"{site_at}/perturbations.pb" in portal.held[CODES[4]][2]  # what is told live, read like the rest
    again = portal.harvest(f"{site_at}/donnees")
    assert (again["same"], again["new"], again["changed"], again["gone"], again["twice"]) == (CODES, [], [], [], [])
    assert len(again["unchanged"]) == 3  # every page, by its tag


def test_what_changed_and_what_was_closed_reach_the_portal(open_site: Published, site_at: str) -> None:
    portal = Portal("text/turtle")
    portal.harvest(f"{site_at}/donnees")
    later = NOW + timedelta(days=1)
    open_site.publish(Facts(replace(PLACES, code=CODES[0], title=f"Lieux {CODES[0]}"), rows=ROWS), later)
    governance.remove(open_site.tools, CODES[3], "anne", later, WHY, CODES[4])
    again = portal.harvest(f"{site_at}/donnees")
    assert again["changed"] == [CODES[0]]
    assert again["same"] == [CODES[1], CODES[2], CODES[4]]
    assert again["gone"] == [CODES[3]]
    assert portal.withdrawn == {CODES[3]: WHY}  # and it knows why
    for accept, form in FORMATS.items():
        request = urllib.request.Request(f"{site_at}/donnees/{CODES[3]}", headers={"Accept": accept})
        with pytest.raises(urllib.error.HTTPError) as gone:
            urllib.request.urlopen(request)
        assert (gone.value.code, gone.value.headers.get_content_type()) == (410, accept)
        left = Graph().parse(data=gone.value.read(), format=form)
        assert not list(left.subjects(RDF.type, DCAT.Dataset))
        assert f"{site_at}/donnees/{CODES[4]}#jeu" in {str(each) for each in left.objects()}
    page = open_site.get(f"/donnees/{CODES[3]}", Accept="text/html")
    assert (page.status_code, WHY in page.text) == (410, True)
