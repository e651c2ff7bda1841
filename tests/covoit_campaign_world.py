"""A home whose scale is `essai` and whose campaign, `plus`, adds so much a passenger."""

from pathlib import Path

from tests.covoit_money_world import home_with

PLUS = """
code = "plus"
first_day = 2026-11-01
last_day = 2026-12-31
source = "essai"
unit = "journey"
proof_class_min = "C"
lengths = {{ from_m = 2_000 }}
caps = [{caps}]
examples = []
{more}
[title]
fr = "Plus"
en = "Plus"
[text]
fr = ""
en = ""
[[parts]]
id = "base"
kind = "flat"
cents = {cents}
{act}
"""
ACT = '[act]\nnumber = "26-2"\ndate = 2026-10-01\ndocument = "Délibération des campagnes"\n'


def campaign_home(
    folder: Path, *caps: str, cents: int = 150, act: bool = True, more: str = "", code: str = "plus"
) -> Path:
    """A home whose scale is `essai` and whose one campaign gives so much a passenger."""
    home = home_with(folder)
    (home / "campaigns").mkdir(exist_ok=True)
    text = PLUS.format(caps=", ".join(caps), cents=cents, act=ACT if act else "", more=more).replace("plus", code)
    (home / "campaigns" / f"{code}.toml").write_text(text, encoding="utf-8")
    return home
