"""Recomputes the keys of items: item id -> code that leaves the right answer in `answer`."""

FIRST_LOOK = {
    "log-what-was-counted": """
import pandas as pd
df = pd.read_csv("orders.csv")
assert df.shape == (166, 8) and df["branch"].isna().sum() == 0
assert (df["status"].nunique(), df["status"].isna().sum()) == (9, 5)
assert (df["order_id"].nunique(), df.duplicated().sum()) == (150, 8)
answer = f"`branch`: {df['branch'].nunique()} spellings, no gaps"
""",
    "ids-not-found": """
from pathlib import Path
import pandas as pd
stored = Path("orders.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
read = pd.read_csv("orders.csv")["order_id"]
assert stored == "00412" and read.iloc[0] == 412 and read.dtype == "int64"
answer = "On reading: a column of digits was taken for numbers"
""",
    "rack-code-type": """
import io, pandas as pd
text = "bike,rack,days,deposit\\n0071,1E4,3,40.00\\n0102,2E3,,40.00\\n"
guessed = pd.read_csv(io.StringIO(text), dtype={"bike": "str"})
assert guessed["rack"].tolist() == [10000.0, 2000.0] and guessed["days"].dtype == "float64"
answer = '"rack": "str"'
""",
    "ty-cells-to-look-at": """
import pandas as pd
weight = pd.Series(["12.5"] * 9988 + ["8,0", "31 kg", "tbc"] * 3 + [None] * 3, dtype="str")
read = pd.to_numeric(weight, errors="coerce")
assert (len(weight), weight.isna().sum(), read.isna().sum()) == (10_000, 3, 12)
answer = (read.isna() & weight.notna()).sum()
""",
    "count-gaps": """
import pandas as pd
answer = int(pd.read_csv("orders.csv")["amount"].isna().sum())
""",
    "it-sum-of-counts": "answer = 250 - (120 + 70 + 48)",
    "it-write-value-counts": """
import pandas as pd
df = pd.read_csv("orders.csv")
answer = 'df["branch"].value_counts(dropna=False)'
assert eval(answer).sum() == len(df)
""",
    "it-ids-and-copies": """
repeats, copies = 1200 - 1150, 20
answer = f"{repeats} rows repeat a ticket, {repeats - copies} of them with something changed"
""",
    "it-blank-not-missing": """
import pandas as pd
df = pd.DataFrame({"note": ["a", " ", "  ", " b"]})
options = ['df["note"].str.len().isna().sum()', '(df["note"] == " ").sum()', '(df["note"] == None).sum()']
options += ['(df["note"].str.strip() == "").sum()']
answer, = ["`" + option + "`" for option in options if eval(option) == 2]
""",
    "ty-predict-zeros": """
import io, pandas as pd
answer = pd.read_csv(io.StringIO("member\\n0071\\n0102\\n"))["member"].iloc[0]
""",
    "set-postcode-type": """
import io, pandas as pd
answer = 'dtype={"postcode": "str"}'
df = eval('pd.read_csv(io.StringIO("postcode,n\\\\n01067,1\\\\n"), ' + answer + ')')
assert df["postcode"].iloc[0] == "01067" and df["n"].dtype == "int64"
""",
    "ty-count-wrong-types": """
has = {"invoice": "int64", "city": "str", "phone": "int64", "total": "str", "due": "str", "hours": "float64"}
fits = {"invoice": "str", "city": "str", "phone": "str", "total": "float64", "due": "datetime64", "hours": "float64"}
answer = sum(has[name] != fits[name] for name in has)
""",
    "ty-text-max": """
import pandas as pd
answer = pd.Series(["85", "1200", "9", "430"], dtype="str").max()
""",
    "ty-default-missing": """
import io, pandas as pd
answer = int(pd.read_csv(io.StringIO('m\\n120\\nn/a\\n""\\n-\\nNA\\nunknown\\n'))["m"].isna().sum())
""",
    "ty-namibia": """
import io, pandas as pd
answer = 'keep_default_na=False, na_values=[""]'
codes = eval("pd.read_csv(io.StringIO('country,n\\\\nNA,1\\\\n,2\\\\n'), " + answer.strip('`') + ")")["country"]
assert codes.iloc[0] == "NA" and codes.isna().sum() == 1
answer = f"`{answer}`"
""",
    "it-which-line-shows": """
import pandas as pd
df = pd.DataFrame({"status": ["paid"] * 30 + ["Paid"] + ["open", "refunded"] * 20})
options = ['df["status"].head(20)', 'df["status"].isna().sum()', 'df["status"].value_counts()', 'df["status"].describe()']
answer, = ["`" + option + "`" for option in options if "Paid" in str(eval(option))]
""",
    "it-nunique-spellings": """
import pandas as pd
answer = pd.Series(["card", "Card", "CARD ", "card", None, "cash", " cash"]).nunique()
""",
    "it-rows-with-gaps": """
import pandas as pd
gaps = {"amount": 3, "minutes": 5, "status": 5}
df = pd.DataFrame({name: [None] * n + [1] * (9 - n) for name, n in gaps.items()})
assert df.isna().sum().to_dict() == gaps
answer = df.isna().any(axis=1).sum()
""",
    "it-missing-numbers": "answer = len(range(20001, 21200 + 1)) - 1150",
}

