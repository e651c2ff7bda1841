"""SIRI (CEN/TS 15531, France profile) as values: the frame of an answer, and what is told of disruptions.

An answer is one tree, in the order of the schema. As SIRI Lite it is JSON: a name that refers is `{"value": …}`, a text
is a list of `{"value", "lang"}`. As SIRI it is the same elements in XML. A name that begins with `@` is an attribute of
XML, and a member like the others, with a capital, in JSON.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from mobigo.network.model.realtime import Alert

if TYPE_CHECKING:
    from lxml.etree import _Element

Tree = dict[str, Any]
VERSION: Final = "2.0"
PRODUCER: Final = "Mobigo"
SPACE: Final = "http://www.siri.org.uk/siri"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
CHANNEL: Final = "Perturbation"  # of general messages: Perturbation, Information, Commercial (France profile)
_UNKNOWN: Final = "undefinedAlertCause"
CAUSES: Final = {
    "CONSTRUCTION": "constructionWork", "STRIKE": "industrialAction", "ACCIDENT": "accident",
    "TECHNICAL_PROBLEM": "technicalProblem", "WEATHER": "poorWeather", "DEMONSTRATION": "demonstration",
    "HOLIDAY": "holiday", "MAINTENANCE": "maintenanceWork", "POLICE_ACTIVITY": "policeActivity",
    "MEDICAL_EMERGENCY": "emergencyMedicalServices",
}  # fmt: skip
CONDITIONS: Final = {
    "NO_SERVICE": "cancelled", "REDUCED_SERVICE": "disrupted", "SIGNIFICANT_DELAYS": "delayed", "DETOUR": "diverted",
    "ADDITIONAL_SERVICE": "additionalService", "MODIFIED_SERVICE": "altered", "STOP_MOVED": "stopMoved",
}  # fmt: skip


def ref(value: str) -> Tree:
    """What refers to something by its identifier."""
    return {"value": value}


def texts(said: Mapping[str, str]) -> list[Tree]:
    """A text by language; where none is told, in none."""
    return [{"value": text, **({"lang": lang} if lang else {})} for lang, text in sorted(said.items()) if text]


def stamp(at: datetime | int, zone: ZoneInfo) -> str:
    """An instant as SIRI writes it, with its offset."""
    instant = datetime.fromtimestamp(at, UTC) if isinstance(at, int) else at
    return instant.astimezone(zone).isoformat(timespec="seconds")


def answer(service: str, delivery: Tree, at: datetime, zone: ZoneInfo, *, more: bool = False) -> Tree:
    """The answer of a service (`StopMonitoring`, `EstimatedTimetable`…): its delivery in the frame of all of them.
    `more`: there was too much to say it all."""
    now = stamp(at, zone)
    return {
        "Siri": {
            "@version": VERSION,
            "ServiceDelivery": {
                "ResponseTimestamp": now,
                "ProducerRef": ref(PRODUCER),
                "Status": True,
                "MoreData": more,
                f"{service}Delivery": [{"@version": VERSION, "ResponseTimestamp": now, "Status": True, **delivery}],
            },
        }
    }


def refusal(service: str, text: str, at: datetime, zone: ZoneInfo) -> Tree:
    """The answer to a question that is none: what is wrong with it, in words."""
    made = answer(service, {}, at, zone)
    about = made["Siri"]["ServiceDelivery"]
    about["Status"] = False
    about[f"{service}Delivery"][0] |= {
        "Status": False,
        "ErrorCondition": {"OtherError": {"ErrorText": text}, "Description": text},
    }
    return made


def discovery(service: str, delivery: Tree, at: datetime, zone: ZoneInfo) -> Tree:
    """The answer of a service that says what there is (`StopPoints`, `Lines`)."""
    about = {"@version": VERSION, "ResponseTimestamp": stamp(at, zone), "Status": True}
    return {"Siri": {"@version": VERSION, f"{service}Delivery": {**about, **delivery}}}


def situations(alerts: Iterable[Alert], zone: ZoneInfo) -> Tree:
    """What is going on, as situations (SIRI-SX)."""
    found = [_situation(each, zone) for each in alerts]
    return {"Situations": {"PtSituationElement": found}} if found else {}


def general_messages(alerts: Iterable[Alert], at: datetime, zone: ZoneInfo) -> Tree:
    """The same as general messages (SIRI-GM) on the channel of disruptions, as France has used them."""
    found = [_message(each, at, zone) for each in alerts]
    return {"GeneralMessage": found} if found else {}


def _situation(alert: Alert, zone: ZoneInfo) -> Tree:
    periods = [_period(first, last, zone) for first, last in alert.periods]
    condition = CONDITIONS.get(alert.effect)
    return {
        "CreationTime": periods[0]["StartTime"] if periods else stamp(0, zone),
        "ParticipantRef": ref(PRODUCER),
        "SituationNumber": ref(alert.id),
        "Source": {"SourceType": "directReport"},
        "ValidityPeriod": periods,
        "AlertCause": CAUSES.get(alert.cause, _UNKNOWN),
        "Summary": texts(alert.header),
        **({"Description": said} if (said := texts(alert.description)) else {}),
        "Affects": _affects(alert),
        **({"Consequences": {"Consequence": [{"Condition": [condition]}]}} if condition else {}),
    }


def _period(first: int | None, last: int | None, zone: ZoneInfo) -> Tree:
    out = {"StartTime": stamp(first or 0, zone)}
    return out if last is None else out | {"EndTime": stamp(last, zone)}


def _affects(alert: Alert) -> Tree:
    lines = sorted({each.route_id for each in alert.about if each.route_id})
    stops = sorted({each.stop_id for each in alert.about if each.stop_id})
    named: Tree = {"AffectedLine": [{"LineRef": ref(each)} for each in lines]} if lines else {"AllLines": {}}
    out: Tree = {"Networks": {"AffectedNetwork": [named]}} if lines or not stops else {}
    return out | (
        {"StopPoints": {"AffectedStopPoint": [{"StopPointRef": ref(each)} for each in stops]}} if stops else {}
    )


def _message(alert: Alert, at: datetime, zone: ZoneInfo) -> Tree:
    ends = [last for _first, last in alert.periods]
    known = [each for each in ends if each is not None]
    lines = sorted({each.route_id for each in alert.about if each.route_id})
    stops = sorted({each.stop_id for each in alert.about if each.stop_id})
    said = [("shortMessage", alert.header), ("longMessage", alert.description)]
    return {
        "@formatRef": "France",
        "RecordedAtTime": stamp(at, zone),
        "InfoMessageIdentifier": ref(alert.id),
        "InfoChannelRef": ref(CHANNEL),
        **({"ValidUntilTime": stamp(max(known), zone)} if known and len(known) == len(ends) else {}),
        "Content": {
            **({"LineRef": [ref(each) for each in lines]} if lines else {}),
            **({"StopPointRef": [ref(each) for each in stops]} if stops else {}),
            "Message": [
                {"MessageType": kind, "MessageText": one} for kind, by_language in said for one in texts(by_language)
            ],
        },
    }


# ---------------------------------------------------------------- the two ways to write it


def lite(tree: Any) -> Any:
    """The tree as SIRI Lite writes it in JSON."""
    if isinstance(tree, dict):
        return {_member(name): lite(value) for name, value in tree.items()}
    return [lite(each) for each in tree] if isinstance(tree, list) else tree


def _member(name: str) -> str:
    return name[1:2].upper() + name[2:] if name.startswith("@") else name


def xml(tree: Tree) -> bytes:
    """The tree as SIRI writes it in XML."""
    from lxml import etree

    ((name, value),) = tree.items()
    root = etree.Element(f"{{{SPACE}}}{name}", nsmap={None: SPACE})
    _fill(root, value)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _fill(element: "_Element", value: Any) -> None:
    from lxml import etree

    if not isinstance(value, dict):
        element.text = str(value).lower() if isinstance(value, bool) else str(value)
        return
    if "value" in value:
        element.text = str(value["value"])
        if "lang" in value:
            element.set(XML_LANG, value["lang"])
        return
    for name, inner in value.items():
        if name.startswith("@"):
            element.set(name[1:], str(inner))
            continue
        for each in inner if isinstance(inner, list) else [inner]:
            _fill(etree.SubElement(element, f"{{{SPACE}}}{name}"), each)
