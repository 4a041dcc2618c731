"""Models that follow a script: what they say depends on the messages alone, as a real one's would."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolReturnPart, UserPromptPart
from pydantic_ai.models import Model
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from backend.agent.models import Candidate, Models, Patience, ProviderInfo

Call = tuple[str, dict | str]
IMPATIENT = Patience(rounds=3, first_s=0.001, most_s=0.002, told_s=0.2)


@dataclass
class Say:
    text: str = ""
    calls: Sequence[Call] = ()


@dataclass
class Scripted:
    """Says the n-th answer when the run's history holds n; `asked` keeps what it was sent."""

    answers: Sequence[Say] | Callable[[int], Say]
    asked: list[list[ModelMessage]] = field(default_factory=list)

    @property
    def model(self) -> Model:
        async def stream(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator:
            self.asked.append(list(messages))
            turn = answers_in_run(messages)
            say = self.answers(turn) if callable(self.answers) else self.answers[turn]
            for at in range(0, len(say.text), 5):
                yield say.text[at : at + 5]
            for place, (tool, args) in enumerate(say.calls):
                yield {place: DeltaToolCall(name=tool, json_args="", tool_call_id=f"c{turn}-{place}")}
                written = args if isinstance(args, str) else json.dumps(args)
                for at in range(0, len(written), 20):
                    yield {place: DeltaToolCall(json_args=written[at : at + 20])}

        return FunctionModel(stream_function=stream, model_name="scripted")


def answers_in_run(messages: Sequence[ModelMessage]) -> int:
    """Answers since the message that carries the instructions: the run's own."""
    start = max(i for i, m in enumerate(messages) if isinstance(m, ModelRequest) and m.instructions)
    return sum(isinstance(m, ModelResponse) for m in messages[start:])


def told(messages: Sequence[ModelMessage]) -> str:
    """Everything a model was sent, as text."""
    lines = []
    for message in messages:
        for part in message.parts:
            content = getattr(part, "content", "")
            lines.append(content if isinstance(content, str) else str(content))
    return "\n".join(lines)


def results(messages: Sequence[ModelMessage]) -> list[str]:
    return [str(p.content) for m in messages for p in m.parts if isinstance(p, ToolReturnPart)]


def prompts(messages: Sequence[ModelMessage]) -> list:
    return [p.content for m in messages for p in m.parts if isinstance(p, UserPromptPart)]


def models_of(*coders: Candidate, patience: Patience = IMPATIENT) -> Models:
    info = ProviderInfo("openai", coders[0].name, demo=False, reason="test", fallbacks=[])
    return Models(info, list(coders), [], patience)


def scripted(script: Scripted) -> Models:
    return models_of(Candidate("demo", "scripted", lambda: script.model))
