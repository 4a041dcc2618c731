"""What an answer cost, from the public price list that `genai-prices` carries."""

from genai_prices import calc_price
from pydantic_ai.usage import RequestUsage

CEILING_INPUT_MICROS = 4.0
"""Millionths of a dollar for one input token of a model nobody has a price for: a flagship's price, so that a
budget still ends the run.
"""
CEILING_OUTPUT_MICROS = 18.0

_PRICE_LISTS = {"openai": "openai", "gemini": "google"}
_FREE = frozenset({"demo", "ollama"})


def cost_micros(provider: str, model: str, usage: RequestUsage) -> int:
    """Millionths of a US dollar. Models on this machine cost nothing; one without a listed price costs the ceiling,
    never nothing.
    """
    if provider in _FREE:
        return 0
    try:
        price = calc_price(usage, model, provider_id=_PRICE_LISTS.get(provider))
    except LookupError:
        return round(usage.input_tokens * CEILING_INPUT_MICROS + usage.output_tokens * CEILING_OUTPUT_MICROS)
    return round(price.total_price * 1_000_000)
