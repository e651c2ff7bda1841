"""A ticket on paper, as text, and read from photographs of paper by another reader (zxing-cpp)."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pypdf
import pytest
import zxingcpp

from billettique.export import ticket as paper
from billettique.model.entitlements import Entitlement, EntitlementState
from billettique.model.orders import ItemKind
from billettique.model.ticket import Ticket
from billettique.rules import u2
from billettique.rules.entitlements import spoken
from billettique.rules.tickets import read_ticket
from mobigo.infra import pdf
from mobigo.infra.i18n import use_language
from tests.paper import READ, Photo, Picture, drawn, photograph
from tests.ticket_world import NOW, PASS, TICKET, bound_code, dynamic_code, static_code

CODES = {"single": static_code(), "pass": static_code(PASS), "dynamic pass": dynamic_code(PASS)}


def entitlement(octets: bytes | None = CODES["single"], **changed: Any) -> Entitlement:
    ticket: Ticket | None = None
    if octets is not None:
        ticket = read_ticket(u2.read_code(octets).header.data[0].octets)
    made = Entitlement(
        id="01", item="i", order="o", kind=ItemKind.TICKET, state=EntitlementState.ACTIVE, reference="7F3K9QPX2M",
        name="Billet de car à l’unité", first_at=TICKET.first_minute, last_at=TICKET.last_minute,
        needs_activation=False, activated_at=NOW, units=None, units_left=None, moves=0, link=0, ticket=ticket,
        code=octets, bound=False, code_at=NOW,
    )  # fmt: skip
    return replace(made, **changed)


def read(picture: Picture) -> list[bytes]:
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return [each.bytes for each in found]


@pytest.mark.parametrize("taken", READ)
@pytest.mark.parametrize("name", CODES)
def test_a_code_is_read_from_a_photograph_of_paper(name: str, taken: str) -> None:
    assert read(photograph(drawn(CODES[name]), READ[taken])) == [CODES[name]]


@pytest.mark.parametrize("taken", [Photo(noise=3.0), Photo(lean=1.9), Photo(glare=30.0), Photo(blur=60)])
def test_a_photograph_may_be_too_bad(taken: Photo) -> None:
    """The photographs above could fail."""
    assert read(photograph(drawn(CODES["single"]), taken)) == []


def test_the_drawing_of_the_page_is_the_code_with_its_white() -> None:
    side, path = paper.qr_path(CODES["single"])
    modules = np.zeros((side, side), dtype=np.uint8)
    for run in path.split("M")[1:]:
        start, wide = run.split("h")[:2]
        x, y = map(int, start.split())
        modules[y, x : x + int(wide.removesuffix("v1"))] = 1
    assert not modules[:4].any()
    assert not modules[:, :4].any()
    assert not modules[-4:].any()
    assert not modules[:, -4:].any()
    assert read(np.kron(255 * (1 - modules), np.ones((5, 5), dtype=np.uint8)).astype(np.uint8)) == [CODES["single"]]
    assert paper.qr_svg(CODES["single"]).count("<rect") == 1  # a ground of its own: no dark page shows through


@pytest.mark.parametrize(("count", "per_page", "pages"), [(1, 1, 1), (3, 1, 3), (5, 2, 3), (9, 4, 3)])
def test_a_sheet_is_tagged_speaks_and_says_its_pictures(count: int, per_page: int, pages: int) -> None:
    made = paper.tickets_pdf([entitlement()] * count, NOW, per_page=per_page, contact="03 53 01 20 00")
    assert made == paper.tickets_pdf([entitlement()] * count, NOW, per_page=per_page, contact="03 53 01 20 00")
    document = pypdf.PdfReader(io.BytesIO(made))
    assert len(document.pages) == pages
    catalogue = document.root_object
    assert catalogue["/MarkInfo"]["/Marked"]
    assert str(catalogue["/Lang"]).startswith("fr")
    assert b"pdfuaid" in catalogue["/Metadata"].get_object().get_data()
    text = " ".join(page.extract_text() for page in document.pages)
    assert text.count(spoken("7F3K9QPX2M")) == count
    assert f"Code à montrer au contrôleur, référence {spoken('7F3K9QPX2M')}" in alternatives(catalogue)


def alternatives(element: Any, seen: set[int] | None = None) -> list[str]:
    """The alternative texts in the structure of a document."""
    found: list[str] = []
    stack = [element["/StructTreeRoot"]]
    while stack:
        each = stack.pop()
        each = each.get_object() if hasattr(each, "get_object") else each
        if isinstance(each, dict):
            found += [str(each["/Alt"])] if "/Alt" in each else []
            stack += [each["/K"]] if "/K" in each else []
        elif isinstance(each, list):
            stack += each
    return found


@pytest.mark.parametrize(("per_page", "count"), [(1, 1), (2, 2), (4, 4)])
def test_the_code_is_read_from_the_printed_sheet(per_page: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sheet as pixels (a printer of 200 dots an inch, a scanner as good), each of its codes read to the octet."""
    import typst
    from PIL import Image

    sources: list[bytes] = []
    compile_ = typst.compile

    def kept(source: bytes, **options: Any) -> bytes:
        sources.append(source)
        made: bytes = compile_(source, **options)
        return made

    monkeypatch.setattr(typst, "compile", kept)
    paper.tickets_pdf([entitlement(CODES["pass"])] * count, NOW, per_page=per_page)
    page = typst.compile(sources[0], format="png", ppi=200.0, ignore_system_fonts=True)
    picture = np.array(Image.open(io.BytesIO(page[0] if isinstance(page, list) else page)).convert("L"))
    assert read(picture) == [CODES["pass"]] * count