TEXT = {
    "tidy-customer": """
import pandas as pd
from tests.courses.clean_orders import tidy
df = pd.read_csv("orders.csv")
answer = 'tidy(df["customer"])'
kept = eval(answer)
assert (df["customer"].nunique(), kept.nunique()) == (65, 31) and kept.str.casefold().nunique() < 31
assert {"Mei  Tanaka", "Mei\u00a0Tanaka"} <= set(df["customer"]) and "Jürgen Weiß" in set(kept)
""",
    "service-entry": """
import pandas as pd
from tests.courses.clean_orders import SERVICES
services = {wrong: right for wrong, right in SERVICES.items() if wrong != "battery-check"}
left = set(pd.read_csv("orders_tidy.csv")["service"].replace(services)) - set(SERVICES.values())
assert (services["tuneup"], services["brakes"]) == ("tune-up", "brake service")
answer = f'"{left.pop()}": "battery check"'
assert not left
""",
    "left-after-rules": """
import pandas as pd
answer = pd.Series(["PUNE", " Pune ", "pune\\u00a0", "Pune.", "Poona"]).str.strip().str.lower().nunique()
""",
    "nt-title-changes": """
import pandas as pd
names = ["Joan McKenzie", "Piet van der Berg", "Marie Dubois", "Ngũgĩ wa Thiong'o", "Ana Souza-Lima", "Luca d'Angelo"]
changed = pd.Series(names).str.title()
explained = ["Joan Mckenzie", "Piet Van Der Berg", "Ngũgĩ Wa Thiong'O", "Luca D'Angelo"]
assert changed[changed != names].tolist() == explained
answer = (changed != names).sum()
""",
    "ms-evidence-in-the-row": """
import re
amounts = ["₹2,400.00", "R$ 310,00", "1.250,00", "640", ""]
styles = {"Pune": r"₹?\\d+(,\\d{3})*(\\.\\d\\d)?|", "São Paulo": r"(R\\$ )?\\d+(\\.\\d{3})*(,\\d\\d)?|"}
answer = sum(sum(re.fullmatch(style, amount) is not None for style in styles.values()) == 1 for amount in amounts)
""",
    "nt-distinct-after": """
import pandas as pd
answer = pd.Series([" Pune", "PUNE", "Pu ne", "pune "]).str.strip().str.lower().nunique()
""",
    "nt-write-chain": """
import pandas as pd
df = pd.DataFrame({"plan": ["basic", "Basic ", "BASIC", " pro"]})
answer = 'df["plan"].str.strip().str.lower()'
assert eval(answer).tolist() == ["basic", "basic", "basic", "pro"]
""",
    "nt-four-spaces": """
import pandas as pd
answer = pd.Series(["Ana" + " " * 6 + "Silva"]).str.replace("  ", " ").str.count(" ").iloc[0]
""",
    "nt-strasse": """
import unicodedata
a, b = "Lindenstraße 4", "LINDENSTRASSE 4"
steps = {"`.str.lower()`": str.lower, "`.str.casefold()`": str.casefold, "`.str.title()`": str.title,
         '`.str.normalize("NFKC")`': lambda text: unicodedata.normalize("NFKC", text)}
answer, = [name for name, step in steps.items() if step(a) == step(b)]
""",
    "nt-nan-becomes-text": """
import pandas as pd
answer = pd.Series(["Paid", None, "PAID", None, "open", "Open"]).map(lambda v: str(v).lower()).nunique()
""",
    "tidy-status": """
import pandas as pd
def tidy(text):
    return text.str.replace("\u00a0", " ").str.replace(r"\\s+", " ", regex=True).str.strip()
df = pd.read_csv("orders.csv")
answer = 'df["status"] = tidy(df["status"]).str.casefold()'
exec(answer)
assert df["status"].nunique() == 3 and df["status"].isna().sum() == 5
""",
    "ms-how-many-unknown": """
cells = ["manila", "ceb", "davoa", "cebu", "manila city", "ceb", "davao"]
answer = len(set(cells) - {"manila", "cebu", "davao"})
""",
    "ms-map-makes-missing": """
import pandas as pd
answer = pd.Series(["lagos", "lag", "abuja", "abj", "kano"]).map({"lag": "lagos", "abj": "abuja"}).isna().sum()
""",
    "ms-list-leftovers": """
import pandas as pd
df, allowed = pd.DataFrame({"city": ["cebu", "ceb"]}), ["cebu"]
answer = 'df[~df["city"].isin(allowed)]'
assert eval(answer)["city"].tolist() == ["ceb"]
""",
    "ms-inside-of-a-word": """
import pandas as pd
answer = pd.Series(["losan", "losangeles"]).str.replace("losan", "losangeles").iloc[1]
""",
    "ms-mapped-too-early": """
import pandas as pd
s = pd.Series(["SP", "sp ", "Sp", "sp"])
s = s.replace({"sp": "são paulo"}).str.strip().str.lower()
answer = (s == "são paulo").sum()
""",
    "nt-show-the-quotes": """
import pandas as pd
df = pd.DataFrame({"city": ["Quito"] * 41 + ["Quito\\u00a0"] * 3})
options = {'print(df["city"].nunique())': df["city"].nunique(),
           'print(df["city"].value_counts(dropna=False))': df["city"].value_counts(dropna=False),
           'print(df["city"].unique().tolist())': df["city"].unique().tolist(),
           'print(df["city"].str.upper().value_counts())': df["city"].str.upper().value_counts()}
answer, = ["`" + option + "`" for option, shown in options.items() if "\\\\xa0'" in str(shown)]
""",
    "ms-difference-direction": """
import pandas as pd
known, df = ["pune", "cebu"], pd.DataFrame({"branch": ["cebu", "poona"]})
assert set(known) - set(df["branch"]) == {"pune"}
answer = "No row says `pune`, spelled exactly so"
""",
    "ms-contains-count": """
import pandas as pd
df = pd.DataFrame({"job": ["batt. check", "battery-check", "check-in fee", "Check-in fee", "brakes"]})
df.loc[df["job"].str.contains("check"), "job"] = "battery check"
answer = (df["job"] == "battery check").sum()
""",
    "ms-no-threshold": """
from difflib import SequenceMatcher
pairs = {("muenchen", "münchen"): 80, ("sulzbach", "salzbach"): 88, ("hessen", "essen"): 91, ("hambrg", "hamburg"): 92}
assert {pair: round(100 * SequenceMatcher(None, *pair).ratio()) for pair in pairs} == pairs
slips, others = [80, 92], [88, 91]
assert not any(min(slips) >= limit > max(others) for limit in range(101))
answer = "No limit does"
""",
    "ms-rows-for-each-entry": """
import pandas as pd
s, d = pd.Series(["chi", "chi", "chgo", "chicago", "pune"]), {"chi": "chicago", "chgo": "chicago", "poona": "pune"}
options = ["pd.Series(d)", "s.map(d).dropna()", "s.replace(d)", "s[s.isin(list(d))]"]
options = [option + ".value_counts()" for option in options]
answer, = ["`" + option + "`" for option in options if eval(option).to_dict() == {"chi": 2, "chgo": 1}]
""",
}

