"""Where our registry differs from the document of the national one (RPC API v3.3), and why; held by a test."""

from typing import Final

# ---- what the national registry has and ours has not
ABSENT: Final = {
    ("get", "/auth/credentials"): "keys are made and revoked by the operator's agents, on their account pages",
    ("post", "/auth/credentials"): "as above",
    ("delete", "/auth/credentials"): "as above",
    ("get", "/geo/route"): "help of the national service: a route of ours is asked of the planner",
    ("get", "/geo/point/by_address"): "as above: places of the planner",
    ("get", "/geo/point/by_insee"): "as above",
    ("post", "/exports"): "an operator's journeys are listed by status; the month is its payment call",
    ("post", "/policies/cee"): "energy certificates are the State's, asked of the national registry alone",
    ("post", "/policies/cee/simulate"): "as above",
    ("post", "/policies/cee/import"): "as above",
    ("post", "/policies/cee/import/identity"): "as above",
    ("get", "/policies/cee/{uuid}"): "as above",
    ("delete", "/policies/cee/{uuid}"): "as above",
}
# ---- what ours has besides
ADDED: Final = {
    ("post", "/journeys/bulk"): "a file of journeys at once",
    ("get", "/bulk/{order}"): "what became of it",
    ("get", "/bulk/{order}/errors"): "its bad rows",
}
# ---- statuses of an operation that the document has not
MORE_STATUSES: Final = {
    ("post", "/auth/access_token"): {"400"},  # a body that cannot be read
    ("get", "/journeys"): {"400", "401", "403"},  # the document says nothing of them there
    ("patch", "/journeys/{operator_journey_id}"): {"400", "404", "409", "422"},  # nor here of what may be wrong
    ("post", "/journeys/{operator_journey_id}/cancel"): {"400"},
    ("get", "/journeys/{operator_journey_id}"): set(),
    ("post", "/journeys"): set(),
}
COMMON: Final = {"413", "415", "422", "429", "503", "default"}  # of our whole site: too much, another type, busy
REFUSALS: Final = {"401", "403", "404"}  # the same for every operation of the site: not said again in each
# ---- bodies that the schema takes and we refuse: property → (kinds of value, why)
STRICTER: Final = {
    "distance": ({"zero"}, "a journey of no length is none (the text of the document: 0 excluded)"),
    "driver.revenue": ({"more"}, "cents: ten thousand euros at most (carpool rules §1.1)"),
    "passenger.contribution": ({"more"}, "as above"),
    "incentives.0.amount": ({"million", "more"}, "a thousand euros at most (§1.1)"),
    "incentives.0.index": ({"million", "more"}, "twenty of them, from 0 (§1.1)"),
    "incentives.0.siret": ({"text", "empty", "dashed", "long"}, "fourteen digits: the document says so in words"),
    "passenger.payments.0.amount": ({"more"}, "as the contribution"),
    "passenger.payments.0.index": ({"million", "more"}, "twenty of them, from 0"),
    "passenger.payments.0.siret": ({"text", "empty", "dashed", "long"}, "fourteen digits"),
    "passenger.payments.0.type": ({"empty", "long"}, "a word"),
    "driver.identity.operator_user_id": ({"empty", "long"}, "required: nothing is no id; 256 signs are enough"),
    "passenger.identity.operator_user_id": ({"empty", "long"}, "as above"),
    "driver.identity.travel_pass.user_id": ({"empty", "long"}, "a number of a card"),
    "passenger.identity.travel_pass.user_id": ({"empty", "long"}, "as above"),
    "operator_trip_id": ({"empty", "long"}, "nothing would put strangers in one car"),
    "licence_plate": ({"empty", "long", "dashed"}, "absent when unknown; 32 signs at most"),
    "start.datetime": ({"text", "empty", "dashed", "long"}, "its format (date-time) is held"),
    "end.datetime": ({"text", "empty", "dashed", "long"}, "as above"),
    "start.lat": ({"million", "more"}, "between -90 and 90, as its description says"),
    "end.lat": ({"million", "more"}, "as above"),
    "start.lon": ({"million", "more"}, "between -180 and 180"),
    "end.lon": ({"million", "more"}, "as above"),
}
# ---- bodies that the schema refuses and we take
WIDER: Final = {
    "operator_journey_id": ({"dashed"}, "its own example is a UUID with dashes, which its pattern refuses"),
    "driver.identity.travel_pass": ({"null"}, "null says that there is none"),
    "passenger.identity.travel_pass": ({"null"}, "as above"),
}
