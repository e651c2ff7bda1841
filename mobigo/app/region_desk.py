"""A region brought from the browser, part by part: files received or fetched, looked at by a job, then put in use by
another, of what was looked at and nothing else. The steps are those of `mobigo region` (`mobigo.app.region`).

Between two people who put the same thing in use, one wins: the key of the second job names the last one that they saw.
"""

import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from mobigo.app import region, region_report
from mobigo.app.region_report import Report
from mobigo.base.decisions import Decision
from mobigo.base.errors import Conflict, InvalidInput, MobigoError, NotFound
from mobigo.infra import audit
from mobigo.infra import jobs as desk
from mobigo.infra.jobs import Job, JobFilter, State
from mobigo.network.gateway.fetch import FetchLimits, check_url, fetch

if TYPE_CHECKING:
    from mobigo.infra.blobs import Blobs
    from mobigo.infra.jobs import JobContext
    from mobigo.infra.web import Services

LOOK: Final = "region.look"
BRING: Final = "region.bring"
PURPOSE: Final = "region"
KEEP_DAYS: Final = 30
FILES_MAX: Final = 20
NAME_CHARACTERS_MAX: Final = 80
FETCH: Final = FetchLimits(bytes_max=1 << 30, seconds_max=1_800.0)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that a region brings. `many`: several files make one whole, in place of the one before;
    `named`: each file stands under a name beside the others; `yearly`: for a school year. `days_max`: older, it is
    said to be old. `command` is what to type for a file that no browser should send."""

    code: str
    suffixes: tuple[str, ...]
    command: str
    many: bool = False
    named: bool = False
    yearly: bool = False
    days_max: int = 400

    @property
    def slug(self) -> str:
        """Its name in an address."""
        return self.code.replace(".", "-")


_SHEETS: Final = (".csv", ".xlsx")
PARTS: Final = {
    part.slug: part
    for part in (
        Part("communes", (".geojson", ".json"), "mobigo covoit communes import FICHIER…", many=True, days_max=500),
        Part("gtfs", (".zip",), "mobigo gtfs import FICHIER.zip --name NOM", named=True),
        Part("streets", (".osm.pbf", ".pbf"), "mobigo street import FICHIER.osm.pbf", named=True, days_max=180),
        Part("addresses", (".csv.gz", ".csv"), "mobigo address import FICHIER…", many=True, days_max=180),
        Part("tariffs", (".toml",), "mobigo region region.toml"),
        *(
            Part(f"school.{kind}", _SHEETS, f"mobigo scolaire import {kind} FICHIER", yearly=True)
            for kind in region.SCHOOL
        ),
    )
}


class Sent(NamedTuple):
    """A file as a form sends it."""

    name: str
    stream: BinaryIO


class Asked(NamedTuple):
    """What a form asks: files, addresses to fetch, a name, the year in which a school year begins (0: this one)."""

    files: Sequence[Sent]
    links: Sequence[str]
    name: str = ""
    year: int = 0


def part_of(slug: str) -> Part:
    """Raises NotFound("region.no_part")."""
    if slug not in PARTS:
        raise NotFound("region.no_part", name=slug[:40])
    return PARTS[slug]


def receive(session: Session, blobs: "Blobs", part: Part, asked: Asked, *, by: str, now: datetime) -> str:
    """Keep the files and have them looked at; the job's id. Nothing that serves changes.

    Raises InvalidInput("region.nothing_sent" | "region.too_many_files" | "region.wrong_suffix" | "region.same_name" |
    "region.bad_name" | "network.bad_url").
    """
    count = len(asked.files) + len(asked.links)
    if not count:
        raise InvalidInput("region.nothing_sent")
    if count > (FILES_MAX if part.many else 1):
        raise InvalidInput("region.too_many_files", most=FILES_MAX if part.many else 1)
    for link in asked.links:
        check_url(link)
    names = [file_name(part, each.name) for each in asked.files]
    linked = [_name_of_link(part, link, number) for number, link in enumerate(asked.links)]
    _check_twice([*names, *linked])
    files = [
        [name, blobs.put(session, each.stream, owner=f"{PURPOSE}:{part.code}", purpose=PURPOSE, keep_days=KEEP_DAYS,
                         now=now, name=name)]
        for name, each in zip(names, asked.files, strict=True)
    ]  # fmt: skip
    params = {
        "part": part.code, "name": _stands_as(part, [*names, *linked][0], asked.name), "year": asked.year,
        "files": files, "links": [list(each) for each in zip(linked, asked.links, strict=True)],
    }  # fmt: skip
    return _ask_look(session, params, by, now, "region.received")


def look_again(session: Session, seen: Job, *, by: str, now: datetime) -> str:
    """Have the same files looked at once more, as things stand now (addresses are fetched again)."""
    return _ask_look(session, {**seen.params}, by, now, "region.looked_again")


def _ask_look(session: Session, params: dict[str, Any], by: str, now: datetime, action: str) -> str:
    last = _last_brought(session, params)
    params["after"] = "" if last is None else last.id
    job = desk.enqueue(session, LOOK, params, by, now)
    _record(session, action, params, job, by, now)
    return job


def find_look(session: Session, part: Part, job_id: str) -> Job:
    """A look at this part. Raises NotFound("region.no_look")."""
    job = desk.find_job(session, job_id)
    if job is None or job.name != LOOK or job.params.get("part") != part.code:
        raise NotFound("region.no_look")
    return job


def report_of(blobs: "Blobs", seen: Job) -> Report | None:
    """What the look found; None while it lasts, or when it failed by itself."""
    if seen.state is not State.DONE or seen.outcome is None:
        return None
    try:
        return region_report.read(blobs.read(str(seen.outcome.params["report"])))
    except NotFound:
        return None  # swept since


def bring_of(session: Session, seen: Job) -> Job | None:
    """The job that puts in use what this look saw; None when nobody asked for it."""
    return next((job for job in _all(session, BRING) if job.params.get("look") == seen.id), None)


def put_in_use(session: Session, blobs: "Blobs", seen: Job, *, by: str, now: datetime) -> str:
    """Have what was looked at put in use; the job's id. Asked twice it is one job.

    Raises Conflict("region.not_looked" | "region.not_fit" | "region.being_brought" | "region.overtaken").
    """
    report = report_of(blobs, seen)
    if report is None:
        raise Conflict("region.not_looked")
    if not report.fit:
        raise Conflict("region.not_fit")
    if (mine := bring_of(session, seen)) is not None:
        return mine.id
    last = _last_brought(session, seen.params)
    if last is not None and not last.ended:
        raise Conflict("region.being_brought")
    if ("" if last is None else last.id) != seen.params["after"]:
        raise Conflict("region.overtaken")
    links = seen.params["links"]
    params = {**seen.params, "files": [list(each) for each in report.files], "links": links, "look": seen.id}
    try:
        job = desk.enqueue(session, BRING, params, by, now, key=f"{_scope(seen.params)}:{seen.params['after'] or '-'}")
    except Conflict as reused:
        raise Conflict("region.overtaken") from reused
    _record(session, "region.put_in_use", params, job, by, now)
    return job


def stop(session: Session, job: Job, *, by: str, now: datetime) -> None:
    """Cancel a look or a putting in use. Raises Conflict("jobs.already_ended")."""
    desk.cancel(session, job.id, now)
    _record(session, "region.cancelled", job.params, job.id, by, now)


def looks(session: Session, most: int = 20) -> list[Job]:
    """The last looks, newest first."""
    return desk.list_jobs(session, JobFilter(name=LOOK, limit=most))


# ---------------------------------------------------------------- the jobs


def look(context: "JobContext", params: dict[str, Any]) -> Decision:
    """Fetch what has to be, read everything, keep what was found. Changes nothing else. Raises what fetching raises."""
    from mobigo.infra import clock

    now = clock.now()
    files = [(str(name), str(digest)) for name, digest in params["files"]]
    files += [(name, _fetched(context, params["part"], name, link, now)) for name, link in params["links"]]
    noticed = region.Noticed(context.progress)
    fit, said = True, Decision("region.nothing_sent")
    with _steps(context, params, files, now) as steps:
        try:
            for step in steps:
                context.progress(0, None, "")
                said = step.look(noticed)
        except MobigoError as error:
            fit, said = False, error.decision
    report = Report(fit, said, tuple(files), noticed.total, tuple(noticed.faults))
    with context.transaction() as session:
        digest = context.blobs.put(
            session, region_report.written(report), owner=f"{PURPOSE}:{params['part']}", purpose=PURPOSE,
            keep_days=KEEP_DAYS, now=now, name="rapport.json",
        )  # fmt: skip
        result = Decision("region.looked" if fit else "region.looked_refused", said=said, report=digest)
        context.finish(session, result)
    return result


def bring(context: "JobContext", params: dict[str, Any]) -> Decision:
    """Put in use what was looked at; then have the network compiled where it is about it. Raises what the services
    raise; what served before then goes on."""
    from mobigo.infra import clock

    now, said = clock.now(), Decision("region.nothing_sent")
    with _steps(context, params, [(name, digest) for name, digest in params["files"]], now) as steps:
        for step in steps:
            said = step.bring(region.Noticed(context.progress))
    with context.transaction() as session:
        if params["part"] in ("gtfs", "streets"):
            desk.enqueue(session, "network.build", {}, context.asked_by, now)
        result = Decision("region.brought", said=said)
        audit.record(
            session, "region.brought", actor=context.asked_by or audit.SYSTEM, object_kind="region",
            object_id=params["part"], now=now, detail={"name": params["name"], "job": context.job_id},
        )  # fmt: skip
        context.finish(session, result)
    return result


class _steps:
    """The steps of a part, on its files laid out under their names in a folder of their own."""

    def __init__(
        self, context: "JobContext", params: dict[str, Any], files: Sequence[tuple[str, str]], now: datetime
    ) -> None:
        self._context, self._params, self._files, self._now = context, params, files, now

    def __enter__(self) -> list[region.Step]:
        from mobigo.app.joins import services_for

        self._folder = tempfile.TemporaryDirectory()
        self._services: Services = services_for(self._context.config)
        at = Path(self._folder.name)
        for name, digest in self._files:
            (at / name).symlink_to(self._context.blobs.path(digest).resolve())
        by = self._context.asked_by or audit.SYSTEM
        return region.parts(self._services, _document(self._params, self._files), at, self._now, by)

    def __exit__(self, *_error: object) -> None:
        self._services.engine.dispose()
        self._folder.cleanup()


def _document(params: dict[str, Any], files: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """What a region's file would say of this part alone."""
    told: dict[str, Any] = {name: [] for name in region.LISTS} | {name: {} for name in region.TABLES}
    part, names = str(params["part"]), [name for name, _digest in files]
    links = dict(params["links"])
    if part in region.LISTS:
        told[part] = names
    elif part == "gtfs":
        told["gtfs"] = {params["name"]: (links[names[0]], names[0]) if names[0] in links else names[0]}
    elif part == "streets":
        told["streets"] = {params["name"]: names[0]}
    else:
        told["school"] = {part.removeprefix("school."): names[0]} | ({"year": params["year"]} if params["year"] else {})
    return told


