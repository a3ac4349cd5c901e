"""From SOURCE to one document: fetching under limits, reading JSON and YAML, references.

The way of the data, each step in the module of its name; what other rooms use:

- `source`: `Source`, `parse_source`, `looks_like_source`, `fingerprint`;
- `fetch`: `fetch`, `Fetched`;
- `load`: `load`, `Document`, which go through the rest:
    - `parse`: `parse`;
    - `version`: `check_version`;
    - `files`, `graph`, `targets`, `placement`, `bundle`: the other files that it refers to, put into one tree;
    - `references`: `scan`, `lookup`, `ScanResult`, `Reference`;
    - `resolve`: `resolve`;
    - `report`: `report`, `Problem`;
- `overlay`, `overlaid`: overlays, which `load` applies;
- `merge`: `merge`, which makes one document of several;
- `opener`: `allowed_files`, which says what other files those may be;
- `objects`: what the fields of OpenAPI's objects hold;
- `positions`: `line_of`, `lines_of`, `places_of`.

Nothing is imported here: a warm run needs `source` alone.
"""
