"""The result of the last call of a function, for scenarios that follow one another."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def keep_last(function: Callable[P, T]) -> Callable[P, T]:
    """A function that is called again only if its arguments differ from those of the last call.

    Arguments are compared, not hashed: configurations contain mappings.
    """
    last: list[tuple[Any, Any]] = []  # arguments and result; replaced as a whole, for threads

    @wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        for known, result in last:
            if known == (arguments, named):
                return result
        result = function(*arguments, **named)
        last[:] = [((arguments, named), result)]
        return result

    return call
