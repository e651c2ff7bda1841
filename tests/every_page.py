"""Every page of the site, and who opens it in a browser: a page nobody opens fails `tests/unit/app/test_every_page…`.

A page is a route that answers HTML to somebody. It is opened

- on the demonstration, by the person of a role (`OPENED`, walked by `tests/e2e/every_page`): an address; or a route
  with holes (`/lignes/<path:line_id>`) or a question mark (`/trajets/fiche?`), filled by the first such link on the
  pages that this person opened before;
- or by another test (`ELSEWHERE`), which is held to it: `tests/e2e/conftest.py` fails it when it ends without having
  judged that page.

What is left is no page (`NOT_PAGES` and the two rules above it), with the reason.
"""

import re
import tempfile
from collections.abc import Iterable
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect

from mobigo.infra.roles import Role

A_FILE: Final = re.compile(r"\.(?:[a-z0-9]+|<\w+>)$")  # a name that ends so is a file's: a paper, a feed, a picture
FOR_MACHINES: Final = (
    "/api/",
    "/navitia/",
    "/siri/",
    "/static/",
    "/d/",
)  # answers programs, or gives files by their name
NOT_PAGES: Final = {
    "/healthz": "a word for who watches the machine",
    "/readyz": "a word for who watches the machine",
    "/metrics": "figures for Prometheus",
    "/C/<token>": "leads to the page that gets one in, the code filled in",
    "/achats/commandes/<order_id>/<secret>/retour": "where a bank sends the buyer back: leads to the order",
    "/achats/commandes/<order_id>/<secret>/continuer/<item_id>/retour": "leads to the journey back",
    "/carte/fond/<int:z>/<int:x>/<int:y>": "a tile of the map's ground",
    "/compte/donnees": "a file: all that is held about somebody",
    "/compte/documents/<ref>": "a file: a document somebody gave",
    "/demandes/<number>/<secret>/pieces/<file_id>": "a file joined to a request",
    "/demandes/agents/<number>/pieces/<file_id>": "a file joined to a request",
    "/compte/fournisseurs/<name>": "leads to an identity provider",
    "/connexion/<name>": "leads to an identity provider",
    "/connexion/<name>/retour": "where an identity provider sends one back",
    "/covoiturage/agents/lots/<batch_id>/fichier": "a file: the bank's",
    "/donnees/gestion/versions/<version_id>/fichiers/<name>": "a file of a version",
    "/scolaire/agents/arrets/<stop>/photographie": "a file: the photograph of a stop",
    "/scolaire/agents/dossiers/<registration>/documents/<document>": "a file: what a family sent",
    "/scolaire/famille/dossiers/<registration>/documents/<document>": "a file: what a family sent",
    "/scolaire/plans/versions/<version_id>/services/<half>/<name>/verification": "an answer to a script, in JSON",
}
OPENED: Final[dict[Role | None, tuple[str, ...]]] = {
    None: (
        "/", "/trajets?", "/trajets/comment?", "/trajets/fiche?", "/trajets/tarif",
        "/achats/trajet/<token>", "/tarifs/comparer/<token>", "/jusqu-ou",
        "/jusqu-ou?", "/arrets/<path:place_id>", "/lignes", "/lignes/<path:line_id>", "/departs", "/achats",
        "/achats/panier", "/constat", "/covoiturage", "/covoiturage/lignes/<code>", "/covoiturage/panneau/<stop_id>",
        "/donnees", "/scolaire", "/tad", "/tad/<code>", "/ecran/<path:place_id>",
        "/recherche", "/guides/voyageur", "/guides/famille", "/guides/conducteur",
    ),
    Role.TRAVELLER: (
        "/compte", "/compte/effacer", "/covoiturage/places", "/covoiturage/retrouver-mes-trajets",
        "/covoiturage/mon-telephone",
    ),
    Role.DRIVER: (
        "/covoiturage/age", "/covoiturage/inscription", "/covoiturage/conduire", "/covoiturage/mes-trajets",
        "/covoiturage/mes-aides", "/covoiturage/mes-aides/releves/<month>", "/covoiturage/mes-aides/compte-bancaire",
        "/covoiturage/mes-aides/reclamation", "/covoiturage/monter", "/covoiturage/signaler", "/covoiturage/urgence",
    ),
    Role.FAMILY: ("/scolaire/famille", "/scolaire/famille/inscription", "/scolaire/famille/rejoindre"),
    Role.COUNTER_AGENT: (
        "/travail", "/guichet", "/guichet/chercher", "/billettique/agents/billets", "/controle/dossiers",
        "/controle/remboursements",
        "/covoiturage/agents", "/covoiturage/agents/papier", "/covoiturage/agents/telephone",
        "/covoiturage/agents/telephone-verifie", "/covoiturage/agents/garanties", "/covoiturage/agents/signalements",
        "/covoiturage/agents/personnes", "/scolaire/agents/papier", "/tad/agents", "/tad/agents/<code>/telephone",
        "/tad/agents/<code>/<day>", "/tad/tournees/<code>/<day>/<vehicle>",
    ),
    Role.INSPECTOR: ("/controle", "/controle/tournee"),
    Role.SCHOOL_MANAGER: (
        "/scolaire/agents", "/scolaire/agents/alertes", "/scolaire/agents/arrets", "/scolaire/agents/calendrier",
        "/scolaire/agents/etablissements", "/scolaire/agents/etablissements/<uai>", "/scolaire/agents/imports",
        "/scolaire/agents/recours", "/scolaire/agents/dossiers/<registration>", "/scolaire/eleves",
        "/scolaire/plans/les-miens", "/scolaire/jour", "/scolaire/jour/fichier", "/scolaire/agents/comptages",
        "/scolaire/agents/remplacements", "/scolaire/agents/accompagnement", "/scolaire/doublages", "/scolaire/numeros",
    ),
    Role.SCHOOL_PLANNER: (
        "/scolaire/plans/", "/scolaire/plans/lots", "/scolaire/plans/lots/<lot_id>/prix",
        "/scolaire/plans/indices", "/scolaire/plans/parametres", "/scolaire/plans/lignes", "/scolaire/plans/<plan_id>",
        "/scolaire/plans/recherches/<job_id>",
    ),
    Role.NETWORK_PLANNER: ("/etudes", "/etudes/matrices"),
    Role.CARPOOL_MANAGER: (
        "/covoiturage/agents", "/covoiturage/agents/alertes", "/covoiturage/agents/alertes/<alert_id>",
        "/covoiturage/agents/demandes", "/covoiturage/agents/demandes/<claim_id>", "/covoiturage/agents/dossiers",
        "/covoiturage/agents/dossiers/<case_id>", "/covoiturage/agents/personnes/<person>", "/covoiturage/simulation",
    ),
    Role.FINANCE_AGENT: (
        "/covoiturage/agents", "/covoiturage/agents/lots", "/covoiturage/agents/lots/<batch_id>",
        "/billettique/agents/tarifs", "/billettique/agents/tarifs/<code>", "/billettique/agents/offres",
    ),
    Role.ORDONNATEUR: (
        "/covoiturage/agents", "/covoiturage/agents/mois", "/covoiturage/agents/trop-percus", "/covoiturage/chiffres",
        "/titres/chiffres", "/titres/compensation",
    ),
    Role.COMPTABLE_PUBLIC: ("/covoiturage/agents/retours", "/guichet/comptable"),
    Role.REGISSEUR: ("/guichet/regie", "/billettique/agents/rapprochement"),
    Role.AO2: ("/scolaire/arrets/demander", "/scolaire/eleves"),
    Role.PUBLISHER: (
        "/reseaux", "/reseaux/<feed>/versions/<version_id>", "/donnees/gestion", "/donnees/controle",
    ),
    Role.ADMINISTRATOR: (
        "/travail/chiffres", "/admin/", "/admin/comptes", "/admin/comptes/<subject>", "/admin/journal",
        "/admin/organisations", "/admin/travaux",
        "/admin/territoire", "/admin/territoire/<part>", "/tad", "/tad/<code>", "/tad/agents/<code>/modifier",
        "/compte/cles", "/billettique/agents/cles",
    ),
}  # fmt: skip
_E2E: Final = "tests/e2e/"
_HERE: Final = f"{_E2E}every_page/test_every_page_in_a_browser.py::"
_AUTH: Final = f"{_E2E}auth/test_account_pages_in_a_browser.py::"
_BUYING: Final = f"{_E2E}billettique/test_buying_in_a_browser.py::"
_TICKETS: Final = f"{_E2E}billettique_tickets/test_ticket_page_in_a_browser.py::"
_COUNTER: Final = f"{_E2E}billettique_counter/test_counter_in_a_browser.py::"
_INSPECTOR: Final = f"{_E2E}billettique_inspector/"
_AGENTS: Final = f"{_E2E}covoit_agents/test_covoit_agents_in_a_browser.py::"
_LINES: Final = f"{_E2E}covoit_lines/test_covoit_lines_in_a_browser.py::"
_DRIVER: Final = f"{_E2E}covoit_driver/test_driver_in_a_browser.py::"
_OPEN_DATA: Final = f"{_E2E}opendata_publication/test_open_data_in_a_browser.py::"
_TAD: Final = f"{_E2E}tad/test_tad_in_a_browser.py::"
_REQUESTS: Final = f"{_E2E}requests/test_request_in_a_browser.py::"
_FAMILY: Final = f"{_E2E}scolaire_people/test_family_in_a_browser.py::"
_SHELL: Final = f"{_E2E}app/test_shell_pages_in_a_browser.py::test_a_page_is_for_everybody"
_BEFORE: Final = f"{_AUTH}test_a_page_before_signing_in_is_for_everybody"
_REUSERS: Final = f"{_OPEN_DATA}test_the_pages_of_reusers_are_for_everybody"
_BOTH_PROVE: Final = f"{_LINES}test_positions_of_both_prove_a_ride_without_a_code"

ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    f"{_E2E}planner_web/test_after_and_assistance_in_a_browser.py::"
    "test_terms_are_written_by_one_and_approved_by_another_and_a_journey_is_summed_up": (
        "/suivre/<trip>/bilan", "/perturbations/assistance", "/perturbations/assistance/nouvelle",
        "/perturbations/gestion/avis",
    ),
    f"{_SHELL}[fr-FR-/aide]": ("/aide",),
    f"{_E2E}auth/test_region_in_a_browser.py::test_a_file_is_tried_then_put_in_use": (
        "/admin/territoire/<part>/<job_id>",
    ),
    f"{_E2E}planner_web/test_disruptions_in_a_browser.py::test_a_disruption_is_written_once_and_seen_everywhere": (
        "/perturbations", "/perturbations/suivre/<follower>/<token>", "/perturbations/gestion",
        "/perturbations/gestion/nouvelle", "/perturbations/gestion/<disruption>",
    ),
    f"{_E2E}planner_web/test_coach_run_in_a_browser.py::test_a_driver_follows_a_run_on_a_telephone": (
        "/conduire/courses", "/conduire/courses/suivie",
    ),
    f"{_E2E}planner_web/test_coach_run_in_a_browser.py::test_bicycles_and_car_parks_in_words": ("/velos-et-parkings",),
    f"{_E2E}planner_web/test_following_in_a_browser.py::"
    "test_a_journey_is_followed_through_a_cancellation_and_without_a_network": (
        "/suivre/", "/suivre/<trip>", "/suivre/avis/<follower>/<token>",
    ),
    f"{_E2E}planner_web/test_studies_in_a_browser.py::test_a_scenario_is_drawn_compared_and_read": (
        "/etudes/scenarios/<scenario_id>", "/etudes/scenarios/<scenario_id>/lignes/<path:line_id>",
        "/etudes/comparaisons/<job_id>",
    ),
    f"{_TAD}test_a_traveller_books_by_keyboard_without_scripts": ("/tad/reservations/<booking_id>/<secret>",),
    f"{_REQUESTS}test_a_request_goes_from_a_telephone_to_an_agent_and_back": (
        "/demandes/<number>/<secret>", "/demandes/agents", "/demandes/agents/<number>",
    ),
    f"{_REQUESTS}test_the_forms_are_for_everybody[/demandes-False]": ("/demandes",),
    f"{_REQUESTS}test_the_forms_are_for_everybody[/demandes/retrouver-False]": ("/demandes/retrouver",),
    f"{_REQUESTS}test_the_forms_are_for_everybody[/demandes/agents/saisir-True]": ("/demandes/agents/saisir",),
    f"{_SHELL}[fr-FR-/accessibilite]": ("/accessibilite",),
    f"{_SHELL}[fr-FR-/mentions-legales]": ("/mentions-legales",),
    f"{_SHELL}[fr-FR-/competences?commune=Saulieu]": ("/competences",),
    f"{_SHELL}[fr-FR-/api/v1/docs]": ("/api/v1/docs",),
    f"{_BEFORE}[fr-FR-/connexion]": ("/connexion",),
    f"{_BEFORE}[fr-FR-/inscription]": ("/inscription",),
    f"{_BEFORE}[fr-FR-/mot-de-passe-oublie]": ("/mot-de-passe-oublie",),
    f"{_BEFORE}[fr-FR-/lettre-envoyee]": ("/lettre-envoyee",),
    f"{_BEFORE}[fr-FR-/deconnexion/faite]": ("/deconnexion/faite",),
    f"{_AUTH}test_the_pages_that_a_letter_leads_to_are_for_everybody[scripts]": (
        "/inscription/<secret>", "/mot-de-passe/<secret>", "/compte/adresse/<secret>",
    ),
    f"{_BUYING}test_every_page_of_a_purchase_is_for_everybody": (
        "/achats/payer", "/simulation/paiement/<form_id>", "/achats/commandes/<order_id>/<secret>",
    ),
    f"{_BUYING}test_the_bank_asks_its_holder_and_yes_makes_the_ticket": ("/simulation/3ds/<intent_id>",),
    f"{_BUYING}test_a_ticket_is_given_back_from_its_order": (
        "/achats/commandes/<order_id>/<secret>/rembourser/<item_id>",
    ),
    f"{_BUYING}test_a_pass_is_taken_from_another_day_on": ("/achats/commandes/<order_id>/<secret>/echanger/<item_id>",),
    f"{_TICKETS}test_every_kind_of_ticket_is_for_everybody_and_light": (
        "/billet/<entitlement_id>/<token>/",
    ),
    f"{_COUNTER}test_every_page_of_the_counter_is_for_everybody": (
        "/guichet/vendre", "/guichet/commandes/<order_id>", "/guichet/cloturer", "/guichet/caisses/<till_id>",
    ),
    f"{_INSPECTOR}test_a_round_in_a_browser.py::test_a_penalty_goes_back_and_a_mistyped_address_is_set_right": (
        "/constat/<reference>/<secret>",
    ),
    f"{_INSPECTOR}test_inspector_in_a_browser.py::test_a_contest_goes_from_the_person_to_an_agent_and_back": (
        "/controle/dossiers/<case_id>",
    ),
    f"{_AGENTS}test_the_pages_are_for_everybody[/decisions/{{decision}}-ordonnateur]": (
        "/covoiturage/agents/decisions/<decision_id>",
    ),
    f"{_AGENTS}test_the_pages_are_for_everybody[/exclusions/{{excluded}}-carpool_manager]": (
        "/covoiturage/agents/exclusions/<ban_id>",
    ),
    f"{_DRIVER}test_every_page_is_for_everybody": (
        "/covoiturage/mes-aides/compte-bancaire/code", "/covoiturage/mes-aides/decisions/<decision_id>",
        "/covoiturage/mes-aides/dossiers/<case_id>", "/covoiturage/mes-aides/trajets/<award>",
        "/covoiturage/mes-aides/trajets/<award>/recalcul",
    ),
    _BOTH_PROVE: ("/covoiturage/places/<booking_id>", "/covoiturage/trajets/<offer_id>"),
    f"{_LINES}test_somebody_new_declares_their_age_and_joins_as_a_driver": ("/covoiturage/mon-telephone/code",),
    f"{_LINES}test_a_passenger_waits_at_a_stop": ("/covoiturage/attente/<waiting_id>",),
    f"{_REUSERS}[/donnees/essai-lieux-360]": ("/donnees/<code>",),
    f"{_REUSERS}[/donnees/non-publiees-360]": ("/donnees/non-publiees",),
    f"{_REUSERS}[/donnees/service-360]": ("/donnees/service",),
    f"{_REUSERS}[/donnees/essai-lieux/service-360]": ("/donnees/<code>/service",),
    f"{_REUSERS}[/donnees/suivre-360]": ("/donnees/suivre",),
    f"{_REUSERS}[/donnees/essai-lieux/versions-360]": ("/donnees/<code>/versions",),
    f"{_OPEN_DATA}test_a_version_of_a_dataset_is_for_everybody": ("/donnees/<code>/versions/<label>",),
    f"{_OPEN_DATA}test_who_asks_to_be_told_confirms_on_a_page_for_everybody[scripts]": (
        "/donnees/suivre/<follower>/<token>",
    ),
    f"{_OPEN_DATA}test_the_desk_is_for_everybody": (
        "/donnees/gestion/jeux/<code>", "/donnees/gestion/versions/<version_id>",
    ),
    f"{_E2E}opendata_changes/test_changes_in_a_browser.py::test_what_changes_is_read_by_everybody": (
        "/donnees/<code>/versions/<label>/changements",
    ),
    f"{_FAMILY}test_every_page_is_for_everybody[anne]": (
        "/scolaire/famille/dossiers/<registration>", "/scolaire/famille/inscription/<uai>",
        "/scolaire/famille/eleves/<pupil>/autre-parent", "/scolaire/famille/eleves/<pupil>/renouveler/<int:year>",
        "/scolaire/famille/eleves/<pupil>/renouveler/<int:year>/<uai>",
    ),
    f"{_FAMILY}test_every_page_is_for_everybody[manager]": (
        "/scolaire/agents/papier/<uai>", "/scolaire/agents/arrets/<stop>",
    ),
    f"{_E2E}scolaire_plans/test_the_planners_desk_in_a_browser.py::test_every_page_of_the_desk_is_for_everybody": (
        "/scolaire/plans/comparer", "/scolaire/plans/comparer/lettres", "/scolaire/plans/versions/<version_id>",
        "/scolaire/plans/versions/<version_id>/retards",
        "/scolaire/plans/versions/<version_id>/services/<half>/<name>",
    ),
    f"{_HERE}test_a_draft_of_a_tariff_is_begun": (
        "/billettique/agents/tarifs/brouillons/<draft_id>", "/billettique/agents/tarifs/brouillons/<draft_id>/lieux",
    ),
    f"{_HERE}test_a_payment_contested_at_the_bank_is_looked_at": (
        "/billettique/agents/a-repondre",
        "/billettique/agents/contestations/<provider>/<ref>",
    ),
}  # fmt: skip


