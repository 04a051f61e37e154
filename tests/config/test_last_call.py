"""The last result is kept for equal arguments, and for these only."""

from leukosim.config.last_call import keep_last


def test_only_calls_with_other_arguments_reach_the_function():
    calls = []

    @keep_last
    def listed(*names, **values):
        calls.append((names, values))
        return [*names, *values.items()]

    first = listed({"a": 1}, b=2)
    assert listed({"a": 1}, b=2) is first
    assert listed({"a": 1}, b=3) == [{"a": 1}, ("b", 3)]
    assert listed({"a": 1}, b=2) is not first  # the last call only
    assert len(calls) == 3
