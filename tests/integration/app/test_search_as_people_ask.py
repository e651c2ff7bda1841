"""The public search on the demonstration: what commuters, parents, old people and visitors ask, as they type it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask

from mobigo.app.factory import create_app
from mobigo.app.web import searching
from mobigo.infra.clock import now
from mobigo.infra.config import load_config
from mobigo.infra.i18n import use_language
from mobigo.infra.web import services
from tests.demo_home import Demo
from tests.search_questions import IN_ENGLISH, IN_FRENCH, STEPS, answers


@pytest.fixture(scope="module")
def app(demo_template: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[APIFlask]:
    home: Path = demo_template.copy(tmp_path_factory.mktemp("asked") / "home")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MOBIGO_")}
    made = create_app(load_config({**ours, "MOBIGO_HOME": str(home), "MOBIGO_ENV": "demo"}))
    yield made
    with made.app_context():
        services().engine.dispose()


def first_three(app: APIFlask, text: str, language: str) -> list[str]:
    with app.test_request_context("/recherche"), use_language(language):
        return [hit.entry.href for hit in searching.find(text, now())][:3]


def test_they_are_sixty_or_more_and_each_once() -> None:
    asked = [text for text, _wanted in STEPS + IN_FRENCH + IN_ENGLISH]
    assert len(asked) - len(STEPS) >= 60
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize(("text", "wanted"), IN_FRENCH + STEPS, ids=[text for text, _wanted in IN_FRENCH + STEPS])
def test_a_question_in_french_is_answered_in_the_first_three(app: APIFlask, text: str, wanted: str) -> None:
    found = first_three(app, text, "fr")
    assert any(answers(href, wanted) for href in found), found


@pytest.mark.parametrize(("text", "wanted"), IN_ENGLISH, ids=[text for text, _wanted in IN_ENGLISH])
def test_a_question_in_english_is_answered_in_the_first_three(app: APIFlask, text: str, wanted: str) -> None:
    assert wanted in first_three(app, text, "en")
