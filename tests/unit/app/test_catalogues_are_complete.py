"""Whatever people read exists in both languages, says the same parameters, and is set as French is set."""

import re
from collections import defaultdict

import pytest
from babel.messages.catalog import Message

from mobigo.app import jobs_registry
from mobigo.infra import http_errors
from mobigo.infra.jobs import registry
from mobigo.infra.roles import Permission, Role
from tests import catalogues, typography

PO = [(language, path, message) for language in ("fr", "en") for path, message in catalogues.entries(language)]


def texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [str(message.string)]


def ids(message: Message) -> list[str]:
    return list(message.id) if isinstance(message.id, (tuple, list)) else [str(message.id)]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_message_and_every_decision_has_its_words(language: str) -> None:
    assert [f"{said.where}: {said.text}" for said in catalogues.missing(language)] == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("status", http_errors.SPOKEN)
def test_every_status_says_what_happened_and_what_to_do(language: str, status: int) -> None:
    known = catalogues.known(language)
    assert [part for part in ("title", "reason", "advice") if f"http.{part}_{status}" not in known] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_role_and_every_permission_has_its_name(language: str) -> None:
    names = [f"role.{role}" for role in Role] + [f"permission.{each}" for each in Permission]
    assert [name for name in names if name not in catalogues.known(language)] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_job_has_its_name(language: str) -> None:
    jobs_registry.install()
    ours = [kind for kind in registry.kinds() if not kind.function.__module__.startswith("tests.")]
    names = [f"jobs.name.{kind.name}" for kind in ours]
    assert names
    assert [name for name in names if name not in catalogues.known(language)] == []


def test_no_entry_is_empty_or_doubtful() -> None:
    assert [f"{path}: {message.id}" for _, path, message in PO if message.fuzzy or not all(texts(message))] == []


RAW_MINUTES = {
    "%(count)s min",  # a screen of departures: an hour or more is not counted down
    "gtfs.invalid_prior_notice_duration_min",  # the value of the file, in the unit of its column
    "scenario.shift_out_of_range", "scenario.ride_out_of_range", "scolaire.figures_bounds",  # of a field in minutes
    "%(num)s minute", "%(num)s minute plus tard", "%(num)s minute plus tôt",  # of a bell: half an hour at most
}  # fmt: skip


LABELLED = re.compile(r'aria-label="\{\{(?P<label>[^"]*?)\}\}"[^<>]*>\s*\{\{(?P<shown>[^<]*?)\}\}\s*</(?:button|a)>')
MESSAGE = re.compile(r"""_\((?P<mark>["'])(.+?)(?P=mark)\)""")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_what_a_button_is_called_holds_what_it_shows(language: str) -> None:
    """WCAG 2.2, 2.5.3: who speaks to the page says the words that show."""
    known, seen, wrong = catalogues.known(language), 0, []
    for path in catalogues.sources(".html"):
        for found in LABELLED.finditer(path.read_text("utf-8")):
            label, shown = ([said[2] for said in MESSAGE.finditer(found[part])] for part in ("label", "shown"))
            for called, written in zip(label, shown, strict=False):
                name, words = known.get(called, called), known.get(written, written)
                seen += 1
                if words.casefold() not in name.casefold():
                    wrong.append(f"{path.relative_to(catalogues.ROOT)}: “{words}” is called “{name}”")
    assert seen > 10
    assert wrong == []


def test_a_number_of_minutes_is_said_as_a_duration() -> None:
    """ "3 h 57", never "237 min": the text holds no unit, the value brings it."""
    raw = re.compile(r"%\(\w+\)[sd]\s?(min|minutes?)\b")
    found = {
        ids(message)[0].replace("\u00a0", " ")
        for _, _, message in PO
        if any(raw.search(text) for text in (*texts(message), *ids(message)))
    }
    assert found == RAW_MINUTES


def test_a_message_means_one_thing_in_the_whole_product() -> None:
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for language, _path, message in PO:
        said[language, ids(message)[0]].add(texts(message)[0])
    assert {key: words for key, words in said.items() if len(words) > 1} == {}


def test_a_translation_takes_the_parameters_of_its_message() -> None:
    wrong = []
    for _language, path, message in PO:
        if not catalogues.CODE.fullmatch(ids(message)[0]):
            allowed = frozenset().union(*(catalogues.placeholders(each) for each in ids(message)))
            for text in texts(message):
                if not catalogues.placeholders(text) <= allowed:
                    wrong.append(f"{path}: {ids(message)[0]}")
    assert wrong == []


def test_a_sentence_takes_parameters_the_decision_has_and_the_same_in_both_languages() -> None:
    given: dict[str, list[catalogues.Said]] = defaultdict(list)
    for said in catalogues.codes():
        given[said.text].append(said)
    french, english = catalogues.known("fr"), catalogues.known("en")
    wrong = []
    for code in set(french) & set(english):
        if not catalogues.CODE.fullmatch(code):
            continue
        if catalogues.placeholders(french[code]) != catalogues.placeholders(english[code]):
            wrong.append(f"{code}: fr and en differ")
        for said in given[code]:
            if said.params is not None and not catalogues.placeholders(french[code]) <= said.params:
                wrong.append(f"{said.where}: {code} is not given all that its sentence says")
    assert wrong == []


def test_a_percent_sign_alone_would_break_a_sentence() -> None:
    lone = re.compile(r"%(?!\(\w+\)[sd]|%)")
    with_params = [
        (path, text)
        for _, path, message in PO
        for text in texts(message)
        if catalogues.placeholders(text) and lone.search(text.replace("%%", ""))
    ]
    assert with_params == []


def test_french_is_set_as_french_is_set() -> None:
    wrong = [
        f"{said.where}: {fault}"
        for said in catalogues.messages()
        if not catalogues.CODE.fullmatch(said.text)
        for fault in typography.faults(said.text)
    ]
    wrong += [
        f"{path.parts[-4]}: {message.id}: {fault}"
        for language, path, message in PO
        if language == "fr"
        for text in texts(message)
        for fault in typography.faults(text)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Voulez-vous partir\u202f?", 0),
        ("Voulez-vous partir ?", 1),
        ("Voulez-vous partir?", 1),
        ("Voulez-vous partir\u00a0?", 1),
        ("«\u202fSaulieu\u202f»", 0),
        ("« Saulieu »", 1),
        ("l’arrêt", 0),
        ("l'arrêt", 1),
        ("8\u00a0h\u00a005", 0),
        ("8 h 05", 1),
        ("1,50\u00a0€", 0),
        ("1,50 €", 1),
        ("à 8:05", 0),
        ("https://exemple.fr", 0),
        ("%(name)s\u202f: rien", 0),
        ("%(name)s: rien", 1),
    ],
)
def test_what_the_typography_rules_catch(text: str, wrong: int) -> None:
    assert len(typography.faults(text)) == wrong


@pytest.mark.parametrize("text", ["Partir ? « Oui » : 8 h", "l'arrêt...", "1,50 € !", "Déjà\u202f: oui"])
def test_putting_right_leaves_nothing_wrong_and_does_it_once(text: str) -> None:
    fixed = typography.right(text)
    assert typography.faults(fixed) == []
    assert typography.right(fixed) == fixed