TYPES = {
    "list-failed-days": """
from tests.courses.clean_orders import clean
from tests.courses.module_code import MODULES
df = clean("orders.csv").typed
answer = 'df["day"].isna()'
assert df["day"].notna().sum() == 161 and df["ordered"].isna().sum() == 1
shown = str(df.loc[eval(answer), ["order_id", "ordered"]])
assert any(shown in path.read_text(encoding="utf-8") for path in MODULES)
""",
    "one-style-for-all": """
read = [float(text.removesuffix(" €").replace(",", "")) for text in ("677,00 €", "1.249,00 €")]
assert float("$1,406.00".removeprefix("$").replace(",", "")) == 1406
answer = f"{read[0]:g} and {read[1]:g}"
""",
    "krakow-swap": """
import pandas as pd
figures = pd.Series(["1 249,50 zł", "880,00 zł"]).str.replace(r"[^\\d.,-]", "", regex=True)
assert figures.tolist() == ["1249,50", "880,00"]
answer = 'str.replace(",", ".")'
assert pd.to_numeric(eval("figures." + answer)).tolist() == [1249.5, 880.0]
""",
    "which-month": """
import pandas as pd
answer = pd.to_datetime("05/04/2026", format="%d/%m/%Y").month
""",
    "format-for-pune": """
import pandas as pd
answer = '"%d %b %Y %H:%M"'
assert pd.to_datetime("14 Mar 2026 09:05", format=eval(answer)) == pd.Timestamp(2026, 3, 14, 9, 5)
""",
    "pd-write-format": """
import pandas as pd
answer = '"%Y/%m/%d"'
assert pd.to_datetime("2026/01/30", format=eval(answer)) == pd.Timestamp(2026, 1, 30)
""",
    "pd-count-nat": """
import pandas as pd
cells = ["31.02.2026", "28.02.2026", "1.3.2026", "2026-03-01", "", "15.13.2026"]
answer = pd.to_datetime(pd.Series(cells), format="%d.%m.%Y", errors="coerce").isna().sum()
""",
    "pd-dayfirst-iso": """
import warnings, pandas as pd
warnings.simplefilter("ignore")
answer = pd.to_datetime(pd.Series(["2026-03-04"]), dayfirst=True).dt.month.iloc[0]
""",
    "pd-what-coerce-hid": """
import pandas as pd
raw = pd.Series(["2026-01-02", None, "soon"])
day = pd.to_datetime(raw, format="%Y-%m-%d", errors="coerce")
masks = ["day.isna()", "raw.isna() & day.isna()", "raw.isna() != day.notna()", "raw.notna() & day.isna()"]
answer, = ["`" + mask + "`" for mask in masks if eval(mask).tolist() == [False, False, True]]
""",
    "pd-two-digit-year": """
import pandas as pd
assert pd.to_datetime("14.03.69", format="%d.%m.%y").year == 1969
answer = pd.to_datetime("14.03.68", format="%d.%m.%y").year
""",
    "read-two-amounts": "answer = float('1.234,50'.replace('.', '').replace(',', '.')) + float('550,00'.replace(',', '.'))",
    "pn-hamburg-amount": "answer = float('3.016,40'.replace('.', '').replace(',', '.')) - 80",
    "pn-indian-grouping": "answer = sum(float(text.replace(',', '')) for text in ('1,12,400.00', '1,50,000.00'))",
    "pn-read-csv-options": """
import io, pandas as pd
answer = 'decimal=",", thousands="."'
assert eval("pd.read_csv(io.StringIO('a;b\\\\n1.234,50;1'), sep=';', " + answer + ")")["a"].iloc[0] == 1234.5
""",
    "pn-swapped-order": """
import pandas as pd
answer = pd.Series(["2.035,60"]).str.replace(",", ".").str.replace(".", "").iloc[0]
""",
    "pn-lost-minus": """
import pandas as pd
s = pd.Series(["120.00", "(45.00)", "30.00"])
answer = pd.to_numeric(s.str.replace(r"[^\\d.]", "", regex=True)).sum() - (120 - 45 + 30)
""",
    "pn-dot-as-pattern": """
import pandas as pd
assert pd.Series(["12.500", "7.250"]).str.replace(".", "", regex=True).tolist() == ["", ""]
answer = "Two empty strings, nothing left"
""",
    "pd-silently-wrong": """
import pandas as pd
austin = pd.Series([f"01/{day:02}/2026" for day in range(13, 21)] + [f"02/{day:02}/2026" for day in range(3, 13)])
austin = pd.concat([austin, pd.Series(["01/01/2026", "02/02/2026"])])
right = pd.to_datetime(austin, format="%m/%d/%Y")
read = pd.to_datetime(austin, format="%d/%m/%Y", errors="coerce")
assert len(austin) == 20 and (right.dt.day <= 12).sum() == 12 and (right == read).sum() == 2
answer = (read.notna() & (read != right)).sum()
""",
    "pd-serial-number": """
import pandas as pd
assert pd.to_datetime(46068, unit="D", origin="1899-12-30") == pd.Timestamp(2026, 2, 15)
assert pd.to_datetime(46068, unit="D").year == 2096 and 46068 < 13 * 3600
answer = "Days since the end of 1899, as a spreadsheet counts"
""",
    "pd-first-cell-sets": """
import pandas as pd
s = pd.Series(["05/04/2026", "25/01/2026"])
try:
    pd.to_datetime(s)
except ValueError as fault:
    assert "25/01/2026" in str(fault)
    answer = "An error that names `25/01/2026`"
assert pd.to_datetime(s, format="mixed").dt.month.tolist() == [5, 1]
""",
    "pn-dot-of-the-sign": """
import pandas as pd
figures = pd.Series(["Rs. 2,400.00"]).str.replace(r"[^\\d.,-]", "", regex=True).str.replace(",", "")
assert figures[0] == ".2400.00" and pd.to_numeric(figures, errors="coerce").isna().all()
answer = "A missing value"
""",
}

