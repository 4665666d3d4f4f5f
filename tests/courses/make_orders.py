"""Write the synthetic data set of the course "Cleaning messy data with Python".

Every person, order and amount is made up. Run `python -m tests.courses.make_orders` to write the
files again; the same seed gives the same bytes.
"""

import csv
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from tests.courses.clean_orders import clean

DATA = Path(__file__).parents[2] / "content" / "courses" / "cleaning-messy-data" / "data"
SEED = 20260331
COLUMNS = ["order_id", "branch", "customer", "service", "ordered", "amount", "minutes", "status"]

CUSTOMERS = (
    "Amara Okafor",
    "Jürgen Weiß",
    "Lucía Fernández",
    "Nguyen Thi Lan",
    "Priya Nair",
    "Mei Tanaka",
    "Wanjiru Kamau",
    "Rafael Souza",
    "Aoife Byrne",
    "Kofi Mensah",
    "Zainab Yusuf",
    "Ole Hansen",
    "Dmitri Petrov",
    "Fatima Zahra",
    "Tomás Oliveira",
    "Anjali Deshpande",
    "Grace Otieno",
    "Hye-jin Park",
    "Samuel Cohen",
    "Leila Rahimi",
    "Ivana Novak",
    "Joaquim Prado",
    "Achieng Odhiambo",
    "Ravi Kulkarni",
    "Marie Dubois",
    "Noor Haddad",
    "Emeka Eze",
    "Linnea Berg",
)
BRANCHES = ("Hamburg", "Chicago", "Nairobi", "Pune", "São Paulo")
BRANCH_SPELLINGS = {
    "Hamburg": ("Hamburg", "hamburg", "Hamburg ", "HAMBURG", "Hambrug"),
    "Chicago": ("Chicago", "chicago", "Chicago  ", "CHI"),
    "Nairobi": ("Nairobi", "nairobi", " Nairobi", "NBO"),
    "Pune": ("Pune", "PUNE", "pune", "Poona"),
    "São Paulo": ("São Paulo", "Sao Paulo", "SÃO PAULO", "São  Paulo"),
}
SERVICE_SPELLINGS = {
    "tune-up": ("Tune-up", "tune up", "TUNE-UP", "Tuneup", "tune-up "),
    "brake service": ("Brake service", "brake service", "Brakes", "BRAKE SERVICE"),
    "wheel truing": ("Wheel truing", "wheel true", "Wheel  truing"),
    "battery check": ("Battery check", "battery-check", "Batt. check"),
}
PRICES = {  # service -> price in euros and workshop minutes
    "tune-up": (89.0, 60),
    "brake service": (54.5, 40),
    "wheel truing": (32.0, 30),
    "battery check": (145.0, 45),
}
RATE = {"Hamburg": 1.0, "Chicago": 1.1, "Nairobi": 140.0, "Pune": 95.0, "São Paulo": 6.0}


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it really was."""

    order_id: str
    branch: str
    customer: str
    service: str
    ordered: date
    amount: float
    minutes: int
    status: str


def indian(amount: float) -> str:
    """Group digits as in India: 1,12,400.00."""
    whole, cents = f"{amount:.2f}".split(".")
    head, tail = whole[:-3], whole[-3:]
    groups: list[str] = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*groups, tail]) + "." + cents


def written_amount(branch: str, amount: float) -> str:
    """The amount as this branch's till writes it."""
    swapped = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    return {
        "Hamburg": f"{swapped} €",
        "Chicago": f"${amount:,.2f}",
        "Nairobi": f"KES {amount:,.2f}",
        "Pune": f"₹{indian(amount)}",
        "São Paulo": f"R$ {swapped}",
    }[branch]


def written_date(branch: str, day: date) -> str:
    """The date as this branch's till writes it."""
    months = ["Jan", "Feb", "Mar"]
    return {
        "Hamburg": f"{day:%d.%m.%Y}",
        "Chicago": f"{day:%m/%d/%Y}",
        "Nairobi": f"{day:%d/%m/%Y}",
        "Pune": f"{day:%d}-{months[day.month - 1]}-{day:%Y}",
        "São Paulo": f"{day:%Y-%m-%d}",
    }[branch]


def true_orders(rng: random.Random) -> list[Order]:
    """150 orders from January to March 2026."""
    orders = []
    for number in range(150):
        branch = rng.choice(BRANCHES)
        service = rng.choice(tuple(PRICES))
        price, minutes = PRICES[service]
        times = rng.choice((1, 1, 1, 1, 2, 2, 3, 12))
        orders.append(
            Order(
                order_id=f"{412 + number:05d}",
                branch=branch,
                customer=rng.choice(CUSTOMERS),
                service=service,
                ordered=date(2026, 1, 2) + timedelta(days=int(number * 88 / 150)),
                amount=round(price * RATE[branch] * times * rng.uniform(0.9, 1.1) * 2) / 2,
                minutes=minutes * times + rng.choice((-5, 0, 0, 5, 10)),
                status=rng.choice(("paid", "paid", "paid", "open", "refunded")),
            )
        )
    return orders


