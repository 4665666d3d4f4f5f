"""The reference cleaning of the course's data: what each module leaves for the next, and what the final task asks."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

BRANCHES = {"hambrug": "hamburg", "chi": "chicago", "nbo": "nairobi", "poona": "pune", "sao paulo": "são paulo"}
SERVICES = {
    "tune up": "tune-up",
    "tuneup": "tune-up",
    "brakes": "brake service",
    "wheel true": "wheel truing",
    "battery-check": "battery check",
    "batt. check": "battery check",
}
DATE_FORMATS = {
    "hamburg": "%d.%m.%Y",
    "chicago": "%m/%d/%Y",
    "nairobi": "%d/%m/%Y",
    "pune": "%d-%b-%Y",
    "são paulo": "%Y-%m-%d",
}
CURRENCIES = {"hamburg": "EUR", "chicago": "USD", "nairobi": "KES", "pune": "INR", "são paulo": "BRL"}
DECIMAL_COMMA = ["hamburg", "são paulo"]


@dataclass(frozen=True, slots=True)
class Steps:
    """The table as it stands after the modules: text tidied, spellings mapped, values parsed, gaps and repeats decided."""

    tidy: Any
    text: Any
    typed: Any
    resolved: Any


def tidy(text: Any) -> Any:
    """Return a text column with single ordinary spaces and none outside."""
    return text.str.replace("\u00a0", " ").str.replace(r"\s+", " ", regex=True).str.strip()


def tidy_text(raw: Any) -> Any:
    """Return the table without differences of spaces, and of case where values are compared."""
    out = raw.assign(customer=tidy(raw["customer"]))
    for name in ("branch", "service", "status"):
        out[name] = tidy(out[name]).str.casefold()
    return out


def map_spellings(table: Any) -> Any:
    """Return the tidied table with one spelling for each branch and service."""
    return table.assign(branch=table["branch"].replace(BRANCHES), service=table["service"].replace(SERVICES))


def parse(table: Any) -> Any:
    """Return the table with the columns `day`, `value` and `currency`; what cannot be read is missing."""
    out = table.copy()
    days = [
        pd.to_datetime(rows["ordered"], format=DATE_FORMATS[str(branch)], errors="coerce")
        for branch, rows in out.groupby("branch")
    ]
    out["day"] = pd.concat(days)
    figures = out["amount"].str.replace(r"[^\d.,-]", "", regex=True)
    comma = out["branch"].isin(DECIMAL_COMMA)
    swapped = figures.str.replace(".", "").str.replace(",", ".")
    out["value"] = pd.to_numeric(figures.str.replace(",", "").mask(comma, swapped), errors="coerce")
    out["currency"] = out["branch"].map(CURRENCIES)
    return out


def resolve(table: Any) -> Any:
    """Return the table with 999 and `free` decided, copies and retyped rows dropped and the last row of each order kept."""
    out = table.copy()
    out["minutes"] = out["minutes"].mask(out["minutes"] == 999)
    out["value"] = out["value"].mask(out["amount"] == "free", 0.0)
    key = out.assign(customer=out["customer"].str.casefold())
    out = out[~key.duplicated()]
    return out.drop_duplicates("order_id", keep="last").sort_values("order_id")


def clean(source: Any) -> Steps:
    """Clean a raw export, a path or an open file."""
    tidied = tidy_text(pd.read_csv(source, dtype={"order_id": "str"}))
    text = map_spellings(tidied)
    typed = parse(text)
    return Steps(tidied, text, typed, resolve(typed))
