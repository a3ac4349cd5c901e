"""The manual: one Markdown page a topic, read by `dynacli help TOPIC`."""

import os

__all__ = ["page", "topics"]

_DIRECTORY = os.path.dirname(os.path.abspath(__file__))


def topics() -> list[tuple[str, str]]:
    """Return (topic, title) of every page, by name."""
    found = []
    for name in sorted(os.listdir(_DIRECTORY)):
        topic, ending = os.path.splitext(name)
        if ending == ".md":
            with open(os.path.join(_DIRECTORY, name), encoding="utf-8") as file:
                found.append((topic, file.readline().lstrip("# ").strip()))
    return found


def page(topic: str) -> str | None:
    """Return a topic's Markdown, or None when there is no such topic."""
    if topic not in dict(topics()):
        return None
    with open(os.path.join(_DIRECTORY, f"{topic}.md"), encoding="utf-8") as file:
        return file.read()
