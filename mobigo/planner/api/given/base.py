"""What the answers of every operation are made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]


class Given(BaseModel):
    """Nothing but what is described."""

    model_config = ConfigDict(extra="forbid")


class Reason(Given):
    """Why: a stable code, and the sentence in the language asked."""

    code: str
    text: str
    params: dict[str, int | str] = Field(description="What the sentence names: days, places, a telephone number …")


class Place(Given):
    """A stop, a platform, or a door (then without an id)."""

    id: str | None
    name: str
    lat: Lat | None
    lon: Lon | None
    platform: str


class Alternative(Given):
    """Another place that could have been meant."""

    id: str
    name: str
    context: str


class Endpoint(Given):
    """An end of the journey as it was understood; `alternatives` are other places of that name."""

    name: str
    lat: Lat | None
    lon: Lon | None
    stop_ids: list[str]
    alternatives: list[Alternative]


class Line(Given):
    """A line. `color` and `text_color` can be read on one another (4.5:1). `agency_id` is `feed:agency_id`, empty
    where the feed names no operator."""

    id: str
    name: str
    long_name: str
    agency: str
    agency_id: str
    route_type: int
    mode: Literal["rail", "urban_rail", "coach", "bus", "on_demand", "other"]
    color: Annotated[str, Field(pattern="^[0-9a-f]{6}$")]
    text_color: Annotated[str, Field(pattern="^[0-9a-f]{6}$")]


class Notice(Given):
    """What is said to travellers of a line, a stop or a trip."""

    title: str
    text: str
    url: str
    effect: str
