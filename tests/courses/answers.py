"""Recomputes the keys of items: item id -> code that leaves the right answer in `answer`."""

FIRST_LOOK = {
    "count-gaps": """
import pandas as pd
answer = int(pd.read_csv("orders.csv")["amount"].isna().sum())
""",
    "it-how-many-kinds": """
kinds = ["card", "Card", "CARD ", "cash", " cash", "transfer", "Transfer", "voucher", "VOUCHER"]
answer = len({kind.strip().lower() for kind in kinds})
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
}

ANSWERS = {**FIRST_LOOK}