@cache
def url_map() -> Map:
    """The routes of the whole application, made on a configuration that touches nothing of the machine's own."""
    from mobigo.app import create_app
    from mobigo.infra.config import load_config

    with tempfile.TemporaryDirectory() as home:
        return create_app(load_config({"MOBIGO_HOME": home})).url_map


def rule_of(address: str) -> str | None:
    """The route that answers there, or None."""
    try:
        rule, _held = url_map().bind("localhost").match(urlsplit(address).path, method="GET", return_rule=True)
    except (HTTPException, RequestRedirect):
        return None
    return str(rule.rule)


def pages() -> set[str]:
    """Every route that answers a page to somebody."""
    routes = {rule.rule for rule in url_map().iter_rules() if "GET" in (rule.methods or ())}
    return {
        route
        for route in routes
        if not A_FILE.search(route) and not route.startswith(FOR_MACHINES) and route not in NOT_PAGES
    }


def opened() -> set[str]:
    """The routes that somebody opens, here or elsewhere."""
    addresses = {wanted for path in OPENED.values() for wanted in path}
    here = {wanted.rstrip("?") if "<" in wanted or "?" in wanted else rule_of(wanted) or wanted for wanted in addresses}
    return here | {route for routes in ELSEWHERE.values() for route in routes}


def link_for(wanted: str, links: Iterable[str]) -> str | None:
    """The first of these addresses that leads to the route, with a question when one is wanted."""
    route = wanted.rstrip("?")
    fits = (each for each in links if rule_of(each) == route and (not wanted.endswith("?") or urlsplit(each).query))
    return next(fits, None)


def unseen_by(test: str, judged: Iterable[str]) -> list[str]:
    """Of the pages that this test is said to open, those that it did not judge."""
    said = ELSEWHERE.get(test, ())
    seen = {rule_of(each) for each in judged} if said else set()
    return [route for route in said if route not in seen]
