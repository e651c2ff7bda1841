"""The traveller's pages as they are sent: what they answer, how they fail, what they weigh."""

import gzip
import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

TEXT_PAGE_LIMIT_BYTES = 100_000
MAP_PAGE_LIMIT_BYTES = 600_000
SEARCH = {"from": "Saulieu", "to": "Châtillon-sur-Seine", "when": "leave", "date": "2025-03-18", "time": "05:00"}


def journeys(client: FlaskClient, **changed: str) -> str:
    answer = client.get("/trajets", query_string={**SEARCH, **changed})
    assert answer.status_code == 200, answer.text
    return answer.text.replace("\u00a0", " ").replace("\u202f", " ")


def test_the_answer_comes_first_in_words_then_each_way_with_its_legs(client: FlaskClient) -> None:
    page = journeys(client)
    assert "1 façon d’y aller après 5 h" in page
    assert re.search(r"<time[^>]*>6 h 00</time>.*?<time[^>]*>7 h 50</time>", page, re.S)
    assert "1 changement" in page
    assert "Semur, gare routière" in page  # an intermediate stop
    assert page.index("<h1") < page.index("data-map")


def test_arriving_before_an_hour_is_said_so(client: FlaskClient) -> None:
    assert "1 façon d’y être avant 8 h" in journeys(client, when="arrive", time="08:00")


def test_english_is_whole(client: FlaskClient) -> None:
    page = journeys(client, lang="en")
    assert "1 way to go after 5:00" in page
    assert "1 change" in page
    client.get("/trajets?lang=fr")


def test_the_address_holds_the_whole_question_and_links_go_to_what_runs_earlier_and_later(client: FlaskClient) -> None:
    page = journeys(client)
    assert "← Plus tôt" not in page  # nothing runs before 6 h 00
    assert re.search(r'href="/trajets\?[^"]*time=07(?::|%3A)30[^"]*"[^>]*>Plus tard', page)
    later = journeys(client, time="07:30")
    assert re.search(r'href="/trajets\?[^"]*time=06(?::|%3A)00[^"]*"[^>]*>← Plus tôt', later)


def test_a_name_of_two_places_asks_which(client: FlaskClient) -> None:
    page = journeys(client, **{"from": "Saint Martin du Mont"})
    assert "Quel lieu, exactement" in page
    assert 'value="commune:21561"' in page
    assert 'value="commune:01372"' in page
    assert 'name="to" value="Châtillon-sur-Seine"' in page


def test_an_id_chosen_is_taken_unless_the_text_was_changed(client: FlaskClient) -> None:
    chosen = {"from": "Saint-Martin-du-Mont", "from_id": "commune:21561"}
    assert "Quel lieu, exactement" not in journeys(client, **chosen)
    assert "1 façon" in journeys(client, **{"from": "Saulieu", "from_id": "commune:21561"})


def test_absence_is_explained_with_the_next_day(client: FlaskClient) -> None:
    page = journeys(client, date="2025-03-20", time="20:00")
    assert "Aucun trajet" in page or "façon" in page
    page = journeys(client, date="2031-01-01")
    assert "Nos horaires vont du" in page


@pytest.mark.parametrize(
    "value", ["", " ", "\x00", "🚌" * 90, "x" * 5_000, "<script>", "'; --", "9" * 400, "NaN", "١٢", "%"]
)
@pytest.mark.parametrize(
    "name", ["from", "to", "from_id", "to_id", "when", "date", "time", "changes", "walk", "wheelchair", "mode", "lang"]
)
def test_absurd_input_gets_a_page_and_loses_nothing(client: FlaskClient, name: str, value: str) -> None:
    answer = client.get("/trajets", query_string={**SEARCH, name: value})
    assert answer.status_code in (200, 422)
    assert 'id="f-to"' in answer.text
    assert "<script>'" not in answer.text
    assert "&lt;script&gt;" in answer.text or "<script>" not in answer.text.replace("<script src", "")


@pytest.mark.parametrize(
    ("path", "name"),
    [("/trajets", "from"), ("/departs", "stop"), ("/lignes", "q")],
)
def test_what_turns_the_direction_of_writing_is_not_said_again(client: FlaskClient, path: str, name: str) -> None:
    answer = client.get(path, query_string={**SEARCH, f"{name}_id": "", name: "Nulle part\u202eecnarf"})
    assert "Nulle partecnarf" in answer.text
    assert "\u202e" not in answer.text


@pytest.mark.parametrize(
    ("date", "time", "wrong"),
    [("2025-02-29", "08:00", "jour"), ("hier", "08:00", "jour"), ("2025-03-18", "24:00", "heure"),
     ("2025-03-18", "midi", "heure"), ("9999-99-99", "8", "jour"), ("1979-12-31", "8:00", "jour")],
)  # fmt: skip
def test_a_day_or_an_hour_that_is_none_is_said_beside_its_field(
    client: FlaskClient, date: str, time: str, wrong: str
) -> None:
    answer = client.get("/trajets", query_string={**SEARCH, "date": date, "time": time})
    assert answer.status_code == 422
    assert ("Écrivez un jour" if wrong == "jour" else "Écrivez une heure") in answer.text


