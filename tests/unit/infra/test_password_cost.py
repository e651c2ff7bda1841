"""The figures passwords are kept with in the product; everywhere else the tests put a cheap hasher in its place."""

from mobigo.infra import passwords


def test_a_password_is_kept_with_the_figures_of_rfc_9106() -> None:
    kept = passwords.hashed("cheval batterie agrafe")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")  # §4, second recommended option: 64 MiB, 3 passes
    assert passwords.matches(kept, "cheval batterie agrafe")
    assert not passwords.is_dated(kept)


def test_a_hash_of_weaker_figures_is_to_be_made_again() -> None:
    weaker = type(passwords.hasher)(time_cost=2, memory_cost=65_536, parallelism=4)
    assert passwords.is_dated(weaker.hash("cheval batterie agrafe"))
