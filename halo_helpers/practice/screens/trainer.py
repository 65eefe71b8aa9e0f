"""The trainer's page: which tenant is in which scenario, and the form that changes it."""

from __future__ import annotations

from ..make_worlds import put_in_scenario
from ..scenarios import SCENARIOS
from ..wire import Answer
from ..world.realm import WALK, Realm
from ..world.world import World
from .forms import Form, is_own
from .notices import Notices
from .page import SHOWN, html_page, redirect, too_old


def trainer_page(realm: Realm, form: Form, csrf: str, notices: Notices) -> Answer:
    """Return which tenant is in which scenario; put one into another, or make one, when asked to."""
    problems: list[str] = []
    notice = notices.take(form.flash)
    if form.posted and not is_own(form, csrf):
        return too_old(None)
    if form.posted:
        name, chosen = form.fields.get("tenant", "").strip().lower(), form.fields.get("scenario", "")
        try:
            put_in_scenario(realm, name, chosen)
        except ValueError as error:
            problems.append(f"{error}")
        else:
            title = SCENARIOS[chosen].title
            return redirect(f"/practice{notices.leave(saved=f'{name}: {title}. Its credentials are new.')}")
    found = [world for name, world in realm.worlds.items() if form.search.lower() in name]
    return html_page(
        None,
        "trainer",
        worlds=found[:SHOWN],
        more=len(found) - SHOWN,
        scenarios=SCENARIOS,
        csrf_token=csrf,
        current=realm.scenarios,
        untouched=_untouched,
        search=form.search,
        problems=problems,
        notice=notice,
    )


def _untouched(world: World) -> str:
    """Say what a tenant is that was put into no scenario."""
    return "The learner's own: empty until it is set up" if world.name == WALK else SCENARIOS["healthy"].title