ROWS = {
    "dm-which-gaps-ask": """
import pandas as pd
rows = [("paid", True)] * 1 + [("paid", False)] * 919 + [("refunded", True)] * 76 + [("refunded", False)] * 4
df = pd.DataFrame(rows, columns=["status", "dated"])
assert (~df["dated"]).sum() == 923
answer = (df["status"].eq("refunded") & ~df["dated"]).sum()
""",
    "rd-two-bicycles": """
import pandas as pd
rows = [("00731", 382), ("00732", 328), ("00731", 382), ("00732", 382)]
df = pd.DataFrame(rows, columns=["id", "amount"])
assert df.duplicated().sum() == 1
answer = df["id"].nunique()
""",
    "mean-of-gap": "import pandas as pd; answer = pd.Series([120, None, 60]).mean()",
    "dm-sum-skips": """
import pandas as pd
s = pd.Series([200, 999, None, 150])
answer = s.mask(s == 999).sum()
""",
    "dm-dropna-rows": """
import pandas as pd
df = pd.DataFrame({"price": [40, None, 25, 60], "phone": ["1", "2", None, "4"], "note": ["late", None, None, None]})
assert len(df.dropna()) == 1
answer = len(df.dropna(subset=["price"]))
""",
    "dm-not-equal-paid": """
import pandas as pd
answer = (pd.Series(["paid", None, "open", None, "paid"]) != "paid").sum()
""",
    "dm-groupby-drops": """
import pandas as pd
df = pd.DataFrame({"status": ["paid", "open", None], "value": [100, 50, 40]})
answer = df["value"].sum() - df.groupby("status")["value"].sum().sum()
""",
    "which-kind": """
rows = [("A1", "Kofi Mensah", 62.5), ("B7", "Mei Tanaka", 40), ("A1", "Kofi Mensah", 62.5), ("B7", "Ole Hansen", 310)]
answer = len(set(rows))
""",
    "rd-count-copies": "import pandas as pd; answer = pd.DataFrame({'a': list('xyxzyx')}).duplicated().sum()",
    "rd-keep-false": """
import pandas as pd
df = pd.DataFrame({"id": [7, 9, 7, 5, 9, 7, 2]})
answer = len(df[df["id"].duplicated(keep=False)])
""",
    "rd-last-is-not-latest": """
import pandas as pd
df = pd.DataFrame({"order_id": ["1", "1", "1"], "value": [5, 9, 7]}).sort_values("value")
assert df.drop_duplicates("order_id", keep="last")["value"].tolist() == [9]
answer = "The row with the highest value of each order"
""",
    "rd-before-tidying": """
import pandas as pd
answer = len(pd.DataFrame({"id": ["K-7", "k-7", "K-7 ", "M-2", "K-7"]}).drop_duplicates("id"))
""",
    "rd-total-after": """
import pandas as pd
df = pd.DataFrame({"id": [11, 12, 11, 13, 12], "amount": [100, 90, 100, 100, 70]})
answer = df.drop_duplicates("id", keep="last")["amount"].sum()
""",
    "dm-equals-itself": "import pandas as pd; s = pd.Series([40, None, 25, None, 40]); answer = s.eq(s).sum()",
    "dm-fill-after-sort": """
import pandas as pd
df = pd.DataFrame({"branch": ["Pune", None, None, "Nairobi", None], "amount": [50, 20, 90, 10, 60]})
meant = df["branch"].ffill()
answer = (df.sort_values("amount")["branch"].ffill().sort_index() != meant).sum()
""",
    "rd-find-clashes": """
import pandas as pd
rows = [(1, "a", "open"), (1, "a", "paid"), (2, "b", "open"), (2, "c", "open"), (3, "a", "paid")]
df = pd.DataFrame(rows, columns=["id", "customer", "status"])
answer = '`df.groupby("id")["customer"].nunique() > 1`'
assert eval(answer.strip("`")).to_dict() == {1: False, 2: True, 3: False}
""",
    "rd-list-dropped": """
import pandas as pd
raw = pd.DataFrame({"order_id": ["1", "2", "1", "3", "2", "1"]})
df = raw.drop_duplicates("order_id", keep="last")
options = ['raw[raw["order_id"].duplicated()]', "raw[~raw.index.isin(df.index)]"]
options += ['raw[~raw["order_id"].isin(df["order_id"])]', 'raw[raw["order_id"].duplicated(keep=False)]']
answer, = ["`" + option + "`" for option in options if eval(option).index.tolist() == [0, 1, 2]]
""",
}

