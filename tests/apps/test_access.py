"""Walks every address with every role: who may open it, and that nobody is shown what is another's.

Who may open what stands in ``access_rules``, the sample in ``access_world``. An address that stands in neither
``PAGES`` nor ``OPEN`` fails ``test_every_address_is_classified``.
"""

import io
import zipfile

import pypdfium2 as pdfium
import pytest
from django.apps import apps
from django.urls import get_resolver, reverse
from tests.apps.access_rules import FIGURES, MARKS, OPEN, PAGED, PAGES, PEOPLE, PLANS, QUERY, REGISTRY, TARGETS
from tests.apps.access_world import make_world

from wufei.apps.registry import selectors
from wufei.apps.registry.models import Site, User

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def addresses():
    """Every named address of the site, with its name space."""

    def walk(patterns, space):
        for entry in patterns:
            if hasattr(entry, "url_patterns"):
                yield from walk(entry.url_patterns, space + (f"{entry.namespace}:" if entry.namespace else ""))
            else:
                yield space + (entry.name or f"unnamed {entry.pattern}")

    return set(walk(get_resolver().url_patterns, ""))


def test_every_address_is_classified():
    assert addresses() - set(PAGES) - OPEN == set(), "add a line to PAGES: who may open it?"
    assert set(PAGES) - addresses() == set(), "these addresses are gone"


@pytest.fixture
def world():
    """The sample; the keys that the addresses of ``PAGES`` name."""
    return make_world()


def may_open(rule, person):
    """Whether ``person`` may open an address of this rule; ``None`` is someone who is not logged in."""
    kind, _, rest = rule.partition(":")
    what, _, place = rest.partition(":")
    return {
        "everyone": True,
        "nobody": False,
        "firms": person.role in {"generator", "carrier", "facility"},
        "plans": bool(person.plan),
        "some-figures": bool(person.figures),
        "sees": rest in person.sees,
        "own": bool(person.firm) and rest == person.firm,
        "firm-with-site": bool(person.firm),
        "firm": rest == person.firm,
        "plan": rest == person.plan,
        "figures": rest == person.figures,
        "may": what in person.may and place in {"", person.figures},
        "keeps": person.firm == rest or (person.role == "programme_office" and rest in person.sees),
        "delegation": person.firm == rest or (person.role == "programme_office" and rest in person.sees),
        "amendment": rest in person.sees,
        "decides": person.role in {"programme_office", "department"} and rest in person.sees,
        "acts": rest in person.sees and (person.role in {"programme_office", "department"} or bool(person.firm)),
        "post": may_open(rest, person) if kind == "post" else False,
    }[kind]


def forbidden_marks(person):
    """What no answer to this person may hold."""
    marks = {mark for key, mark in MARKS.items() if key not in person.sees}
    marks |= {mark for place, mark in FIGURES.items() if place != person.figures}
    return marks | {mark for place, mark in PLANS.items() if place != person.plan}


def content(answer):
    """All text of an answer; a workbook is unpacked, a PDF read page by page."""
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if raw.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    if raw.startswith(b"%PDF") and b"startxref" in raw:  # a real one
        with pdfium.PdfDocument(raw) as document:
            return "".join(page.get_textpage().get_text_bounded() for page in document)
    text = raw.decode("utf-8", "replace")
    return text.encode("ascii", "replace").decode("unicode_escape") + text if "\\u" in text else text


