"""A gradebook for tests: one column, strict as Moodle's, that can be told to fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.domain.deliveries import HttpAnswer
from tests.lti.platform import AGS, Platform, answer

SCOPES = [AGS + "scope/" + name for name in ("lineitem", "lineitem.readonly", "score", "result.readonly")]
SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
COLUMN = "/lineitems/7/lineitem"


@dataclass
class Gradebook:
    """Answers scores, results and line items of one platform.

    Args:
        fail: what the next scores are answered.
        unread: what whoever reads results is answered instead.
    """

    platform: Platform
    maximum: float = 100
    resource_id: str | None = None
    fail: list[HttpAnswer] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: list[dict[str, Any]] = field(default_factory=list)
    deleted: bool = False
    unread: HttpAnswer | None = None
    ends_at: str | None = None

    def __post_init__(self) -> None:
        self.base = f"https://{self.platform.host}/lineitems"
        self.column = f"https://{self.platform.host}{COLUMN}"
        routes = self.platform.http.routes
        routes[self.base] = self._line_items
        routes[self.column] = self._line_item
        routes[self.column + "/scores"] = self._score
        routes[self.column + "/results"] = self._results

    def claim(self, *, coupled: bool = True, scopes: list[str] | None = None) -> dict[str, Any]:
        """Return the endpoint claim; the column's address has a query, as Moodle's."""
        own = {"scope": SCOPES if scopes is None else scopes, "lineitems": self.base + "?type_id=1"}
        return {AGS + "claim/endpoint": own | ({"lineitem": self.column + "?type_id=1"} if coupled else {})}

    def _score(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        assert (method, url) == ("POST", f"{self.column}/scores?type_id=1")
        assert headers["Content-Type"] == SCORE_TYPE
        self.bearers.append(headers["Authorization"])
        score = json.loads(body or b"")
        self.posts.append(score)
        if self.fail:
            return self.fail.pop(0)
        assert score["gradingProgress"] == "FullyGraded"
        old = self.results.get(score["userId"])
        if old is not None and score["timestamp"] <= old["timestamp"]:
            return answer(409)
        self.results[score["userId"]] = score
        return answer(200)

    def _results(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        assert url.startswith(f"{self.column}/results?type_id=1")
        if self.unread is not None:
            return self.unread
        return answer(
            200,
            [
                {"userId": user, "resultScore": score["scoreGiven"], "resultMaximum": score["scoreMaximum"]}
                for user, score in self.results.items()
            ],
        )

    def _line_item(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        if self.deleted:
            return answer(404)
        said = {"id": url, "scoreMaximum": self.maximum, "label": "Week 1", "resourceId": self.resource_id}
        return answer(200, said | ({} if self.ends_at is None else {"endDateTime": self.ends_at}))

    def _line_items(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpAnswer:
        if method == "GET":
            return answer(200, self.made)
        item = json.loads(body or b"") | {"id": self.column + "?type_id=1"}
        self.made.append(item)
        return answer(201, item)
