"""The rules of the national access point, run here: what transport.data.gouv.fr will say of a GTFS once it is there."""

from datetime import date
from importlib.metadata import version
from pathlib import Path

from mobigo.base.errors import MobigoError
from opendata.gateway.judges import together
from opendata.gateway.judges.answers import GTFS, answer, refused
from opendata.model.checks import Check


class NationalRules:
    """Shown beside the others: what makes its compliance 0 there is an error here."""

    name = "point-acces-national"
    required = False

    def reads(self, name: str, media_type: str, standard: str) -> bool:
        """GTFS."""
        return standard == GTFS

    def check(self, path: Path, name: str, today: date) -> Check:
        """What they find."""
        from mobigo.network.rules.schema import FILES
        from opendata.rules.national import examine

        own = version("mobigo")
        try:
            archive, read = together.read(path)
        except MobigoError as error:
            return refused(self.name, own, name, error.decision)
        extra = sorted(each for each in archive.sizes if each not in FILES)
        found = examine(read.tables, sub_folder=archive.folder.rstrip("/"), extra_files=extra)
        return answer(self.name, own, name, found)