def url_of(name, values, keys):
    filled = [keys[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value for value in values]
    return reverse(name, args=filled)


def probes(keys):
    """(address, headers, rule) of everything that is asked for: pages, partials and guessed keys."""
    for name, entries in PAGES.items():
        for values, rule, *query in entries:
            url = "&".join([url_of(name, values, keys) + QUERY, *query])
            yield url, {}, rule
            if not url.partition("?")[0].endswith((".xlsx", ".json")):
                yield url, {"HX-Request": "true"}, rule
            if name in PAGED:
                yield f"{url}&after={keys['B.organisation']}&sort=-name", {}, rule
            for target, who in TARGETS.get(name, {}).items():
                yield url, {"HX-Request": "true", "HX-Target": target}, rule.replace("plan:", f"{who}:")


def walk(client, keys):
    """Ask for everything as everyone; return what was answered wrongly."""
    problems = []
    asked = list(probes(keys))
    for name, person in PEOPLE.items():
        client.force_login(User.objects.get(username=name))
        for url, headers, rule in asked:
            answer = client.get(url, headers=headers)
            takes_post_only = rule.startswith("post:") and answer.status_code == 405
            allowed = {200, 302} if may_open(rule, person) else {404}
            if answer.status_code not in allowed and not takes_post_only:
                problems.append(f"{name} {url} {headers}: {answer.status_code}, expected {allowed}")
            found = sorted(mark for mark in forbidden_marks(person) if mark in content(answer))
            if found:
                problems.append(f"{name} {url} {headers}: shows {found}")
    return problems


def rows_of_all_tables():
    """How many rows each table has, sessions aside."""
    return {
        m._meta.label: m._default_manager.count() for m in apps.get_models() if m._meta.label != "sessions.Session"
    }


def test_nobody_is_shown_what_is_anothers_and_reading_changes_nothing(client, world):
    before = rows_of_all_tables()
    problems = walk(client, world)
    assert not problems, "\n".join(problems[:40])
    assert rows_of_all_tables() == before


def test_who_is_in_sight_is_really_shown(client, world):
    """The walk would pass on empty pages: here the marks must be there."""
    for name, person in PEOPLE.items():
        client.force_login(User.objects.get(username=name))
        for listed in REGISTRY:
            for address in ("registry:list", "registry:export"):
                shown = content(client.get(reverse(address, args=[listed])))
                assert {key for key, mark in MARKS.items() if mark in shown} == set(person.sees), (
                    name,
                    address,
                    listed,
                )


def test_whoever_is_not_logged_in_is_sent_to_the_login(client, world):
    for url, headers, _ in probes(world):
        answer = client.get(url, headers=headers)
        if url.startswith("/api/"):
            assert answer.status_code in {401, 405}, url
            continue
        assert answer.status_code in {302, 405}, url
        assert answer.status_code == 405 or answer.url.startswith(reverse("account_login")), url
    for name in ("account_login", "account_signup", "account_logout"):
        shown = content(client.get(reverse(name)))
        assert not [mark for mark in (*MARKS.values(), *FIGURES.values()) if mark in shown]


def test_a_write_that_is_not_allowed_finds_nothing_and_changes_nothing(client, world):
    before = rows_of_all_tables()
    for name, person in PEOPLE.items():
        client.force_login(User.objects.get(username=name))
        for url, headers, rule in probes(world):
            if not may_open(rule, person) or rule == "everyone":
                if url.startswith("/api/"):  # what cannot be understood is told before who may do it
                    answer = client.post(url, {}, content_type="application/json", headers=headers)
                    assert answer.status_code in {403, 404, 405, 422}, (name, url, answer.status_code)
                    continue
                answer = client.post(url, {"decision": "approve", "action": "approve"}, headers=headers)
                refused = {404, 405, 422} if rule == "everyone" else {404, 405}  # a form that lacks its fields
                asked_again = answer.status_code == 302 and answer.url.startswith(reverse("account_reauthenticate"))
                assert asked_again or answer.status_code in refused, (name, url, answer.status_code)
    assert rows_of_all_tables() == before


def test_the_walk_finds_a_leak(client, world, monkeypatch):
    """Broken on purpose: with every site in everyone's sight, the walk must complain of A, B and C."""
    monkeypatch.setattr(selectors, "visible_sites", lambda user: Site.objects.all())
    township = {"township_a": PEOPLE["township_a"]}
    monkeypatch.setitem(globals(), "PEOPLE", township)
    problems = "\n".join(walk(client, world))
    assert MARKS["B"] in problems
    assert MARKS["C"] in problems