PROOF = {
    "kl-gaps-that-close": "answer = 2 + 5 - 2 - 1",
    "kl-test-a-line": """
import pandas as pd
options = ['(after["service"] == "brake service").sum()', '(before["service"] == "brake service").sum()']
options += ['(after["service"] == "brakes").sum()', '(before["service"] == "brakes").sum()']
for renamed in (5, 50):
    before = pd.DataFrame({"service": ["brakes"] * renamed + ["brake service"] * 7})
    after = before.replace({"service": {"brakes": "brake service"}})
    options = [option for option in options if eval(option) == renamed]
answer, = ["`" + option + "`" for option in options]
""",
    "which-is-a-check": """
import pandas as pd
df = pd.DataFrame({"value": [40, -5, 62]})
conditions = {
    'assert (df["value"] >= 0).any(), "negative"': (df["value"] >= 0).any(),
    'assert not (df["value"] < 0).any(), "negative"': not (df["value"] < 0).any(),
    'assert (df["value"] >= 0).all, "negative"': (df["value"] >= 0).all,
    'assert len(df["value"] >= 0), "negative"': len(df["value"] >= 0),
}
answer, = ["`" + line + "`" for line, condition in conditions.items() if not condition]
""",
    "wc-count-broken": """
rows = [("EUR", 0.0), ("GBP", -12.0), ("KES", 4500.0), ("usd", 98.0)]
answer = sum(currency not in {"EUR", "USD", "KES"} or value < 0 for currency, value in rows)
""",
    "wc-gap-in-comparison": """
import pandas as pd
v = pd.Series([5, None, 3])
stops = [not (v >= 0).all(), (v < 0).any()]
answer = {(True, False): "Only A stops"}[tuple(bool(stop) for stop in stops)]
""",
    "wc-empty-table": """
import pandas as pd
df, known = pd.DataFrame({"branch": [], "id": [], "value": []}), ["pune"]
answer = sum(not c for c in (df["branch"].isin(known).all(), df["id"].is_unique, df["value"].sum() >= 0, len(df) > 0))
""",
    "wc-if-then": """
import pandas as pd
s, d = pd.Series(["refunded", "refunded", "paid"]), pd.Series(["2026-02-01", None, None])
rules = ['(s == "refunded") & d.notna()', '(s == "refunded") | d.notna()', '(s != "refunded") | d.notna()',
         '(s != "refunded") & d.isna()']
answer, = ["`" + rule + "`" for rule in rules if eval(rule).tolist() == [True, False, True]]
""",
    "wc-end-of-day": """
import pandas as pd
t = pd.Series(pd.to_datetime(["2026-01-01 00:00", "2026-03-31 15:00", "2026-04-01 00:00"]))
rules = ['(t >= "2026-01-01") & (t < "2026-04-01")', '(t > "2026-01-01") & (t <= "2026-03-31")']
rules += ['t.between("2026-01-01", "2026-04-01")', 't.between("2026-01-01", "2026-03-31", inclusive="both")']
answer, = ["`" + rule + "`" for rule in rules if eval(rule).tolist() == [True, True, False]]
""",
    "close-the-rows": "answer = (820 - 773) - (32 + 9)",
    "close-the-dollars": """
from tests.courses.clean_orders import clean
steps = clean("orders.csv")
raw, table = (t[t["currency"] == "USD"] for t in (steps.typed, steps.resolved))
before, after = raw["value"].sum(), table["value"].sum()
assert (before, after, before - after) == (9708.5, 9475, 233.5)
lines = {"00509": "00509: retyped copy dropped, `$157.50`", "00449": "00449: `open` row dropped, `paid` row kept, `$76.00`"}
lost = raw[~raw.index.isin(table.index)]
assert lost["status"].tolist() == ["open", "paid"] and lost["value"].sum() == before - after
assert set(table["order_id"]) > {"00459", "00448"} and "00473" not in set(raw["order_id"])
answer = {lines[order] for order in lost["order_id"]}
""",
    "kl-which-currency": """
sums = {"EUR": (9800, 2200, 0, 7600), "INR": (80000, 6500, 1500, 74000), "USD": (5000, 300, 120, 4820)}
answer, = {before - dropped + filled - after for before, dropped, filled, after in sums.values()} - {0}
""",
    "kl-cents": """
before, dropped, after = 512.30, 112.20, 400.10
assert before - dropped != after and str(before - dropped) == "400.09999999999997"
rule = "round(before - dropped, 2) == round(after, 2)"
assert eval(rule)
answer = f"Compare to the cent: `{rule}`"
""",
    "kl-rows-after": "answer = 480 - 12 - 7",
    "kl-expected-total": "answer = 51200 - 1060 - (240 - 180) + 2 * 0 + 60",
    "kl-open-questions": "answer = len({118, 140} | {118} | {152})",
    "wc-which-break-passes": """
import pandas as pd
values = ["-1", 'float("nan")', "100000", "100000.01"]
answer, = ["`" + value + "`" for value in values if pd.Series([5, eval(value)]).between(0, 100000).all()]
""",
    "wc-check-after-write": """
import pandas as pd
from pathlib import Path
df = pd.DataFrame({"order_id": ["1", "1"]})
try:
    df.to_csv("orders_clean.csv", index=False)
    assert df["order_id"].is_unique, "an order id occurs twice"
except AssertionError:
    assert Path("orders_clean.csv").read_text() == "order_id\\n1\\n1\\n"
    answer = "Tonight's table, with the repeated id"
""",
    "kl-rule-for-one-order": """
import pandas as pd
day = pd.to_datetime(pd.Series([None, "2026-01-05", None]))
answer = pd.Timestamp("2026-02-28")
lines = ['df["day"] = df["day"].fillna(answer)', 'df["day"] = df["day"].replace("31.02.2026", answer)']
lines += ['df.loc[df["order_id"] == "00445", "day"] = answer', 'df.loc[445, "day"] = answer']
right = []
for line in lines:
    df = pd.DataFrame({"order_id": ["00445", "00446", "00448"], "day": day})
    try:
        exec(line)
    except (TypeError, ValueError):
        continue
    if len(df) == 3 and df["day"].isna().tolist() == [False, False, True]:
        right.append("`" + line + "`")
answer, = right
""",
    "kl-which-slip": """
slips = {"A copy with an amount of 3,100 was not dropped": (1, 3100),
         "An order of 3,100 was dropped, though it had no copy": (-1, -3100),
         "Of an order corrected from 4,000 to 900, the old row was kept": (0, 4000 - 900),
         "Of an order corrected from 900 to 4,000, the old row was kept": (0, 900 - 4000)}
answer, = [text for text, change in slips.items() if change == (0, 3100)]
""",
    "kl-fell-out-of-groups": """
import pandas as pd
df = pd.DataFrame({"branch": ["Pune", "Poona", "Nairobi", "NBO"], "value": [2000, 400, 3000, 900]})
before = df.groupby("branch")["value"].sum().sum()
df["branch"] = df["branch"].map({"Poona": "Pune", "NBO": "Nairobi"})
answer = before - df.groupby("branch")["value"].sum().sum()
""",
}

