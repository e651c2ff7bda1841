"""Words quoted in French: as they are on a page in French, said to be French on another."""

from mobigo.base.decisions import Decision
from mobigo.infra.i18n import quoted, quoting, use_language

ACT = "Délibération <24AP> : “lignes”"


def test_words_are_said_to_be_french_where_the_page_is_not() -> None:
    with use_language("fr"):
        assert quoted(ACT) == "Délibération &lt;24AP&gt; : “lignes”"
    with use_language("en"):
        assert quoted(ACT) == '<span lang="fr">Délibération &lt;24AP&gt; : “lignes”</span>'


def test_a_sentence_quotes_these_of_its_parameters_alone_and_escapes_all() -> None:
    reason = Decision("billettique.not_sold_to_confirm", title="<Pass>", source=ACT)
    with use_language("en"):
        assert quoting(reason, "source") == (
            "&lt;Pass&gt;: price to be confirmed by the Region, not sold yet. "
            'Source: <span lang="fr">Délibération &lt;24AP&gt; : “lignes”</span>'
        )
        assert "<span" not in quoting(reason)
    with use_language("fr"):
        assert "<" not in quoting(reason, "title", "source")