def _fetched(context: "JobContext", part: str, name: str, link: str, now: datetime) -> str:
    with tempfile.TemporaryDirectory() as folder:
        context.progress(0, None, "")
        fetch(link, target := Path(folder) / "fetched", limits=FETCH)
        with context.transaction() as session, target.open("rb") as content:
            return context.blobs.put(
                session, content, owner=f"{PURPOSE}:{part}", purpose=PURPOSE, keep_days=KEEP_DAYS, now=now, name=name
            )


# ---------------------------------------------------------------- names


def file_name(part: Part, given: str) -> str:
    """A name fit for a file: the last piece of what a browser gave, letters and figures. Raises
    InvalidInput("region.wrong_suffix")."""
    name = _plain(given)
    if not name.lower().endswith(part.suffixes):
        raise InvalidInput("region.wrong_suffix", file=name or "—", suffixes=", ".join(part.suffixes))
    return name


def _plain(given: str) -> str:
    last = unicodedata.normalize("NFKD", given.replace("\\", "/").rsplit("/", 1)[-1])
    last = "".join(each for each in last if not unicodedata.combining(each))
    return re.sub(r"[^A-Za-z0-9._-]+", "-", last).lstrip(".-")[-NAME_CHARACTERS_MAX:].lstrip(".-")


