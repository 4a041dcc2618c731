"""What an answer cost, from the public price list that `genai-prices` carries."""

from dataclasses import dataclass

from genai_prices import calc_price
from pydantic_ai.usage import RequestUsage

_PRICE_LISTS = {"openai": "openai", "gemini": "google"}
_FREE = frozenset({"demo", "ollama"})


@dataclass(frozen=True)
class Price:
    """Millionths of a US dollar a token (dollars a million tokens). The defaults are a flagship's: a ceiling."""

    input: float = 4.0
    output: float = 18.0


CEILING = Price()


def cost_micros(provider: str, model: str, usage: RequestUsage, unlisted: Price = CEILING) -> int:
    """Millionths of a US dollar; tokens read from the provider's cache at their own price. Models on this machine cost
    nothing; one that no list names costs `unlisted` with its cached input too, never nothing, so that a budget ends its
    runs too.
    """
    if provider in _FREE:
        return 0
    try:
        price = calc_price(usage, model, provider_id=_PRICE_LISTS.get(provider))
    except LookupError:
        return round(usage.input_tokens * unlisted.input + usage.output_tokens * unlisted.output)
    return round(price.total_price * 1_000_000)
