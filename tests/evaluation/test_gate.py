"""What may be shown of answers, for every number of them, and that no sum or difference gives away what is held back."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marstraining.evaluation.gate import (
    FEWEST,
    FOR_A_MEAN,
    STEP,
    Directions,
    Figure,
    Level,
    Of,
    Waiting,
    is_step,
    merged_directions,
    pooled_directions,
    pools,
    published,
    published_choices,
    published_groups,
    published_returns,
)

_DIRECTIONS = st.builds(Directions, st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))


@pytest.mark.parametrize("n", range(1, 31))
def test_each_number_of_answers_shows_what_its_threshold_allows(n: int) -> None:
    shown = published(Figure(n, 30, directions=Directions(up=n, same=0, down=0)))
    is_too_few_of_all = n / 30 < 0.2
    expected = Level.FEW if n < 5 else Level.NUMBER if is_too_few_of_all else Level.COUNTS if n < 10 else Level.FIGURES
    assert (shown.level, shown.answers, shown.up, shown.has_mean, shown.has_comments, shown.few_replied) == (
        expected,
        None if n < 5 else n,
        n if expected in {Level.COUNTS, Level.FIGURES} else None,
        n >= 10,
        n >= 5,
        5 <= n < 12,
    )


def test_what_is_said_of_the_number_of_answers() -> None:
    assert [published(Figure(n, asked)).words for n, asked in ((4, 30), (24, 30), (31, 30), (12, None))] == [
        "fewer than 5 responses",
        "24 of 30 (80%)",
        "30 of 30 (100%)",
        "12 responses",
    ]


@pytest.mark.parametrize(
    ("answers", "asked", "level", "few"),
    [
        (19, 100, Level.NUMBER, True),
        (20, 100, Level.FIGURES, True),
        (39, 100, Level.FIGURES, True),
        (40, 100, Level.FIGURES, False),
    ],
)
def test_too_small_a_share_has_no_average_and_a_small_one_says_so(answers: int, asked: int, level: Level, *, few: bool) -> None:
    shown = published(Figure(answers, asked, directions=Directions(answers, 0, 0)))
    assert (shown.level, shown.few_replied, shown.up is not None) == (level, few, level is Level.FIGURES)


@pytest.mark.parametrize(
    ("directions", "shown"),
    [
        (Directions(6, 3, 0), (6, 3, 0, None)),
        (Directions(5, 2, 1), (5, None, None, 3)),
        (Directions(7, 1, 1), (None, None, None, None)),
        (Directions(2, 3, 3), (None, None, None, None)),
        (Directions(0, 4, 2), (0, None, None, 6)),
    ],
)
def test_small_counts_of_five_to_nine_answers_are_merged(directions: Directions, shown: tuple[int | None, ...]) -> None:
    found = published(Figure(directions.total, directions.total, directions=directions))
    assert (found.up, found.same, found.down, found.not_up) == shown


@given(st.builds(Directions, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)))
def test_no_count_of_a_few_answers_is_small_nor_its_complement(directions: Directions) -> None:
    if not FEWEST <= directions.total < FOR_A_MEAN:
        return
    shown = published(Figure(directions.total, directions.total, directions=directions))
    cells = [cell for cell in (shown.up, shown.same, shown.down, shown.not_up) if cell is not None]
    assert all(cell == 0 or cell >= 3 for cell in cells)
    assert sum(cells) in {0, directions.total}


@pytest.mark.parametrize("n", range(1, 31))
def test_a_group_and_its_complement_are_both_large_enough(n: int) -> None:
    assert [published(Figure(n, 40, of=Of.GROUP, elsewhere=rest)).has_mean for rest in (9, 10)] == [False, n >= 10]


def test_a_trainer_needs_twenty_answers_over_two_sessions() -> None:
    found = [published(Figure(n, n, of=Of.TRAINER, sessions=sessions)).has_mean for n, sessions in ((19, 2), (20, 1), (20, 2))]
    assert found == [False, False, True]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_what_is_published_in_steps_never_differs_by_a_few(arriving: list[int]) -> None:
    shown: list[int] = []
    total = 0
    for more in arriving:
        total += more
        last = shown[-1] if shown else None
        if is_step(total, last):
            published(Figure(total, None, shown_before=last))
            shown.append(total)
        else:
            with pytest.raises(ValueError, match="too few"):
                published(Figure(total, None, shown_before=last))
    assert all(later - earlier >= STEP for earlier, later in itertools.pairwise(shown))


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 40)))
def test_no_group_of_a_table_follows_from_its_total(answers: dict[str, int]) -> None:
    shown = published_groups(answers)
    total = sum(answers.values())
    hidden = sum(n for name, n in answers.items() if name not in shown)
    assert all(answers[name] >= FOR_A_MEAN and total - answers[name] >= FOR_A_MEAN for name in shown)
    assert not shown or hidden == 0 or hidden >= FOR_A_MEAN


@given(st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.integers(0, 40), max_size=25)), st.frozensets(st.integers(30, 60)))
def test_no_organisations_few_follow_from_how_many_answered_in_all(answered: dict[str, frozenset[int]], others: frozenset[int]) -> None:
    everybody = others.union(*answered.values())
    shown = published_returns(answered, everybody)
    for name in shown:
        assert len(answered[name]) >= FEWEST
        assert len(everybody - answered[name]) == 0 or len(everybody - answered[name]) >= FEWEST
    rest = everybody.difference(*(answered[name] for name in shown))
    assert not shown or len(rest) == 0 or len(rest) >= FEWEST


def test_organisations_are_shown_where_there_is_nothing_to_find_out() -> None:
    ten, six, four = (frozenset(range(start, start + number)) for start, number in ((0, 10), (10, 6), (16, 4)))
    assert published_returns({"a": ten, "b": six, "c": frozenset()}, ten | six) == {"a", "b"}
    assert published_returns({"a": ten, "b": six, "c": four}, ten | six | four) == {"a"}
    assert published_returns({"a": ten, "c": four}, ten | four) == set()


@given(st.lists(st.integers(0, 9), max_size=12))
def test_totals_are_made_of_blocks_so_that_no_difference_is_small(closed: list[int]) -> None:
    found = pools([Waiting(number, n) for number, n in enumerate(closed)])
    pooled = [one.survey for pool in found for one in pool]
    assert len(pooled) == len(set(pooled))
    for pool in found:
        sizes = [one.answers for one in pool]
        assert sum(sizes) >= FOR_A_MEAN
        shown = sum(n for n in sizes if n >= FEWEST)
        # What is left when all published numbers are taken from the pool's: nothing, or three sessions at least, of five answers.
        assert shown in {0, sum(sizes)}
        assert shown or len(pool) >= 3


@given(st.lists(st.builds(Directions, st.integers(0, 5), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=4))
def test_a_pool_does_not_part_what_was_merged(members: list[Directions]) -> None:
    found = pooled_directions(members)
    merged = [merged_directions(one) for one in members if one.total >= FEWEST]
    if found is not None and merged:
        assert all(one is not None and one.same is not None for one in merged)
        assert all(one.total >= FEWEST for one in members)


def test_choices_of_a_few_are_shown_only_where_none_is_small() -> None:
    assert published_choices({"yes": 4, "no": 0}, answers=4) is None
    assert published_choices({"yes": 6, "no": 1}, answers=7) is None
    assert published_choices({"yes": 4, "no": 3}, answers=7) == {"yes": 4, "no": 3}
    assert published_choices({"yes": 11, "no": 1}, answers=12) == {"yes": 11, "no": 1}