def _name_of_link(part: Part, link: str, number: int) -> str:
    name = _plain(urlsplit(link).path) or f"fichier-{number + 1}"
    return name if name.lower().endswith(part.suffixes) else f"{name}{part.suffixes[0]}"


def _check_twice(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput("region.same_name", file=name)


def _stands_as(part: Part, file: str, given: str) -> str:
    """The name under which it stands beside the others; "" where there is one alone."""
    if not part.named:
        return file if part.code == "tariffs" else ""
    from mobigo.network.service.importing import feed_name

    bare = given.strip() or next(file[: -len(each)] for each in part.suffixes if file.lower().endswith(each))
    if len(bare) > NAME_CHARACTERS_MAX or "/" in bare or "\\" in bare:
        raise InvalidInput("region.bad_name", name=bare[:NAME_CHARACTERS_MAX])
    return feed_name(Path(bare.lower()))


def _scope(params: Any) -> str:
    """What two people would be changing at once."""
    return f"{params['part']}:{params['name']}"


def _last_brought(session: Session, params: Any) -> Job | None:
    scope = _scope(params)
    return next((job for job in _all(session, BRING) if _scope(job.params) == scope), None)


def _all(session: Session, name: str) -> Iterator[Job]:
    """Every job of this name, newest first, page by page."""
    before: str | None = None
    while page := desk.list_jobs(session, JobFilter(name=name, before=before)):
        yield from page
        before = page[-1].id


def _record(session: Session, action: str, params: Any, job: str, by: str, now: datetime) -> None:
    detail = {"name": params["name"], "files": [name for name, _digest in params["files"]], "job": job}
    audit.record(
        session, action, actor=by, object_kind="region", object_id=str(params["part"]), now=now, detail=detail
    )  # fmt: skip
