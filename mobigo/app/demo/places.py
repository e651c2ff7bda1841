"""Where the vehicles of the demonstration stop: finds the stop of a place as lines write it."""

from mobigo.app.demo.facts import Commune, Facts, StopFact
from mobigo.base.errors import InvalidInput
from mobigo.base.geo import distance_m

TOWN_M = 8_000


class Places:
    """The places of one network, by name; the stop of a village is made when a line first serves it."""

    def __init__(self, network: str, facts: Facts) -> None:
        self.network = network
        self.by_name = {stop.name: stop for stop in facts.stops.get(network, ())}
        if network == "ter":
            self.by_name |= {stop.name: stop for stop in facts.stations}
        self.communes: dict[str, list[Commune]] = {}
        self.by_code = {commune.code: commune for commune in facts.communes}
        for commune in facts.communes:
            self.communes.setdefault(commune.name, []).append(commune)

    def find(self, place: str) -> StopFact:
        """Raises InvalidInput for a place that is neither a known stop nor one commune: names shared by several
        are told apart by the département, "Magny (89)"."""
        if place in self.by_name:
            return self.by_name[place]
        if self.network == "coaches":
            if place in self.by_code:
                return self._village(self.by_code[place])
            name, _, departement = place.partition(" (")
            found = [c for c in self.communes.get(name, ()) if not departement or c.departement == departement[:-1]]
            if len(found) == 1:
                return self._village(found[0])
        raise InvalidInput("demo.unknown_place", place=place, network=self.network)

    def communes_of(self, place: str) -> set[str]:
        """The communes whose people that place serves: the village's own, or those of a town's name within 8 km."""
        stop = self.find(place)
        if stop.commune:
            return {stop.commune}
        namesakes = self.communes.get(stop.name.split(",")[0], ())
        return {each.code for each in namesakes if distance_m(each.point, stop.point) <= TOWN_M}

    @staticmethod
    def _village(commune: Commune) -> StopFact:
        wheelchair = 1 if commune.population >= 2000 else 0
        return StopFact(f"V{commune.code}", f"{commune.name}, mairie", commune.point, wheelchair, commune.code)
