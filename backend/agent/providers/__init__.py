"""Where models come from: one file a provider. Their SDKs are slow to import, so each is imported when its first
model is built.
"""

MAX_ANSWER_TOKENS = 48_000
"""Of one answer, thinking included: bounds by how much a single call can overspend the budget."""
