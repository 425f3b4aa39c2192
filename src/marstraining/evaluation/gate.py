"""What may be published of answers (evaluation.md 4.5): every page, chart, export, total and chat answer asks here first.

Three things keep sums from giving away what is held back. A figure is shown only from a frozen summary, and a later one of the same
survey only when it adds enough answers. Sessions with too few answers for a figure of their own are pooled, and totals are made of
whole blocks (`blocks_of`), so that the difference of any two totals is again a whole block. In a table of groups, a group is shown
only where it and all the others together are large enough.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from marstraining.core.values import frozen

FEWEST = 5
"""Fewer answers than this are told as "fewer than 5 responses" and nothing else."""
FOR_A_MEAN = 10
"""From this many on a mean, its interval and the bar of directions are shown; also what a group and its complement need."""
SMALLEST_CELL = 3
"""Between the two, a count that is smaller than this and not nought is merged with its neighbour."""
STEP = 5
"""How many answers a later figure of the same survey must add."""
NO_AVERAGE_BELOW = 0.2
FEW_BELOW = 0.4
TRAINER_ANSWERS, TRAINER_SESSIONS = 20, 2


class Of(StrEnum):
    """Whom a figure tells of."""

    SURVEY = "survey"
    TOTAL = "total"
    TRAINER = "trainer"
    GROUP = "group"


class Level(StrEnum):
    """How much is shown: that there are few, how many, directions, or the mean with its interval and the bar."""

    FEW = "few"
    NUMBER = "number"
    COUNTS = "counts"
    FIGURES = "figures"


@frozen
class Directions:
    """How many answered higher, the same and lower now than before; `at_top` of the same were at the top of the scale already."""

    up: int
    same: int
    down: int
    at_top: int = 0

    @property
    def total(self) -> int:
        return self.up + self.same + self.down


@frozen
class Figure:
    """What somebody wants to show: how many answered out of how many, of whom, and what was shown of it before.

    `asked` None is not known. `elsewhere` is how many answered outside a group. `shown_before` is how many answers the figure had
    that was last published of the same survey, None where none was.
    """

    answers: int
    asked: int | None
    of: Of = Of.SURVEY
    elsewhere: int = 0
    sessions: int = 1
    shown_before: int | None = None
    directions: Directions | None = None


@frozen
class MergedDirections:
    """Directions of a few answers: `not_up` stands for the same and lower together where either alone would be too small."""

    up: int
    same: int | None
    down: int | None

    @property
    def not_up(self) -> int | None:
        return None if self.same is not None else self.down


@frozen
class Published:
    """What may be shown. `answers` and `asked` are None where even the number stays back; `why` says in a sentence why there is no mean."""

    level: Level
    answers: int | None
    asked: int | None
    up: int | None = None
    same: int | None = None
    down: int | None = None
    not_up: int | None = None
    at_top: int | None = None
    few_replied: bool = False
    why: str = ""

    @property
    def has_mean(self) -> bool:
        return self.level is Level.FIGURES

    @property
    def has_comments(self) -> bool:
        return self.answers is not None

    @property
    def words(self) -> str:
        """As in "24 of 30 (80%)" or "fewer than 5 responses"."""
        if self.answers is None:
            return f"fewer than {FEWEST} responses"
        if not self.asked:
            return f"{self.answers} responses"
        return f"{min(self.answers, self.asked)} of {self.asked} ({_percent(self.answers, self.asked)}%)"


def _percent(answers: int, asked: int) -> int:
    return min(100, round(100 * answers / asked))


def is_step(answers: int, shown_before: int | None) -> bool:
    """Whether a figure may be published now: the first of a survey, or one that adds enough answers to the last."""
    return shown_before is None or answers - shown_before >= STEP


def published(figure: Figure) -> Published:
    """What may be shown of a figure (evaluation.md 4.5). ValueError for one that adds too few answers to what was shown before.

    A later figure that adds too few is not a smaller figure but none at all: its caller goes on showing the last one.
    """
    if not is_step(figure.answers, figure.shown_before):
        raise ValueError(f"{figure.answers} answers add too few to the {figure.shown_before} that were shown")
    n = figure.answers
    if n < FEWEST:
        return Published(Level.FEW, None, None, why=f"Fewer than {FEWEST} people answered, so nothing is shown.")
    if figure.of is Of.GROUP and (n < FOR_A_MEAN or figure.elsewhere < FOR_A_MEAN):
        return Published(Level.FEW, None, None, why=f"A group is shown from {FOR_A_MEAN} answers in it and {FOR_A_MEAN} outside it.")
    if figure.of is Of.TRAINER and (n < TRAINER_ANSWERS or figure.sessions < TRAINER_SESSIONS):
        why = f"A trainer’s average is shown from {TRAINER_ANSWERS} answers over {TRAINER_SESSIONS} sessions."  # noqa: RUF001
        return Published(Level.NUMBER, n, figure.asked, why=why)
    share = min(1.0, n / figure.asked) if figure.asked else None
    if share is not None and share < NO_AVERAGE_BELOW:
        why = "Fewer than one in five answered, so no average is shown."
        return Published(Level.NUMBER, n, figure.asked, few_replied=True, why=why)
    is_few = share is not None and share < FEW_BELOW
    if n < FOR_A_MEAN:
        return _of_a_few(figure, is_few=is_few)
    one = figure.directions
    return Published(
        Level.FIGURES,
        n,
        figure.asked,
        up=one.up if one else None,
        same=one.same if one else None,
        down=one.down if one else None,
        at_top=one.at_top if one else None,
        few_replied=is_few,
    )


def _of_a_few(figure: Figure, *, is_few: bool) -> Published:
    why = f"An average is shown from {FOR_A_MEAN} answers."
    merged = merged_directions(figure.directions) if figure.directions else None
    if merged is None:
        return Published(Level.NUMBER, figure.answers, figure.asked, few_replied=is_few, why=why)
    is_apart = merged.same is not None
    return Published(
        Level.COUNTS,
        figure.answers,
        figure.asked,
        up=merged.up,
        same=merged.same,
        down=merged.down if is_apart else None,
        not_up=merged.not_up,
        few_replied=is_few,
        why=why,
    )


def merged_directions(one: Directions) -> MergedDirections | None:
    """The counts of five to nine answers: the same and lower merged where a count is small, None where even then one is."""
    if all(_is_safe(cell) for cell in (one.up, one.same, one.down)):
        return MergedDirections(one.up, one.same, one.down)
    rest = one.same + one.down
    return MergedDirections(one.up, None, rest) if _is_safe(one.up) and _is_safe(rest) else None


def _is_safe(cell: int) -> bool:
    return cell == 0 or cell >= SMALLEST_CELL


def published_choices(counts: Mapping[str, int], *, answers: int) -> dict[str, int] | None:
    """How often each answer to a question was chosen, in the same order; None where that would tell too much of a few people.

    From ten answers on as they are; from five to nine only where no count is small. `answers` is how many answered the question.
    """
    if answers < FEWEST or (answers < FOR_A_MEAN and not all(_is_safe(cell) for cell in counts.values())):
        return None
    if answers < FOR_A_MEAN and not all(_is_safe(answers - cell) for cell in counts.values()):
        return None
    return dict(counts)


def published_groups(answers: Mapping[str, int]) -> frozenset[str]:
    """Which groups of a table may be shown beside its total: each large enough, and neither its complement nor what is hidden small.

    Where the hidden ones together would be small and could be taken from the total, the smallest shown one is hidden too.
    """
    total = sum(answers.values())
    shown = {name for name, n in answers.items() if n >= FOR_A_MEAN and total - n >= FOR_A_MEAN}
    while shown:
        hidden = sum(n for name, n in answers.items() if name not in shown)
        if hidden == 0 or hidden >= FOR_A_MEAN:
            break
        shown.remove(min(shown, key=lambda name: (answers[name], name)))
    return frozenset(shown)


def published_returns(answered: Mapping[str, frozenset[int]], everybody: frozenset[int]) -> frozenset[str]:
    """Of which organisations it may be told how many of theirs answered, beside how many did in all; by who answered, some at two.

    Five or more of theirs did, and of all others, and of those whose organisations are not shown, nobody or five.
    """
    shown = {name for name, own in answered.items() if len(own) >= FEWEST and _is_many_or_none(len(everybody - own))}
    while shown and not _is_many_or_none(len(everybody.difference(*(answered[name] for name in shown)))):
        shown.remove(min(shown, key=lambda name: (len(answered[name]), name)))
    return frozenset(shown)


def _is_many_or_none(answers: int) -> bool:
    return answers == 0 or answers >= FEWEST


@frozen
class Waiting:
    """A closed survey with too few answers for a mean, which waits for others of its course."""

    survey: int
    answers: int


def pools(waiting: Sequence[Waiting]) -> list[tuple[Waiting, ...]]:
    """Which surveys of one course are taken together, in their order, so that each pool has a figure; the rest goes on waiting.

    Surveys of which a number is shown already are never pooled with those of which none is, or the difference would tell the
    number that was held back; these come together in threes at least. A survey without answers needs no pool.
    """
    found: list[tuple[Waiting, ...]] = []
    for least, part in (
        (3, [one for one in waiting if 0 < one.answers < FEWEST]),
        (2, [one for one in waiting if FEWEST <= one.answers < FOR_A_MEAN]),
    ):
        pool: list[Waiting] = []
        for one in part:
            pool.append(one)
            if len(pool) >= least and sum(each.answers for each in pool) >= FOR_A_MEAN:
                found.append(tuple(pool))
                pool = []
    return found


def pooled_directions(members: Sequence[Directions]) -> Directions | None:
    """The directions of a pool; None where those of a member were merged, since the others would give them away."""
    is_open = all(one.total < FEWEST for one in members) or all(
        one.total >= FEWEST and (merged := merged_directions(one)) is not None and merged.same is not None for one in members
    )
    if not is_open:
        return None
    return Directions(
        up=sum(one.up for one in members),
        same=sum(one.same for one in members),
        down=sum(one.down for one in members),
        at_top=sum(one.at_top for one in members),
    )


def pooled_choices(members: Sequence[tuple[Mapping[str, int], int]]) -> dict[str, int] | None:
    """Counts of one question over the surveys of a block, each with how many answered it; None where they stay back.

    Where the counts of one member are shown by themselves and those of another are not, their sum would give the other away.
    """
    held = [(counts, answers) for counts, answers in members if answers]
    total = sum(answers for _, answers in held)
    shown_alone = [published_choices(counts, answers=answers) is not None for counts, answers in held]
    return None if total < FOR_A_MEAN or len(set(shown_alone)) > 1 else added(counts for counts, _ in held)


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts of the same question added up, in the order in which their answers first come."""
    found: dict[str, int] = {}
    for one in counts:
        for choice, number in one.items():
            found[choice] = found.get(choice, 0) + number
    return found


