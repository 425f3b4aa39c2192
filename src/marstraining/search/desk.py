"""The lexicon at the desk: its lines, and the words that nobody understood."""

from starlette.requests import Request
from starlette.responses import Response

from marstraining.core import clock, config
from marstraining.core.errors import NotFound, Refused
from marstraining.core.viewer import Role
from marstraining.core.web import Form, page, read_form, render, roles, see_other, viewer_of
from marstraining.search import forms
from marstraining.search.actions import add_entry, change_entry, remove_entry, settle_unknown_word
from marstraining.search.queries import current_lexicon, kept_entries, kept_entry, topic_choices, unknown_words
from marstraining.search.rules import Understood
from marstraining.search.understanding import understand

DONE: dict[str, str | tuple[str, str]] = {
    "added": "The line is added. Search and chat know it within a second or two.",
    "changed": "The line is changed. Search and chat know it within a second or two.",
    "removed": "The line is taken away.",
    "settled": "The word is taken off the list.",
}
_LONGEST = 200


async def lexicon(request: Request) -> Response:
    """The lines of the lexicon, and the words nobody understood above them; `try` shows what a sentence is understood as."""
    words = request.query_params.get("q", "").strip()[:_LONGEST]
    tried = request.query_params.get("try", "").strip()[:_LONGEST]
    return render(
        request,
        "search/desk/lexicon.html",
        entries=await kept_entries(words=words),
        words=words,
        unknown=await unknown_words(),
        tried=tried,
        understood=await _tried(tried) if tried else None,
        done=DONE,
    )


async def new(request: Request) -> Response:
    """A new line; `word` is one of those nobody understood, put among the everyday words."""
    form = Form.of(also=request.query_params.get("word", "")[:40])
    topics = dict(await topic_choices())
    if request.method == "POST":
        form = await read_form(request)
        draft = forms.read_entry(form, topics)
        if not form.errors:
            try:
                await add_entry(draft, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/lexicon?done=added")
    return render(request, "search/desk/entry.html", form=form, kept=None, topics=topics)


async def change(request: Request) -> Response:
    """One line: change it, or take it away."""
    kept = await kept_entry(request.path_params["ref"])
    topics = dict(await topic_choices())
    form = forms.entry_form(kept)
    if request.method == "POST":
        form = await read_form(request)
        if form.get("remove"):
            await remove_entry(kept.ref, by=viewer_of(request), now=clock.now())
            return see_other("/desk/lexicon?done=removed")
        draft = forms.read_entry(form, topics)
        if not form.errors:
            try:
                await change_entry(kept.ref, draft, by=viewer_of(request), now=clock.now())
            except Refused as refusal:
                form.refuse(refusal)
            else:
                return see_other("/desk/lexicon?done=changed")
    return render(request, "search/desk/entry.html", form=form, kept=kept, topics=topics)


async def settle(request: Request) -> Response:
    """Take a word that nobody understood off the list."""
    form = await read_form(request)
    number = form.get("word")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise NotFound
    await settle_unknown_word(int(number), by=viewer_of(request), now=clock.now())
    return see_other("/desk/lexicon?done=settled")


async def _tried(text: str) -> Understood:
    return understand(text, now=clock.now(), lexicon=await current_lexicon(), calendar=config.current().partnership.calendar)


_DESK = roles(Role.DESK)
routes = [
    page("/desk/lexicon", lexicon, who=_DESK),
    page("/desk/lexicon/new", new, who=_DESK, methods=("GET", "POST")),
    page("/desk/lexicon/settle", settle, who=_DESK, methods=("POST",)),
    page("/desk/lexicon/{ref}", change, who=_DESK, methods=("GET", "POST")),
]
