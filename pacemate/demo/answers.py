"""Right and wrong answers to the built-in activity types, for simulated learners."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.domain.catalog import Activity
from engine.domain.responses import PublicView


def answer_to(activity: Activity, view: PublicView, right: bool, rng: random.Random) -> Mapping[str, Any]:
    """Return an answer to a presented activity that is right or wrong as asked; empty where nothing is asked."""
    if activity.type == "choice":
        return _choice(activity, view, right, rng)
    if activity.type == "numeric":
        return {"value": activity.body["answer"] if right else _wrong_number(activity, rng)}
    if activity.type == "short-text":
        wrong = [w["text"] for w in activity.body["wrong"]] or ["no idea"]
        return {"text": activity.body["accept"][0] if right else rng.choice(wrong)}
    return {}


def _choice(activity: Activity, view: PublicView, right: bool, rng: random.Random) -> Mapping[str, Any]:
    rights = {o["id"]: o["right"] for o in activity.body["options"]}
    tokens = {id_: shown["token"] for id_, shown in zip(view.option_order, view.data["options"], strict=True)}
    chosen = [tokens[id_] for id_, is_right in rights.items() if is_right is right]
    if not activity.body["multiple"]:
        return {"option": rng.choice(chosen)}
    return {"options": chosen if right else [rng.choice(chosen)]}


def _wrong_number(activity: Activity, rng: random.Random) -> str:
    authored = [w["value"] for w in activity.body["wrong"]]
    off = Decimal(activity.body["answer"]) + Decimal(activity.body["tolerance"]) + 1
    return str(rng.choice([*authored, str(off)]))
