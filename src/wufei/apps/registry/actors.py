"""Who did something, in words for a reader: the person, where the reader may know the name, and the firm or office.

Invariant: of another firm's people, and of the people of an office, a firm is told the firm or office alone; offices
are told names, as on everything else that they see.
"""

from collections.abc import Iterable, Mapping

from django.contrib.auth.models import AnonymousUser

from wufei.apps.registry.models import User

NOBODY = {"system": "系统", "silence": "期满自动"}


def actor_names(reader: User | AnonymousUser, usernames: Iterable[str]) -> Mapping[str, str]:
    """User name -> who that is for ``reader``; one query. What is no account (a program) stays as it is."""
    wanted = set(usernames)
    people = User.objects.filter(username__in=wanted).select_related("organisation", "department", "division")
    return {name: NOBODY.get(name, name) for name in wanted} | {p.username: _told(reader, p) for p in people}


def _told(reader: User | AnonymousUser, person: User) -> str:
    place = place_of(person)
    if not _may_know(reader, person) or str(person) == place:
        return place
    return f"{person}（{place}）"


def _may_know(reader: User | AnonymousUser, person: User) -> bool:
    if not isinstance(reader, User):
        return False
    return reader.organisation_id is None or reader.organisation_id == person.organisation_id


def place_of(person: User) -> str:
    """The firm or the office for which somebody acts."""
    if person.organisation is not None:
        return person.organisation.name
    office = person.department.name if person.department else person.get_role_display()
    return f"{person.division or ''}{office}"
