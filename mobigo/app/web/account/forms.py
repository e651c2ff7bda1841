"""What the forms of accounts share: fields read by name, faults put beside their field, letters sent from templates."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from mobigo.infra import forms, outbox
from mobigo.infra.i18n import current_language, use_language
from mobigo.infra.web import services

# Which field a refusal is about; any other is about the whole form and stands at its head.
FIELDS: Final[Mapping[str, str]] = {
    "account.bad_email": "email",
    "account.bad_name": "name",
    "account.exists": "email",
    "password.too_short": "password",
    "password.too_long": "password",
    "password.too_common": "password",
    "password.like_email": "password",
    "account.wrong_password": "current",
    "account.not_confirmed": "confirmation",
    "api_key.bad_label": "label",
    "api_key.bad_life": "life_days",
    "api_key.no_scope": "scopes",
    "api_key.scope_not_yours": "scopes",
    "organisation.bad_name": "organisation_name",
    "organisation.exists": "organisation_name",
    "organisation.bad_siren": "siren",
    "grant.needs_organisation": "organisation",
    "region.nothing_sent": "files",
    "region.too_many_files": "files",
    "region.wrong_suffix": "files",
    "region.same_name": "files",
    "region.bad_name": "name",
    "network.bad_url": "links",
}


def text(name: str) -> str:
    """One field of the form as typed; "" when it was not sent. What is not read by name is ignored."""
    return request.form.get(name, "")


class Faults(forms.Faults):
    """The sentences of a refused form of accounts."""

    fields = FIELDS


def letter(
    session: Session,
    template: str,
    to: str,
    *,
    person: str | None,
    key: str,
    now: datetime,
    language: str | None,
    **facts: object,
) -> None:
    """Writes an e-mail into the outbox from `account/mail/<template>.<language>.txt`: its first line is the subject."""
    spoken = language or current_language()
    with use_language(spoken):
        text = render_template(f"account/mail/{template}.{spoken}.txt", **facts)
    subject, _, body = text.partition("\n")
    message = outbox.Message("email", to, subject.strip(), body.strip() + "\n", person)
    outbox.send(session, message, key=key, now=now)


def public_url(endpoint: str, **values: str) -> str:
    """An address for a letter: made from the configuration, never from what the request says its host is."""
    return services().config.base_url + url_for(endpoint, _external=False, **values)


Page = Callable[..., object]
