"""Makes one document of several that were loaded.

The first document leads. Each step works on copies of the trees:

- `source`: what a document says of all its operations (servers, the base of relative URLs) is said in each of them;
- `security`: the same for security, with schemes under names that mean one thing;
- `units`: which parts of two documents are the same, with all that they lead to;
- `names`: what components and webhooks are called in the one document;
- `paths`: which document each operation is taken from;
- `references`: every reference is turned to where its target goes;
- `assembly`: the parts are put together, with where they came from.
"""
