"""Five thousand invented courses in a database, and how well and how fast what is asked about them is found."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from marstraining.core.partnership import load_partnership
from marstraining.core.viewer import ANYBODY
from marstraining.programme.models import Course, CourseTopic, Topic
from marstraining.search.actions import seed_lexicon
from marstraining.search.queries import current_lexicon, find, watch_index
from marstraining.search.understanding import understand
from tests.search.generated import Made, made_documents, questions

CALENDAR = load_partnership().calendar


@dataclass(frozen=True, slots=True)
class Figures:
    """The share of questions whose document was among the first three, and milliseconds of this thread for one question."""

    asked: int
    hit_at_three: float
    median: float
    late: float

    def __str__(self) -> str:
        return f"hit@3 {self.hit_at_three:.1%} of {self.asked}, median {self.median:.2f} ms, p95 {self.late:.2f} ms"


async def write_many(*, now: datetime) -> list[Made]:
    """Write the lexicon and the courses; what was written."""
    await seed_lexicon(now=now)
    made = made_documents((await current_lexicon()).entries)
    topics = {topic.slug: topic.id for topic in await Topic.all()}
    await Course.bulk_create(
        [Course(code=one.code, title=one.title, summary=one.text, kind="course", audience_codes=["all"]) for one in made], batch_size=500
    )
    ids = {row["code"]: row["id"] for row in await Course.all().values("code", "id")}
    links = [CourseTopic(course_id=ids[one.code], topic_id=topics[one.topic]) for one in made if one.topic]
    await CourseTopic.bulk_create(links, batch_size=500)
    return made


async def ask_many(made: Sequence[Made], *, now: datetime) -> Figures:
    """Ask for 400 of them, as a process does that keeps its index by a watch."""
    lexicon = await current_lexicon()
    watching = asyncio.create_task(watch_index())
    await asyncio.sleep(0)
    seconds: list[float] = []
    hits = 0
    for text, wanted in questions(made):
        # Of this thread alone: the machine may have other things to do.
        began = time.thread_time()
        understood = understand(text, now=now, lexicon=lexicon, calendar=CALENDAR)
        found = await find(understood, viewer=ANYBODY, now=now, limit=3)
        seconds.append(time.thread_time() - began)
        hits += wanted.code in {hit.document.code for hit in found.hits}
    watching.cancel()
    seconds.sort()
    return Figures(len(seconds), hits / len(seconds), 1000 * seconds[len(seconds) // 2], 1000 * seconds[int(0.95 * len(seconds))])
