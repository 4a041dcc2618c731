"""The demo model types: files can be watched being written."""

import time

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelMessage, PartDeltaEvent, ToolCallPartDelta
from pydantic_ai.models import ModelRequestParameters

from backend.agent.demo import demo_model
from tests.demo.desk import Desk
from tests.demo.prompts import BUILDS


async def written(messages: list[ModelMessage], pace: float) -> tuple[int, float]:
    """Pieces of tool arguments, and the seconds they took."""
    pieces, begun = 0, time.monotonic()
    async with model_request_stream(
        demo_model(pace), messages, model_request_parameters=ModelRequestParameters(allow_text_output=True)
    ) as stream:
        async for event in stream:
            pieces += isinstance(event, PartDeltaEvent) and isinstance(event.delta, ToolCallPartDelta)
    return pieces, time.monotonic() - begun


async def test_a_file_comes_in_many_pieces_and_the_pace_stretches_them() -> None:
    desk = Desk()
    await desk.ask(BUILDS["kanban"])
    until_state = desk.messages[:5]
    pieces, slow_s = await written(until_state, 0.5)
    again, fast_s = await written(until_state, 0)
    assert pieces == again
    assert pieces > 60
    assert slow_s > 0.5
    assert fast_s < slow_s
