"""The candidates of a search: the URLs to ask for, in their stages, and the order among them."""

from typing import Any, NamedTuple

from dynacli.document.discovery.addresses import SearchedOrigin
from dynacli.document.discovery.discovered import Lead, Role, Way
from dynacli.document.discovery.well_known_places import BELOW, CATALOG, FIRST, SECOND, places_of_host

__all__ = ["GIVEN", "USUAL", "Candidate", "later_stages", "way_of"]

GIVEN, _CATALOG, USUAL = range(3)
"""The first stages of a search: what the given URL leads to, the catalog of the origin, the first usual places."""


class Candidate(NamedTuple):
    """A URL to ask for.

    Args:
        url: An absolute URL.
        stage: The number of the stage of the search; what is found in an earlier one is better.
        place: The position among the URLs of the stage: that of the candidate that leads to it, then its own there.
        way: How the URL was found.
        role: What the URL is expected to lead to.
        base: What references in a script or configuration there are relative to; empty where that is its own URL.
        catalogs: How many catalogs led to it.
        is_last_resort: Whether it leaves some of the requests for URLs that pages name.
        is_rival: Whether it is one of the likeliest places of a document; of a slow server these are asked for first.
    """

    url: str
    stage: int
    place: tuple[int, ...]
    way: Way
    role: Role = Role.DOCUMENT
    base: str = ""
    catalogs: int = 0
    is_last_resort: bool = False
    is_rival: bool = False

    @property
    def is_named(self) -> bool:
        """Whether the person, the API or a page of it says that a document is there; else it is a guess."""
        return self.way is not Way.USUAL and self.role is not Role.PAGE

    @property
    def level(self) -> tuple[int, Way]:
        """What decides when it is asked for: candidates of the same level are asked for side by side."""
        return self.stage, self.way

    @property
    def rank(self) -> tuple[Any, ...]:
        """The order of candidates; it does not depend on which server answers first."""
        return self.stage, self.way, self.role, len(self.place), self.place

    @property
    def likelihood(self) -> tuple[Any, ...]:
        """The order in which a slow server is asked, of which not everything may be answered in time."""
        return self.stage >= USUAL, not self.is_rival, self.place, self.rank

    @property
    def order(self) -> tuple[Any, ...]:
        """The order in which candidates are reported: what leads to another comes before it."""
        return self.stage, len(self.place), self.way, self.role, self.place


def later_stages(origin: SearchedOrigin, prefix: str) -> list[list[Candidate]]:
    """Return the catalog of the origin and the groups of usual places, each a stage.

    Args:
        prefix: The path that the API is under, as `SearchedOrigin.prefix` returns it.
    """
    catalog = Candidate(origin.at(CATALOG), _CATALOG, (0,), Way.USUAL, Role.CATALOG, catalogs=1)
    groups = [[base + place for place in FIRST] for base in dict.fromkeys((prefix, ""))]
    # Those that may disagree with the first are asked for with it; the root itself may name what is nowhere else.
    groups[-1] = [FIRST[0], *BELOW, *FIRST[1:], ""]
    groups.append([*places_of_host(origin.host), *SECOND])
    usual = [
        [
            Candidate(
                origin.at(path),
                stage,
                (index,),
                Way.USUAL,
                is_last_resort=group is groups[-1],
                is_rival=path.removeprefix(prefix) == FIRST[0] or path in BELOW,
            )
            for index, path in enumerate(group)
        ]
        for stage, group in enumerate(groups, USUAL)
    ]
    return [[catalog], *usual]


def way_of(parent: Candidate, lead: Lead) -> Way:
    """Return how a URL was found that the answer of a candidate leads to."""
    if lead.is_stated:
        return Way.STATED
    return Way.NAMED if parent.way in {Way.GIVEN, Way.STATED, Way.NAMED} else Way.PAGE
