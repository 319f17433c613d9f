"""What can go wrong between us and a chat endpoint.

TeacherError
├── PromptError             a template that cannot be filled in
├── MissingKeyError         the environment lacks the API key
├── EndpointError           refused, unknown model, empty account, unreachable
├── ComeBackError           the endpoint asks for a wait of more than some minutes
├── FailedCallsError        more rows have failed for good than teacher.max_failed allows
├── UselessAnswersError     most of the answers after teacher.look_after are unusable
├── BudgetError             teacher.max_cost_usd is reached
│   └── DailyCapError       serve.max_cost_usd of this day is reached
├── LateAnswerError         no answer in the time that a request of the server has
├── QuestionError           this question cannot be answered, others can
├── StoppedError            Ctrl-C, SIGTERM, or the process that started us is gone
├── OpenBatchError          answers are on their way in a batch
└── MissingAnswerError      mode replay, and an answer is in no ledger
"""

from understudy.core.errors import UnderstudyError


class TeacherError(UnderstudyError):
    """A chat endpoint, or what is sent to it, cannot be used."""


class PromptError(TeacherError):
    """A prompt template is absent, unknown or cannot be filled in."""


class MissingKeyError(TeacherError):
    """The environment variable named by teacher.api_key_env is not set."""


class EndpointError(TeacherError):
    """The endpoint refuses every further call, or cannot be reached."""


class ComeBackError(TeacherError):
    """The endpoint asks for a wait that is too long for a run."""


class FailedCallsError(TeacherError):
    """More rows than teacher.max_failed allows have no answer after every retry."""


class UselessAnswersError(TeacherError):
    """More than half of the answers are unusable, as the next ones would be."""


class BudgetError(TeacherError):
    """The next call could cost more than teacher.max_cost_usd leaves."""


class DailyCapError(BudgetError):
    """The next call of the server could cost more than serve.max_cost_usd leaves of this day."""


class LateAnswerError(TeacherError):
    """There is no answer in the time that the server gives a request; one may still come."""


class QuestionError(TeacherError):
    """The endpoint takes calls, but not this one."""


class StoppedError(TeacherError):
    """Someone wants the run to end."""


class OpenBatchError(TeacherError):
    """Some of the answers were asked for in a batch that has not ended."""


class MissingAnswerError(TeacherError):
    """In mode replay, an answer that no ledger holds."""
