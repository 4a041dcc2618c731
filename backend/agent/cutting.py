"""Answers that were cut at the length a model may give: keep what came whole, and have it go on in smaller pieces."""

from collections.abc import Sequence

from pydantic_ai.messages import ModelResponse, ModelResponsePart, TextPart, ThinkingPart, ToolCallPart, UserPromptPart

from backend.agent.stops import ModelFailed

MAX_IN_A_ROW = 3
GO_ON = (
    "Your last answer was cut at the length one answer may have. What of it was not whole is lost: nothing of it was "
    "written. Go on with the rest in smaller pieces: one file in an answer; of a long file a short first version, and the "
    "rest with edit_file."
)


def kept(parts: Sequence[ModelResponsePart]) -> list[ModelResponsePart]:
    """What of a cut answer is whole. Its last call is not, even when it reads as if it were: some servers close what
    was cut. Nor can thoughts stand last: providers take none back without what they led to.
    """
    whole = list(parts)
    if whole and isinstance(whole[-1], ToolCallPart):
        whole.pop()
    while whole and isinstance(whole[-1], ThinkingPart):
        whole.pop()
    return whole or [TextPart("…")]


class Cuts:
    """The cut answers in a row."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def then(self, answer: ModelResponse) -> list[UserPromptPart]:
        """What to tell the model after its answer: nothing, when it was not cut. Raises `ModelFailed`."""
        if answer.finish_reason != "length":
            self._in_a_row = 0
            return []
        self._in_a_row += 1
        if self._in_a_row == MAX_IN_A_ROW:
            raise ModelFailed(
                f"{answer.model_name or 'The model'} was cut off {MAX_IN_A_ROW} times in a row: its answers are longer than it may give.",
                "Ask for less in one message, or choose a model that may say more. A model server may need a larger context "
                "length (for Ollama, OLLAMA_CONTEXT_LENGTH). What was built so far is kept.",
            )
        return [UserPromptPart(GO_ON)]
