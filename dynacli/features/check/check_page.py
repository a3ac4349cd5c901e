"""The files of a check: a self-contained HTML page, and its calls for an HTTP Archive."""

import time
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from dynacli.features.check.check_records import (
    CheckedOperation,
    CheckResults,
    Defect,
    Exchange,
    coverage_of,
    curl_of,
    find_defects,
    total_coverage,
)
from dynacli.features.check.check_text import (
    Rows,
    check_hint,
    check_summary,
    compared_rows,
    defects_by_operation,
    duration_text,
    excerpts_of,
    location_text,
    marker_line,
    notes_after_findings,
    notes_before_findings,
    place_text,
    repetition_texts,
    unsafe_text,
    validation_word,
)
from dynacli.output.har import HarCall, masked_har_call
from dynacli.text.html_document import html_document, html_table, html_text

_STYLE = """
.tiles { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.2rem 0; padding: 0; list-style: none }
.tiles li { border: 1px solid var(--line); border-radius: 6px; padding: .6rem 1rem; min-width: 9rem }
.tiles b { display: block; font-size: 1.5rem }
.bar { background: var(--line); border-radius: 4px; height: .6rem; min-width: 8rem; margin-top: .45rem }
.bar i { background: var(--good); border-radius: 4px; display: block; height: 100% }
article { border-left: 3px solid var(--bad); padding-left: 1rem; margin: 1.5rem 0 }
mark { background: var(--mark); color: inherit }
"""


def check_page(results: CheckResults, seconds_since_1970: float) -> str:
    """Return the HTML page of a check.

    Args:
        seconds_since_1970: The end of the check.
    """
    meta = results.api.catalog.meta
    kind = "Recorded traffic" if results.is_recorded else "Check"
    title = f"{kind} of {meta['title'] or results.api.name}"
    day = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds_since_1970))
    hint = check_hint(results)
    parts = [
        f"<h1>{html_text(title)} {html_text(meta['version'])}</h1>",
        f'<p class="dim">{html_text(" · ".join([results.api.location, *_other_servers(results), day]))}</p>',
        _tiles(results),
        f'<p class="so">{html_text(hint)}</p>' if hint else "",
        f"<p>{html_text(check_summary(results))}.</p>",
        f"<p>{html_text(unsafe_text(results))}.</p>" if unsafe_text(results) else "",
        _html_section("Findings", _findings(results)),
        _html_section("Compared with the other server", _compared(results)),
        _html_section("Coverage by tag", _coverage(results)),
        _html_section("Operations", _operations(results)),
        *(_html_section(item, _notes(rows)) for item, rows in notes_before_findings(results).items()),
        *(_html_section(item, _notes(rows)) for item, rows in notes_after_findings(results).items()),
    ]
    return html_document(title, parts, _STYLE)


def _html_section(title: str, content: str) -> str:
    return f"<section>\n<h2>{html_text(title)}</h2>\n{content}\n</section>" if content else ""


def _other_servers(results: CheckResults) -> list[str]:
    """Return the called origins that are not the origin of the document."""
    from dynacli.urls import origin_of

    origins = dict.fromkeys(origin_of(exchange.shown.url) for exchange in results.all_exchanges)
    return [f"called at {origin}" for origin in origins if not results.api.location.startswith(origin)]


def _tiles(results: CheckResults) -> str:
    called = [checked for checked in results.checked if checked.exchanges]
    operations = len(results.checked) + len(results.left_out)
    seen, documented = total_coverage(called)
    tiles = [
        (f"{len(called)} of {operations}", "operations called", ""),
        (str(sum(exchange.times for exchange in results.all_exchanges)), "requests", ""),
        (f"{seen} of {documented}", "documented responses seen", ""),
        (str(len(find_defects(results))), "different findings", "bad" if find_defects(results) else "good"),
    ]
    listed = "".join(f'<li><b class="{kind}">{count}</b>{label}</li>' for count, label, kind in tiles)
    return f'<ul class="tiles">{listed}</ul>'


def _findings(results: CheckResults) -> str:
    lines = []
    for name, defects in defects_by_operation(results).items():
        lines.append(f'<div id="{_anchor(name)}">')
        lines.extend(_finding(results, defect, excerpt) for defect, excerpt in _with_excerpts(defects))
        lines.append("</div>")
    return "\n".join(lines)


def _compared(results: CheckResults) -> str:
    if not results.against:
        return ""
    (header, *rows), places = compared_rows(results)
    return html_table(tuple(header), [tuple(map(html_text, row)) for row in rows]) + _notes(places)


def _anchor(name: str) -> str:
    return f"findings-{escape(name, quote=True)}"


def _with_excerpts(defects: Sequence[Defect]) -> Iterator[tuple[Defect, str]]:
    """Yield the defects of an operation, each with the affected part of the response."""
    by_exchange: dict[int, list[Defect]] = {}
    for defect in defects:
        by_exchange.setdefault(id(defect.exchange), []).append(defect)
    for found in by_exchange.values():
        numbers = [defect.number for defect in found]
        excerpts = excerpts_of(found[0].exchange, found[0].checked.operation.path, numbers)
        for defect in found:
            yield defect, excerpts.get(defect.number, "")


