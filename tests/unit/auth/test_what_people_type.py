"""Addresses, names, passwords, SIREN numbers and `next=` targets, as tables of what is taken and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobigo.base.errors import InvalidInput
from mobigo.infra import accounts, passwords
from mobigo.infra.auth import safe_next
from mobigo.infra.grants import is_siren


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("prenom.nom@exemple.fr", "prenom.nom@exemple.fr"),
        ("  Prenom.Nom@Exemple.FR \n", "Prenom.Nom@exemple.fr"),
        ("a+b@exemple.fr", "a+b@exemple.fr"),
        ("jean@mairie-saulieu.fr", "jean@mairie-saulieu.fr"),
        ("zoé@château.fr", "zoé@xn--chteau-xta.fr"),
        ("x" * 64 + "@exemple.fr", "x" * 64 + "@exemple.fr"),
    ],
)
def test_an_address_is_kept_as_one_writes_to_it(typed: str, kept: str) -> None:
    assert accounts.clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "exemple.fr",
        "@exemple.fr",
        "nom@",
        "nom@exemple",
        "nom@@exemple.fr",
        "a b@exemple.fr",
        "nom@exemple.fr\nBcc: tous@exemple.fr",
        "nom@exemple..fr",
        "nom@-exemple.fr",
        ".nom@exemple.fr",
        "nom..nom@exemple.fr",
        "<nom>@exemple.fr",
        "nom\x00@exemple.fr",
        "nom\u202e@exemple.fr",
        "x" * 65 + "@exemple.fr",
        "nom@" + "a" * 64 + ".fr",
        "nom@" + ".".join(["abcdefghij"] * 30) + ".fr",
    ],
)
def test_an_address_nobody_can_write_to_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        accounts.clean_email(typed)
    assert refused.value.decision.code == "account.bad_email"


@pytest.mark.parametrize(("one", "other"), [("Nom@exemple.fr", "nom@exemple.fr"), ("ﬁn@exemple.fr", "fin@exemple.fr")])
def test_one_mailbox_is_one_account_however_it_is_typed(one: str, other: str) -> None:
    assert accounts.email_key(one) == accounts.email_key(other)


def _kept(text: str) -> str | None:
    try:
        return accounts.clean_email(text)
    except InvalidInput:
        return None


@given(st.text(max_size=40) | st.from_regex(r"[a-zé.]{1,9}@[a-zé.-]{1,12}\.[a-z]{2,4}", fullmatch=True))
def test_any_text_is_an_address_or_a_clear_refusal(text: str) -> None:
    kept = _kept(text)
    if kept is not None:
        assert accounts.clean_email(kept) == kept
        assert not any(letter in kept for letter in "\r\n\0 ")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", None), ("   ", None), ("  Zoé   du  Morvan ", "Zoé du Morvan"), ("x" * 100, "x" * 100)],
)
def test_a_name_is_shown_without_stray_spaces(typed: str, kept: str | None) -> None:
    assert accounts.clean_name(typed) == kept


@pytest.mark.parametrize("typed", ["x" * 101, "<script>", "a\x07b"])
def test_a_name_that_cannot_be_shown_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        accounts.clean_name(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("cheval batte", None),  # 12
        ("cheval batt", "password.too_short"),  # 11
        ("", "password.too_short"),
        ("é" * 5 + "cheval batterie", None),
        ("cheval" * 42 + "abcd", None),  # 256
        ("cheval" * 42 + "abcde", "password.too_long"),  # 257
        ("aaaaaaaaaaaa", "password.too_common"),
        ("abababababab", "password.too_common"),
        ("abcdefghijklm", "password.too_common"),
        ("123456789012", "password.too_common"),
        ("motdepasse2026", "password.too_common"),
        ("PasswordPassword!", "password.too_common"),
        ("Camille.Durand@exemple.fr", "password.like_email"),
        ("camille.durand", "password.like_email"),
    ],
)
def test_a_password_is_long_and_not_the_first_one_tried(typed: str, code: str | None) -> None:
    if code is None:
        assert passwords.check_new(typed, "camille.durand@exemple.fr") == typed
        return
    with pytest.raises(InvalidInput) as refused:
        passwords.check_new(typed, "camille.durand@exemple.fr")
    assert refused.value.decision.code == code


def test_an_accent_typed_in_two_ways_is_one_password() -> None:
    kept = passwords.hashed("la forêt de Saint-Prix")
    assert passwords.matches(kept, "la fore\u0302t de Saint-Prix")
    assert not passwords.matches(kept, "la foret de Saint-Prix")


@pytest.mark.parametrize("kept", [None, "", "$argon2id$nothing", "plain text"])
def test_no_hash_and_a_broken_hash_match_nothing(kept: str | None) -> None:
    assert not passwords.matches(kept, "a password that nobody has chosen")


@pytest.mark.parametrize("kept", [None, "known"])
def test_the_hash_is_computed_once_whether_or_not_there_is_an_account(
    monkeypatch: pytest.MonkeyPatch, kept: str | None
) -> None:
    """No clock: what is compared is the work, one verification on each branch."""
    hash_text = None if kept is None else passwords.hashed("cheval batterie agrafe")
    passwords.matches(None, "warms the decoy")
    calls = []
    real = passwords.hasher

    class Counting:
        def verify(self, known: str, given: str) -> bool:
            calls.append(known.rsplit("$", 2)[0])
            return real.verify(known, given)

        def hash(self, given: str) -> str:
            return real.hash(given)

    monkeypatch.setattr(passwords, "hasher", Counting())
    assert not passwords.matches(hash_text, "wrong one")
    assert len(calls) == 1
    assert calls[0] == real.hash("x").rsplit("$", 2)[0]  # the same figures, so the same cost


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("732829320", True),  # the sum of digits, every other one doubled, is 40
        ("732829321", False),
        ("73282932", False),
        ("7328293200", False),
        ("73282932a", False),
        ("٧٣٢٨٢٩٣٢٠", False),  # digits, and not ours
        ("000000000", True),
    ],
)
def test_a_siren_has_nine_digits_and_a_luhn_sum(text: str, valid: bool) -> None:
    assert is_siren(text) is valid


@pytest.mark.parametrize(
    "target",
    ["/", "/compte", "/admin/comptes?q=a&role=driver", "/trajets?de=Dijon&vers=Besan%C3%A7on#ici", "/@evil.org"],
)
def test_a_path_of_this_site_is_come_back_to(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "compte",
        "https://evil.org/",
        "//evil.org/",
        "///evil.org",
        "/\\evil.org",
        "\\\\evil.org",
        "/\t/evil.org",
        "/\n/evil.org",
        " /compte",
        "javascript:alert(1)",
        "http:/evil.org",
        "/compte\x00",
        "/" + "a" * 2_000,
    ],
)
def test_another_site_is_never_gone_to(target: str | None) -> None:
    assert safe_next(target) is None


@given(st.text(max_size=30))
def test_what_is_gone_to_is_always_here(target: str) -> None:
    kept = safe_next(target)
    if kept is not None:
        assert kept.startswith("/")
        assert not kept.startswith(("//", "/\\"))