@frozen
class Matched:
    """A survey of which so many people also answered another one, and how many forms of either survey stand alone."""

    survey: int
    pairs: int
    alone_before: int
    alone_after: int


def matched_blocks(waiting: Sequence[Matched]) -> list[tuple[Matched, ...]]:
    """Which surveys are taken together, in their order, so that a figure may be made of their pairs; the rest goes on waiting.

    People who answered twice are a group among all who answered: there must be ten of them, and nobody else or ten others on either
    side, or the figures of all and of the group would give the others away. Nothing is ever shown of the pairs of a single survey.
    """
    found: list[tuple[Matched, ...]] = []
    block: list[Matched] = []
    for one in waiting:
        if not one.pairs:
            continue
        block.append(one)
        alone = (sum(each.alone_before for each in block), sum(each.alone_after for each in block))
        if sum(each.pairs for each in block) >= FOR_A_MEAN and all(_is_whole(number) for number in alone):
            found.append(tuple(block))
            block = []
    return found


def _is_whole(rest: int) -> bool:
    return rest == 0 or rest >= FOR_A_MEAN


def is_quotable(answers: int, *, could_have_written: int) -> bool:
    """Whether what somebody wrote may be quoted in a report: a comment that may be shown, and that enough people could have written.

    A question that few were asked, as after "yes, with a family", would tell the few.
    """
    return published(Figure(answers, None)).has_comments and could_have_written >= FEWEST


