"""How programs in a sandbox learn of the way out."""

PROXY = "http://127.0.0.1:3128"
LOCAL = "localhost,127.0.0.1,::1,.localhost"


def proxy_environment() -> dict[str, str]:
    """Environment for curl, npm, pip, Node and Go alike: some read the upper-case names, some the lower-case ones."""
    names = {"HTTP_PROXY": PROXY, "HTTPS_PROXY": PROXY, "NO_PROXY": LOCAL}
    return {**names, **{name.lower(): value for name, value in names.items()}, "NODE_USE_ENV_PROXY": "1"}