def messy(order: Order, rng: random.Random) -> dict[str, str]:
    """The order as it stands in the export, with the everyday faults."""
    spelling = rng.choice(BRANCH_SPELLINGS[order.branch]) if rng.random() < 0.3 else order.branch
    service = rng.choice(SERVICE_SPELLINGS[order.service]) if rng.random() < 0.6 else SERVICE_SPELLINGS[order.service][0]
    customer = order.customer.replace(" ", rng.choice((" ", " ", " ", " ", "  ", "\u00a0")), 1)
    status = rng.choice((order.status, order.status, order.status.capitalize(), order.status.upper() + " "))
    return {
        "order_id": order.order_id,
        "branch": spelling,
        "customer": customer,
        "service": service,
        "ordered": written_date(order.branch, order.ordered),
        "amount": written_amount(order.branch, order.amount),
        "minutes": str(order.minutes),
        "status": status,
    }


def spoil(rows: list[dict[str, str]], orders: list[Order]) -> None:
    """Plant the faults that need a decision."""
    of = {branch: [i for i, o in enumerate(orders) if o.branch == branch] for branch in BRANCHES}
    rows[of["Hamburg"][6]]["ordered"] = "31.02.2026"
    rows[of["Nairobi"][9]]["ordered"] = "yesterday"
    rows[of["Chicago"][4]]["ordered"] = ""
    rows[of["Pune"][5]]["ordered"] = "46068"
    rows[of["São Paulo"][7]]["ordered"] = rows[of["São Paulo"][7]]["ordered"].replace("2026", "2062")
    for branch, position, text in (
        ("Hamburg", 3, "-"),
        ("Hamburg", 11, "free"),
        ("Nairobi", 2, ""),
        ("Chicago", 8, "free"),
        ("Pune", 8, "n/a"),
        ("São Paulo", 3, ""),
        ("Nairobi", 12, "tbc"),
    ):
        rows[of[branch][position]]["amount"] = text
    for position, text in ((4, ""), (21, "999"), (37, "999"), (58, ""), (77, "999"), (90, ""), (111, "999"), (133, "")):
        rows[position]["minutes"] = text
    for position in (9, 46, 71, 104, 129):
        rows[position]["status"] = ""


def with_repeats(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Add a block pasted twice, retyped rows and later corrections."""
    out = list(rows)
    out[66:66] = [dict(row) for row in rows[58:66]]
    for position in (30, 52, 97):
        row = rows[position]
        out.append({**row, "branch": row["branch"].strip().upper(), "customer": row["customer"].lower()})
    open_rows = [row for row in rows if row["status"].strip().lower() == "open"]
    out.extend({**row, "status": "paid"} for row in open_rows[3:8])
    return out


def build() -> str:
    """The text of `orders.csv`."""
    rng = random.Random(SEED)
    orders = true_orders(rng)
    orders[60] = replace(
        orders[60],
        customer=orders[59].customer,
        branch=orders[59].branch,
        service=orders[59].service,
        ordered=orders[59].ordered,
        amount=orders[59].amount,
        minutes=orders[59].minutes,
    )
    rows = [messy(order, rng) for order in orders]
    spoil(rows, orders)
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(with_repeats(rows))
    return text.getvalue()


LATE_ORDERS = """\
order_id,branch,customer,service,ordered,amount,minutes,status
00562,hamburg ,Jürgen Weiß,Tuneup,30.03.2026,"1.089,00 €",720,paid
00563,CHI,Grace Otieno,Brakes,03/30/2026,$62.50,40,Paid
00564,NBO,Kofi Mensah,tune up,30/03/2026,"KES 12,400.00",999,open
00565,Poona,Anjali Deshpande,Battery check,31-Mar-2026,"₹1,04,250.00",360,paid
00566,sao paulo,Rafael Souza,wheel true,2026-03-31,"R$ 1.200,50",180,open
00563,CHICAGO,grace otieno,Brakes,03/30/2026,$62.50,40,paid
00567,Hambrug,Marie Dubois,Brake service,31.03.2026,"54,50 €",40,paid
00568,Nairobi,Wanjiru Kamau,Wheel truing,31/03/2026,tbc,30,open
00569,Chicago,Samuel Cohen,TUNE-UP,03/31/2026,free,60,paid
00566,São Paulo,Rafael Souza,Wheel truing,2026-03-31,"R$ 1.200,50",180,paid
00570,Pune,Ravi Kulkarni,Tune-up,31-Feb-2026,"₹8,455.00",60,paid
00571,Hamburg,Ole Hansen,battery-check,31.03.2062,"145,50 €",45,PAID
"""


def after(step: str) -> str:
    """The text of the file a module starts from, when the learner has no own table at hand."""
    table = getattr(clean(io.StringIO(build())), step)
    return str(table.to_csv(index=False))


FILES: dict[str, Callable[[], str]] = {
    "orders.csv": build,
    "late_orders.csv": lambda: LATE_ORDERS,
    "orders_tidy.csv": lambda: after("tidy"),
    "orders_text.csv": lambda: after("text"),
    "orders_typed.csv": lambda: after("typed"),
    "orders_resolved.csv": lambda: after("resolved"),
}

if __name__ == "__main__":
    for name, text_of in FILES.items():
        (DATA / name).write_text(text_of(), encoding="utf-8")
