"""docs/eco-conception.md declares weights that were measured, each within the budget that browser tests keep."""

import re

from tests.page_weights import BEGIN, DOCUMENT, END, Weighed, table

ROW = re.compile(
    r"^\| (texte|carte|lecteur) \| (\d+) \| (\d+) ko \| (\d+) ko \| (\d+) ko \| (\d+) \| (\d+) \|$", re.MULTILINE
)


def test_each_declared_weight_is_within_the_budget_that_tests_keep() -> None:
    declared = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    rows = ROW.findall(declared)
    assert sum(int(row[1]) for row in rows) > 100
    for kind, _count, middle, most, limit, requests, requests_limit in rows:
        limits = Weighed("/", kind, 0, 0).limits
        assert (int(limit) * 1000, int(requests_limit)) == limits
        assert int(middle) <= int(most) <= int(limit)
        assert int(requests) <= int(requests_limit)


def test_the_table_says_what_was_weighed() -> None:
    text, drawn = Weighed("/a/" + "0" * 26 + "?q=1", "texte", 10_400, 4), Weighed("/b", "carte", 400_000, 9)
    found = [("famille", text), ("famille", drawn)]
    assert table(found).splitlines() == [
        "| pages | nombre | poids médian | la plus lourde | budget | requêtes, au plus | budget |",
        "|---|---|---|---|---|---|---|",
        "| texte | 1 | 10 ko | 10 ko | 100 ko | 4 | 20 |",
        "| carte | 1 | 400 ko | 400 ko | 600 ko | 9 | 40 |",
        "",
        "| qui ouvre | pages | poids médian | la plus lourde | |",
        "|---|---|---|---|---|",
        "| famille | 2 | 205 ko | 400 ko | `/b` |",
    ]
