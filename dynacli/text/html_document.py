"""Self-contained HTML pages, without scripts, network access and further files.

The policy of a page forbids loading and running anything (Content Security Policy Level 3, `default-src 'none'`). So a
text from outside cannot run code in the browser, even if a page forgets to escape it.
"""

from collections.abc import Iterable, Sequence
from html import escape

from dynacli.text.terminal import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --line: #d5d9de; --dim: #59636e; --good: #1a7f37; --bad: #cf222e; --so: #9a6700;
  --box: #f6f8fa; --mark: #ffebe9 }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --dim: #9198a1; --good: #3fb950; --bad: #f85149;
  --so: #d29922; --box: #151b23; --mark: #4b1113 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin-bottom: 0 } h2 { font-size: 1.2rem; margin-top: 2.5rem }
code, pre, .name { font: 13px/1.5 ui-monospace, monospace }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .6rem; overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere }
th { color: var(--dim); font-weight: 500 }
.dim { color: var(--dim) } .good { color: var(--good) } .bad { color: var(--bad) } .so { color: var(--so) }
"""


def html_text(text: str) -> str:
    """Return text as HTML, with deceptive characters made visible."""
    return escape(visible(text))


def html_document(title: str, parts: Iterable[str], style: str = "") -> str:
    """Return the page.

    Args:
        title: Plain text.
        parts: HTML; empty ones are left out.
        style: Further rules of CSS.
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{html_text(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n"
        + "\n".join(filter(None, parts))
        + "\n</body>\n</html>\n"
    )


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; empty if there are no rows."""
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    heads = "".join(f"<th>{html_text(cell)}</th>" for cell in head)
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>" if body else ""