def test_a_ticket_in_a_telephone_has_no_code_on_paper() -> None:
    made = paper.tickets_pdf([entitlement(bound_code(), bound=True)], NOW)
    document = pypdf.PdfReader(io.BytesIO(made))
    assert "Ce titre est dans un téléphone" in document.pages[0].extract_text().replace("\n", " ")
    assert alternatives(document.root_object) == []


def test_four_or_two_or_one_a_page() -> None:
    with pytest.raises(ValueError, match="one, two or four"):
        paper.tickets_pdf([entitlement()], NOW, per_page=3)


@pytest.mark.parametrize("name", ["Zoé 😀 #panic()", '"]) #read("/etc/passwd")', "x" * 200, "محمد"])
def test_any_name_makes_a_sheet(name: str) -> None:
    assert paper.tickets_pdf([entitlement(name=name)], NOW).startswith(b"%PDF")
    assert pdf.escaped(name) is not None


def test_the_text_says_what_the_page_says() -> None:
    """Compared whole, so that a colleague can proof-read it."""
    with use_language("fr"):
        text = paper.ticket_text(entitlement(CODES["pass"]), "https://exemple.fr/billet/1/", "03 53 01 20 00")
    assert text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ") == (
        "Billet de car à l’unité\n"
        "=======================\n"
        "Spécimen : simulation, ne vaut pas titre de transport.\n"
        "\n"
        "Où : Belfort\n"
        "Valable du : mardi 24 novembre 2026, 9 h 00\n"
        "Jusqu’au : mardi 24 novembre 2026, 23 h 59\n"
        "Pour : 1 jeune\n"
        "Nom : Joëlle GÉNÉRAL\n"
        "Prix : 48,00 €\n"
        "À présenter avec : une pièce d’identité, Vérifier l’identité\n"
        "Référence : 7F3K 9QPX 2M\n"
        "\n"
        "Le code à montrer au contrôleur est sur cette page :\n"
        "https://exemple.fr/billet/1/\n"
        "\n"
        "Sans téléphone ni imprimante : dites la référence au contrôleur, ou demandez le billet à un guichet ou"
        " par téléphone (03 53 01 20 00).\n"
    )


def test_the_text_is_english_too() -> None:
    with use_language("en"):
        text = paper.ticket_text(entitlement(), "https://exemple.fr/billet/1/", "03 53 01 20 00")
    assert "Good from" in text
    assert "Specimen: simulation, not valid for travel." in text
    assert "1 adult" in text