LATE = """
import pandas as pd
from tests.courses.clean_orders import clean
late = clean("late_orders.csv").resolved
"""
FINAL = {
    "final-read": """
import pandas as pd
answer = 'dtype={"order_id": "str"}'
assert eval('pd.read_csv("late_orders.csv", ' + answer + ')')["order_id"].iloc[0] == "00562"
""",
    "final-first-look": """
import pandas as pd
late = pd.read_csv("late_orders.csv", dtype={"order_id": "str"})
assert (len(late), late["amount"].isna().sum(), late["branch"].nunique()) == (12, 0, 12)
assert late["minutes"].nlargest(3).tolist() == [999, 720, 360] and pd.to_numeric(late["amount"], errors="coerce").isna().any()
answer = "12 rows; no empty amount; 12 spellings of branches; 999 minutes, to be looked at"
""",
    "final-orders": LATE + "answer = len(late)",
    "final-euros": LATE + 'answer = late.loc[late["currency"] == "EUR", "value"].sum()',
    "final-totals": LATE
    + """
rows = clean("late_orders.csv").typed
dropped = rows[~rows.index.isin(late.index)]
before, after = (table.groupby("currency")["value"].sum() for table in (rows, late))
assert (before["USD"], after["USD"], before["BRL"], after["BRL"]) == (125, 62.5, 2401, 1200.5)
assert (before - after)[["EUR", "INR", "KES"]].eq(0).all() and dropped["value"].sum() == 1263
assert dropped[["order_id", "value"]].values.tolist() == [["00566", 1200.5], ["00563", 62.5]]
assert dropped["status"].tolist() == ["open", "paid"]
answer = '"USD -62.50: copy of 00563. BRL -1,200.50: `open` row of 00566."'
""",
    "final-log": LATE
    + """
ids = lambda rows: ", ".join(late.loc[rows, "order_id"])
days = ids(~late["day"].between("2026-01-01", "2026-03-31"))
amounts, minutes = ids(late["value"].isna()), ids(late["minutes"].isna())
answer = (f"12 rows, copy 00563, correction 00566, {len(late)} orders. "
          f"Asked: days {days}; amount {amounts}; minutes {minutes}")
""",
}

ANSWERS = {**FIRST_LOOK, **TEXT, **TYPES, **ROWS, **PROOF, **FINAL}
