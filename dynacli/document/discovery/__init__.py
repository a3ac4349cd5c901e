"""From the base URL of an API to its OpenAPI documents.

An API may say where its document is (`Link` headers, RFC 8631; `/.well-known/api-catalog`, RFC 9727),
it may have it where its framework puts it, or a page that shows the API names it. What is used from outside:

- `search`: `discover`, which tries these ways one after the other, each with all of its places side by side;
- `model`: `Discovery`, `Found`, `Tried`;
- `report`: `lines_of_found`, `lines_of_tried`.

The rest, each in the module of its name:

- `addresses`: which URLs may be asked: those of the origin that the person named;
- `links`, `linkset`, `pages`: the references in an answer;
- `places`: where frameworks put their documents;
- `probes`: several requests at once, under limits of number and time;
- `reading`: what an answer is, judged by its content.

Nothing is imported here.
"""
