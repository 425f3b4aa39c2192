"""All that one is told of: on one's own page, and by the link in each letter."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from marstraining.bulletins.actions import stop_all, stop_by_token, stop_following, stop_topic, subscribe_to_topic
from marstraining.bulletins.queries import Subscriptions, my_subscriptions, subscriptions_by_token
from marstraining.bulletins.rules import PACES, Pace
from marstraining.core import clock
from marstraining.core.errors import NotFound
from marstraining.core.web import ANYONE, NO_REFERRER, SIGNED_IN, Form, page, read_form, render, see_other, viewer_of
from marstraining.people.queries import telegram_chat_of
from marstraining.programme.queries import all_topics

HOME = "/me/news"
DONE: dict[str, str | tuple[str, str]] = {
    "following": "We will tell you about new dates and resources on this topic.",
    "stopped": "You will hear no more about it.",
    "all": "You will get no more emails about new dates and resources.",
}


async def own(request: Request) -> Response:
    """What one is told of, each with a button that stops it, and a way to add a topic."""
    viewer, now = viewer_of(request), clock.now()
    if viewer.person_id is None:
        raise NotFound
    mine = await my_subscriptions(viewer.person_id)
    topics = {topic.slug: topic.label for topic in await all_topics()}
    form = Form.of(pace=Pace.DAILY.value)
    if request.method == "POST":
        form = await read_form(request)
        if form.get("stop"):
            await _stop(form.get("stop"), mine, request)
            return see_other(f"{HOME}?done={'all' if form.get('stop') == 'all' else 'stopped'}")
        topic = form.choice("topic", "a topic", topics)
        pace = form.choice("pace", "how often we tell you", PACES)
        if not form.errors:
            await subscribe_to_topic(topic, pace=Pace(pace), by=viewer, now=now)
            return see_other(f"{HOME}?done=following")
    chat = await telegram_chat_of(viewer.person_id)
    followed = {topic.slug for topic in mine.topics}
    return render(
        request,
        "bulletins/own.html",
        mine=mine,
        form=form,
        topics={slug: label for slug, label in topics.items() if slug not in followed},
        paces=PACES,
        by_telegram=chat is not None and chat.wishes.updates,
        has_telegram=chat is not None,
        done=DONE,
    )


async def _stop(what: str, mine: Subscriptions, request: Request) -> None:
    viewer, now = viewer_of(request), clock.now()
    kind, _, key = what.partition(":")
    if kind == "all":
        await stop_all(by=viewer, now=now)
    for course in mine.courses:
        if kind == "course" and course.code == key:
            await stop_following(course.course_id, by=viewer, now=now)
    if kind == "topic":
        await stop_topic(key, by=viewer, now=now)


async def stop(request: Request) -> Response:
    """The link of a letter: a page with buttons; pressing one stops one course or topic, or all of them.

    A mail program's own button posts `List-Unsubscribe=One-Click` (RFC 8058), which stops all and answers in plain text.
    """
    token, now = request.path_params["token"], clock.now()
    if request.method == "POST":
        form = await read_form(request)
        followed = await subscriptions_by_token(token)
        courses = {str(one.course_id): one.course_id for one in followed.courses}
        topics = {str(one.topic_id): one.topic_id for one in followed.topics}
        course, topic = form.get("course"), form.get("topic")
        if (course and course not in courses) or (topic and topic not in topics):
            return see_other(f"/bulletins/stop/{token}")
        await stop_by_token(token, course_id=courses.get(course), topic_id=topics.get(topic), now=now)
        if form.get("List-Unsubscribe"):
            return PlainTextResponse("You will get no more emails about new dates.\n")
        return see_other(f"/bulletins/stop/{token}?done={'stopped' if course or topic else 'all'}")
    return render(
        request,
        "bulletins/stop.html",
        followed=await subscriptions_by_token(token),
        token=token,
        done={"stopped": DONE["stopped"], "all": DONE["all"]},
        headers=NO_REFERRER,
    )


routes = [
    page(HOME, own, who=SIGNED_IN, methods=("GET", "POST")),
    page("/bulletins/stop/{token}", stop, who=ANYONE, methods=("GET", "POST")),
]
