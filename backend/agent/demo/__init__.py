"""The demo model: scripted, needs no key, and real in everything but its words.

It drives the same loop, tools, sandbox and checks as any other model, to build a handful of apps and to change what it built.
What it does next follows from the message history alone, so a run that was killed goes on where it stopped.
"""

from backend.agent.demo.apps import all_apps
from backend.agent.demo.model import demo_model
from backend.agent.demo.naming import demo_title

__all__ = ["all_apps", "demo_model", "demo_title"]
