"""Faults of models and budgets: who should act, and how. SDK exceptions are mapped to these in `agent.llm.client` alone."""

import logging
import secrets
import traceback
from pathlib import Path
from typing import Literal

from index.core.errors import ShoalError

Option = Literal["caching", "thinking", "effort", "format", "tool_choice"]
"""Parts of the Messages API that an endpoint may not know."""

_LOG = logging.getLogger("shoal")


class ModelFault(ShoalError):
    """The model endpoint did not give a usable reply."""

    exit_code = 4


class RateLimited(ModelFault):
    """Too many requests. `retry_after_s` is the endpoint's own wish, when it stated one."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        wait = f" It asks to wait {retry_after_s:.0f} s." if retry_after_s else ""
        super().__init__(f"The model endpoint is rate-limiting.{wait}", "Wait, or lower the number of agents.")
        self.retry_after_s = retry_after_s


class Overloaded(ModelFault):
    def __init__(self) -> None:
        super().__init__("The model endpoint is overloaded.", "Try again in a minute, or use another model.")


class Refused(ModelFault):
    def __init__(self) -> None:
        super().__init__("The model refused this request.", "Rephrase the question.")


class Truncated(ModelFault):
    def __init__(self) -> None:
        super().__init__("The model's reply was cut off at its limit.", "Ask something narrower.")


class ContextFull(ModelFault):
    def __init__(self) -> None:
        super().__init__("The conversation no longer fits the model's context.", "Start a new session.")


class AuthRejected(ModelFault):
    def __init__(self) -> None:
        super().__init__("The model endpoint rejected the key.", "Check ANTHROPIC_API_KEY, or run with --built-in.")


class NetworkDown(ModelFault):
    def __init__(self) -> None:
        super().__init__("The model endpoint cannot be reached.", "Check ANTHROPIC_BASE_URL, or run with --built-in.")


class BadRequest(ModelFault):
    """The endpoint rejected the request itself."""

    def __init__(self, status: int, options: frozenset[Option] = frozenset()) -> None:
        super().__init__(f"The model endpoint rejected the request (HTTP {status}).", "Check the model's name.")
        self.status = status
        self.options = options
        """Options of the request that the endpoint named."""


class Unusable(ModelFault):
    """A reply that does not have the asked form, twice in a row."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The model's {what} did not have the asked form.", "Use a stronger model, or --built-in.")


class Malformed(Unusable):
    """A tool call whose arguments are no JSON."""

    def __init__(self) -> None:
        super().__init__("tool call")


class Endless(Unusable):
    """A reply that repeats itself without end, and was closed."""

    def __init__(self) -> None:
        super().__init__("reply, which repeated itself without end,")


class TooSlow(ModelFault):
    """A reply did not begin, stalled, or would have taken the run's last seconds; what is left is for the built-in roles."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The model did not finish a reply: it was closed after {seconds:.0f} seconds without a word more, or at the end "
            "of the run's time.",
            "Raise max_run_seconds, or use a faster model.",
        )


class BudgetSpent(ShoalError):
    """A limit of this run is reached. The run ends with what it has."""

    exit_code = 5

    def __init__(self, which: str, spent: float, limit: float) -> None:
        super().__init__(
            f"The budget of {limit:g} {which} is spent ({spent:g}).", "Raise it in the settings, or ask less."
        )
        self.which = which
        self.spent = spent
        self.limit = limit


def fault_of(error: BaseException) -> ShoalError:
    """A fault for the person at the screen: the error itself where it is one of ours, else a number. An unexpected
    exception's type and place are logged; its text may hold data and is not."""
    if isinstance(error, ShoalError):
        return error
    number = f"E-{secrets.token_hex(2)}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind, where = type(error).__name__, f"{Path(place.filename).name}:{place.lineno}"
    _LOG.error("%s %s at %s", number, kind, where)
    return ShoalError(
        f"Something went wrong inside Shoal ({number}, {kind} in {where}).",
        "The stored data is unharmed. Report this number; what was found so far is kept.",
    )