def _finding(results: CheckResults, defect: Defect, excerpt: str) -> str:
    exchange, finding = defect.exchange, defect.finding
    status = f"responded with {exchange.response.status}" if exchange.response is not None else "broke off"
    call = f"{exchange.shown.method} {exchange.shown.url} {status}"
    more = [location_text(results, finding), *repetition_texts(defect)]
    name, place = html_text(defect.checked.operation.name), html_text(place_text(exchange, finding))
    wrong = html_text(f"{finding['message']} [{finding['rule']}]")
    lines = [
        "<article>",
        f'<div><span class="name">{name}</span> <span class="dim">{html_text(call)}</span></div>',
        f'<div class="bad"><code>{place}</code>: {wrong}</div>',
        _excerpt(excerpt),
        *(f'<div class="dim">{html_text(text)}</div>' for text in more if text),
        f"<details><summary>The call for curl</summary><pre>{html_text(curl_of(exchange))}</pre></details>",
        "</article>",
    ]
    return "\n".join(filter(None, lines))


def _excerpt(excerpt: str) -> str:
    """Return a part of a response; the line with the wrong value and the marker below it are highlighted."""
    if not excerpt:
        return ""
    marked = marker_line(excerpt)
    lines = [
        f"<mark>{html_text(line)}</mark>" if number in {marked - 1, marked} else html_text(line)
        for number, line in enumerate(excerpt.splitlines())
    ]
    return "<pre>" + "\n".join(lines) + "</pre>"


def _coverage(results: CheckResults) -> str:
    """Return a table of the coverage of each tag, with bars; an operation counts for each of its tags."""
    by_tag: dict[str, list[CheckedOperation]] = {}
    for checked in (*results.checked, *results.left_out):
        for tag in checked.operation.tags or ("",):
            by_tag.setdefault(tag, []).append(checked)
    rows = []
    for tag, operations in by_tag.items():
        called = sum(bool(checked.exchanges) for checked in operations)
        seen, documented = total_coverage(operations)
        findings = sum(checked.has_findings for checked in operations)
        rows.append(
            (
                html_text(tag) or '<span class="dim">without a tag</span>',
                _bar(called, len(operations), "operations called"),
                _bar(seen, documented, "documented responses seen"),
                f'<span class="bad">{findings}</span>' if findings else "0",
            )
        )
    return html_table(
        ("tag", "operations called", "documented responses seen", "operations with findings"), rows
    )


def _bar(part: int, whole: int, label: str) -> str:
    share = 100 * part // whole if whole else 0
    text = f"{part} of {whole}"
    return (
        f'{text}<div class="bar" role="img" aria-label="{text} {label}"><i style="width: {share}%"></i></div>'
    )


def _operations(results: CheckResults) -> str:
    rows = []
    for checked in (*results.checked, *results.left_out):
        operation, coverage = checked.operation, coverage_of(checked)
        is_called = bool(checked.exchanges)
        seconds = max((exchange.seconds for exchange in checked.exchanges), default=0.0)
        rows.append(
            (
                f'<span class="name">{html_text(operation.name)}</span>',
                f'<span class="name">{html_text(f"{operation.method} {operation.path}")}</span>',
                str(checked.count) if is_called else "",
                " ".join(map(str, checked.statuses)),
                f"{len(coverage.seen)} of {len(coverage.documented)}" if is_called else "",
                duration_text(seconds) if is_called else "",
                _validation(checked),
            )
        )
    return html_table(("operation", "request", "calls", "status", "responses", "slowest", "result"), rows)


def _validation(checked: CheckedOperation) -> str:
    word = validation_word(checked)
    if checked.has_findings:
        return f'<a class="bad" href="#{_anchor(checked.operation.name)}">{html_text(word)}</a>'
    kind = "good" if word == "ok" else "dim" if word == "not called" else "so"
    return f'<span class="{kind}">{html_text(word)}</span>'


def _notes(rows: Rows) -> str:
    """Return a table of texts, each once with all its operations."""
    by_text: dict[str, list[str]] = {}
    for name, text in rows:
        by_text.setdefault(text, []).append(name)
    if not by_text:
        return ""
    listed = [
        (f'<span class="name">{html_text(", ".join(names))}</span>', html_text(text))
        for text, names in by_text.items()
    ]
    return html_table(("operations", ""), listed)


def har_calls(exchanges: Iterable[Exchange]) -> list[HarCall]:
    """Return calls for the archive, with masked secrets in requests and responses."""
    return [
        masked_har_call(
            exchange.operation_name,
            exchange.shown,
            exchange.masker,
            exchange.response,
            started=exchange.started,
            seconds=exchange.seconds,
            error=exchange.error_text,
        )
        for exchange in exchanges
    ]
