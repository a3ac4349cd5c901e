"""A request that another program made or would make."""

from dynacli.record import record

__all__ = ["RecordedRequest"]


@record
class RecordedRequest:
    """A request.

    Args:
        method: In capitals.
        url: The whole URL, with its query.
        headers: Names and values, in their order.
        body: The body as text; empty for none.
        file: The file whose content is the body; empty for none.
        parts: The fields of a multipart body, each with its text, or with `@` and the name of a file.
        timeout: Seconds; empty for none.
        output: The file that the answer goes into; empty for standard output.
        remarks: What was said besides that dynacli does in another way, or not at all.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    file: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    timeout: str = ""
    output: str = ""
    remarks: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the value of a header; empty where there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")
