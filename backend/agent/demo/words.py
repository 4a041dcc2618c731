"""What the demo model says when it cannot do what is asked."""

from backend.agent.demo.apps import APPS, App

REAL_MODEL = (
    "For anything else, connect a real model: set `OPENAI_API_KEY`, or `GEMINI_API_KEY`, or `OPENAI_BASE_URL` for any server that speaks "
    "OpenAI's API (Ollama, vLLM, OpenRouter …), and start CodeFlow again."
)


def cannot_build() -> str:
    apps = "\n".join(f"- {app.label}" for app in APPS)
    return (
        "I am CodeFlow's **demo model**: my words are scripted, so I can't build that. I changed nothing.\n\n"
        f"These I build for real, in a project of their own:\n\n{apps}\n\n{REAL_MODEL}"
    )


def cannot_change(app: App) -> str:
    ideas = "\n".join(f"- {idea}" for idea in (*app.ideas, *GENERIC_IDEAS) if idea)
    return (
        "I am CodeFlow's **demo model**: my words are scripted, and that change is not among them. I changed nothing.\n\n"
        f"Changes I can make to this app:\n\n{ideas}\n\n{REAL_MODEL}"
    )


def cannot_plan(app: App) -> str:
    ideas = "\n".join(f"- {idea}" for idea in (*app.ideas, *GENERIC_IDEAS) if idea)
    return (
        "I am CodeFlow's **demo model**: my words are scripted, and for a change of this app I have no plan. "
        f"These I make at once, without one:\n\n{ideas}\n\n{REAL_MODEL}"
    )


def cannot_repair(report: str) -> str:
    return (
        "The checks found something that I, the scripted **demo model**, cannot repair:\n\n"
        f"{report.strip()}\n\nThe files are kept as they are. {REAL_MODEL}"
    )


def another_project(here: App, asked: App) -> str:
    return (
        f"This project already is {here.label}. Start a new project and ask there for {asked.label}: I then build it from the start. "
        f"Here I can change what is there: {', '.join(f'“{idea}”' for idea in here.ideas)}."
    )


GENERIC_IDEAS = ('rename it to "Orbit"', 'change the headline to "Hello there"', "add an about page", "make it #ff0066")
