"""The body of an answer in one of its views."""

from typing import TYPE_CHECKING

from dynacli.environment import Environment
from dynacli.errors import FileError, FormError
from dynacli.http.send import Answer
from dynacli.model.wording import counted
from dynacli.output.error_messages import write_error, write_note
from dynacli.output.output_form import OutputForm
from dynacli.output.render import write_body
from dynacli.text.content_kind import decoded
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.model.find_items import KnownItems

__all__ = ["write_view"]


def write_view(env: Environment, view: str, answer: Answer, known: "KnownItems | None" = None) -> None:
    """Write a body.

    Args:
        view: `pretty`, `table` or `raw`.
        known: What the document says of the items; None where it says nothing.
    """
    media_type = answer.header("content-type")
    if view == "raw":
        text = answer.body.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        env.stdout.write(visible(text))
    elif decoded(answer.body, media_type) is None:
        name = f"`{visible(media_type, keep='')}`" if media_type else "of no declared type"
        size = counted(len(answer.body), "byte")
        write_note(env, f"The answer is binary ({name}, {size}); s saves it in a file")
    elif not answer.body:
        write_note(env, "The answer has no body")
    else:
        form = OutputForm("auto" if view == "pretty" else view, may_page=False)
        try:
            write_body(env, answer.body, media_type, form, known=known)
        except (FormError, FileError) as error:
            write_error(env, error, "text")
