"""From SOURCE to one document: fetching under limits, reading JSON and YAML, references.

The way of the data, each step in the module of its name; what other rooms use:

- `source`: `Source`, `parse_source`, `looks_like_source`, `fingerprint`;
- `fetch`: `fetch`, `Fetched`;
- `load`: `load`, `Document`, which go through the rest:
    - `parse`: `parse`;
    - `version`: `check_version`;
    - `references`: `scan`, `lookup`, `ScanResult`, `Reference`;
    - `resolve`: `resolve`;
    - `report`: `report`, `Problem`;
- `positions`: `line_of`, `lines_of`.

Nothing is imported here: a warm run needs `source` alone.
"""
