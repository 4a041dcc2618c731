"""Where models come from: one file a provider. Their SDKs are slow to import, so each is imported when its first
model is built.
"""