@pytest.mark.parametrize(("date", "time"), [("18/03/2025", "5 h"), ("2025-03-18", "5h00"), ("2025-03-18", "0500")])
def test_days_and_hours_are_read_as_people_write_them(client: FlaskClient, date: str, time: str) -> None:
    assert "1 façon" in journeys(client, date=date, time=time)


def test_a_journey_goes_into_a_calendar_and_onto_paper(client: FlaskClient) -> None:
    page = journeys(client)
    found = re.search(r'href="(/trajets/agenda\.ics\?[^"]+)"', page)
    assert found is not None
    file = client.get(found[1].replace("&amp;", "&"))
    assert file.mimetype == "text/calendar"
    (event,) = Calendar.from_ical(file.data).walk("VEVENT")
    assert event["summary"] == "Saulieu → Châtillon-sur-Seine"
    assert event.decoded("dtstart").isoformat() == "2025-03-18T05:00:00+00:00"
    assert event.decoded("dtend").isoformat() == "2025-03-18T06:50:00+00:00"
    sheet = re.search(r'href="(/trajets/fiche\?[^"]+)"', page)
    assert sheet is not None
    paper = client.get(sheet[1].replace("&amp;", "&"))
    assert paper.status_code == 200
    assert '<details class="between" open' in paper.text
    assert client.get("/trajets/fiche", query_string={**SEARCH, "journey": "nothing"}).status_code == 404
    assert client.get("/trajets/agenda.ics").status_code == 404


def test_a_board_shows_what_leaves_and_past_midnight_belongs_to_the_day_it_leaves(client: FlaskClient) -> None:
    board = client.get("/departs", query_string={"stop": "semur"}, follow_redirects=True).text.replace("\u00a0", " ")
    assert board.index("8 h 00") < board.index("0 h 10")
    whole = client.get("/arrets/demo:SEM?date=2025-03-19").text.replace("\u00a0", " ")
    assert re.search(r'board-at"><time[^>]*>0 h 10</time>', whole)
    assert "service du mardi 18 mars" in whole
    assert client.get("/arrets/demo:SEM?date=2025-03-18&time=07:00").text.count("board-at") == 2
    assert client.get("/arrets/nothing").status_code == 404
    assert client.get("/arrets/demo:SEM?date=never").status_code == 422
    assert "Prochain jour desservi" in client.get("/arrets/demo:SEM?date=2025-03-17").text


def test_a_line_has_its_timetable_both_ways_with_notes(client: FlaskClient) -> None:
    listed = client.get("/lignes?q=119").text
    (address,) = set(re.findall(r'href="(/lignes/[^"?]+)"', listed))
    page = client.get(f"{address}?date=2025-03-18").text.replace("\u00a0", " ")
    assert page.count('class="timetable"') == 2
    assert "0 h 10" in page
    assert "Le lendemain." in page
    rare = client.get("/lignes/demo:LR127?date=2025-03-18").text
    assert "ne circule pas ce jour-là" in rare
    assert "2025-03-19" in rare
    assert client.get("/lignes/nothing").status_code == 404
    assert "Aucune ligne ne correspond" in client.get("/lignes?q=zzz").text


@pytest.mark.parametrize("box", ["", "4,47,5,48", "nan,1,2,3", "5,47,4,48", "a,b,c,d", "1,2", "inf,1,1,1", "9" * 300])
def test_the_data_of_the_map_is_geojson_whatever_the_box(client: FlaskClient, box: str) -> None:
    for path in ("/carte/lieux.geojson", "/carte/lignes.geojson", "/carte/contours.geojson"):
        answer = client.get(path, query_string={"bbox": box})
        assert answer.mimetype == "application/geo+json"
        assert answer.get_json(force=True)["type"] == "FeatureCollection"


def test_the_map_of_an_answer_draws_its_legs(client: FlaskClient) -> None:
    drawn = client.get("/trajets/carte.geojson", query_string=SEARCH).get_json(force=True)["features"]
    kinds = [feature["properties"]["kind"] for feature in drawn]
    assert kinds.count("ride") == 2
    assert {"from", "to", "change"} <= set(kinds)


def wire_bytes(client: FlaskClient, address: str) -> int:
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, address
    return len(answer.data) + 300


def test_the_text_page_and_the_map_page_are_light(client: FlaskClient) -> None:
    address = "/trajets?" + urlencode(SEARCH)
    page = gzip.decompress(client.get(address, headers={"Accept-Encoding": "gzip"}).data).decode()
    own = [address, *re.findall(r'(?:src|href)="(/static/[^"]+)"', page)]
    text = sum(wire_bytes(client, each) for each in own)
    assert text <= TEXT_PAGE_LIMIT_BYTES
    vendor = re.findall(r'data-(?:module|library|worker|sheet)="([^"]+)"', page)
    assert len(vendor) == 4
    data = ["/carte/lieux.geojson", "/carte/lignes.geojson", "/carte/contours.geojson"]
    assert text + sum(wire_bytes(client, each) for each in vendor + data) <= MAP_PAGE_LIMIT_BYTES
