"""The web process: `python app.py`. Also what a Hugging Face Space starts."""

from ui.server import serve

if __name__ == "__main__":
    serve()
