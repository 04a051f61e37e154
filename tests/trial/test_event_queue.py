"""Events come by day, of a day by kind, and of a kind in the order of planning."""

from hypothesis import given
from hypothesis import strategies as st

from leukosim.trial.event_queue import BLOOD_COUNT, CYCLE, END, MRD_SAMPLE, EventQueue


def taken(queue, number):
    return [queue.take() for _ in range(number)]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(END, CYCLE)), max_size=30))
def test_events_are_ordered_by_day_kind_and_planning(events):
    queue = EventQueue(horizon_days=5.0)
    for position, (day, kind) in enumerate(events):
        queue.plan(day, kind, position)
    planned = [(float(day), kind, position) for position, (day, kind) in enumerate(events)]
    assert taken(queue, len(events)) == sorted(planned)


def test_events_beyond_the_horizon_are_not_planned():
    queue = EventQueue(horizon_days=30.0)
    queue.plan(30.5, MRD_SAMPLE)
    queue.plan(30.0, END)
    assert queue.next_day == 30.0
    assert taken(queue, 1) == [(30.0, END, None)]


def test_all_events_of_a_kind_can_be_cancelled():
    queue = EventQueue(horizon_days=30.0)
    for day in (3.0, 1.0, 2.0):
        queue.plan(day, MRD_SAMPLE)
        queue.plan(day, BLOOD_COUNT)
    queue.cancel(MRD_SAMPLE)
    assert taken(queue, 3) == [(day, BLOOD_COUNT, None) for day in (1.0, 2.0, 3.0)]