def thresholds() -> tuple[tuple[str, str], ...]:
    """The rules above in words, for the annex of a report: what is shown, and from how many on."""
    return (
        ("A number of answers, and comments", f"from {FEWEST} answers; fewer are told as “fewer than {FEWEST} responses”"),
        (
            f"Directions of {FEWEST} to {FOR_A_MEAN - 1} answers",
            f"counts smaller than {SMALLEST_CELL} and not nought are merged with their neighbour, or left out",
        ),
        ("A mean, its interval, directions in full", f"from {FOR_A_MEAN} answers"),
        ("An average where few replied", f"none below {NO_AVERAGE_BELOW:.0%} of those asked; labelled below {FEW_BELOW:.0%}"),
        ("A group within a table", f"from {FOR_A_MEAN} answers in it and {FOR_A_MEAN} outside it"),
        ("A trainer’s average", f"from {TRAINER_ANSWERS} answers over {TRAINER_SESSIONS} sessions"),  # noqa: RUF001 - as printed
        ("Totals over sessions", "sums of whole blocks, so that no two of them differ by a few answers"),
        ("A later figure of the same survey", f"once it adds {STEP} answers"),
        ("Pairs of one person’s answers", f"from {FOR_A_MEAN} pairs, with no others or {FOR_A_MEAN} who answered once"),  # noqa: RUF001 - as printed
        ("A quotation", f"with consent, read by the training team, of a question that {FEWEST} or more could have answered"),
    )
