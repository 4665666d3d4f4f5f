"""What is true of a right answer to an item that asks for code, and of no wrong one: item id -> (a frame for it, a test)."""

EXPRESSIONS = {
    "it-write-value-counts": ("df = pd.DataFrame({'branch': ['a', 'a', None]})", "sorted(eval(text).tolist()) == [1, 2]"),
    "it-count-repeats": (
        "df = pd.DataFrame({'ticket': [1, 2, 1, 1, 3, 2, 1], 'n': [1, 2, 1, 4, 5, 6, 7]})",
        "not hasattr(eval(text), '__len__') and eval(text) == 4",
    ),
    "nt-write-chain": ("df = pd.DataFrame({'plan': ['Basic ', ' pro']})", "eval(text).tolist() == ['basic', 'pro']"),
    "ms-list-leftovers": (
        "df, allowed = pd.DataFrame({'city': ['cebu', 'ceb', 'davao']}), ['cebu', 'davao']",
        "eval(text)['city'].tolist() == ['ceb']",
    ),
    "dm-write-mask": (
        "df = pd.DataFrame({'age': [3, -1, 40]})",
        "eval(text).isna().tolist() == [False, True, False] and eval(text).sum() == 43",
    ),
    "finish-the-deposits": (
        "loans = pd.DataFrame({'deposit': ['50', 'waived', '?', None]}); "
        "loans['paid'] = pd.to_numeric(loans['deposit'], errors='coerce'); "
        "exec(text if text.startswith('loans.loc[') else 'loans.loc[' + text + ', \"paid\"] = 0')",
        "loans['paid'].fillna(-1).tolist() == [50, 0, -1, -1]",
    ),
    "finish-the-counts": (
        "stock = pd.DataFrame({'part': ['B12', 'B12', 'C07', 'C07'], 'counted': [38, 40, 12, 15], "
        "'on': ['2026-03-30', '2026-03-02', '2026-03-02', '2026-03-29']}); "
        "body = text.removeprefix('stock = ').removeprefix('stock.').removeprefix('.'); "
        "got = eval('stock.' + body + ('' if 'drop_duplicates' in body else '.drop_duplicates(\"part\", keep=\"last\")'))",
        "dict(zip(got['part'], got['counted'])) == {'B12': 38, 'C07': 15}",
    ),
    "rd-keep-last": (
        "df = pd.DataFrame({'ticket': [1, 2, 1, 3], 'status': list('abcd')})",
        "eval(text)['status'].tolist() == ['b', 'c', 'd']",
    ),
    "check-minutes": (
        "df = pd.DataFrame({'minutes': [5.0, None, 0.0, -2.0]}); "
        "text = text.removeprefix('check(').removesuffix(', \"no time booked\")') if text.startswith('check(') else text",
        "eval(text).tolist() == [True, True, False, False]",
    ),
    "wc-write-unique": (
        "df = pd.DataFrame({'invoice': [1, 2]}); twice = pd.DataFrame({'invoice': [1, 1]})",
        "passes(text, df) and not passes(text, twice)",
    ),
    "wc-at-most-five": (
        "df = pd.DataFrame({'phone': [None] * 5 + ['1']}); six = pd.DataFrame({'phone': [None] * 6 + ['1']}); "
        "four = pd.DataFrame({'phone': [None] * 4 + ['1']})",
        "passes(text, df) and passes(text, four) and not passes(text, six)",
    ),
    "kl-ids-lost": (
        "raw, clean = pd.DataFrame({'id': ['1', '2', '2', '3']}), pd.DataFrame({'id': ['1', '3', '4']})",
        "list(map(str, set(eval(text)))) == ['2']",
    ),
    "rack-code-type": (
        "_ = Path('rentals.csv').write_text('bike,rack,days,deposit\\n0071,1E4,3,40.00\\n0102,2E3,,40.00\\n'); "
        "exec(filled(text, 'types = {\"bike\": \"str\", ____}')); df = pd.read_csv('rentals.csv', dtype=types)",
        "df['rack'].tolist() == ['1E4', '2E3'] and df[['days', 'deposit']].sum().tolist() == [3, 80]",
    ),
    "tidy-customer": (
        "df = pd.DataFrame({'customer': ['Mei  Tanaka', 'Mei\\u00a0Tanaka ', 'Piet van der Berg', 'Jürgen Weiß']}); "
        "exec(filled(text, 'df[\"customer\"] = ____'))",
        "df['customer'].tolist() == ['Mei Tanaka', 'Mei Tanaka', 'Piet van der Berg', 'Jürgen Weiß']",
    ),
    "service-entry": (
        "services = {'batt. check': 'battery check'}; "
        "exec(text if text.startswith('services') else filled(text, 'services.update({____})'))",
        "pd.Series(['battery-check', 'batt. check']).replace(services).tolist() == ['battery check'] * 2",
    ),
    "list-failed-days": (
        "df = pd.DataFrame({'order_id': list('123'), 'ordered': ['05.01.2026', 'yesterday', None]}); "
        "df['day'] = pd.to_datetime(df['ordered'], format='%d.%m.%Y', errors='coerce'); "
        "guess = pd.Series([pd.NaT, pd.NaT, pd.Timestamp(2026, 1, 1)]); shown = []; print = shown.append; "
        'exec(filled(text, \'print(df.loc[____, ["order_id", "ordered"]])\'))',
        "shown[0]['order_id'].tolist() == ['2', '3']",
    ),
    "krakow-swap": (
        "figures = pd.Series(['1249,50', '880,00']); exec(filled(text, 'plain = figures.____'))",
        "pd.to_numeric(plain, errors='coerce').tolist() == [1249.5, 880.0]",
    ),
    "set-postcode-type": (
        "_ = Path('addresses.csv').write_text('postcode,n,city\\n01067,1,Dresden\\n'); "
        "df = eval(filled(text, 'pd.read_csv(\"addresses.csv\", ____)'))",
        "df['postcode'].tolist() == ['01067'] and df['n'].dtype == 'int64'",
    ),
    "tidy-status": (
        "df = pd.DataFrame({'status': ['paid', 'Paid', 'PAID ', None]}); exec(text)",
        "df['status'].dropna().tolist() == ['paid'] * 3 and df['status'].isna().sum() == 1",
    ),
    "map-or-replace": (
        "df, d = pd.DataFrame({'service': ['brake', 'brake service', 'tune-up']}), {'brake': 'brake service'}; "
        "given = text.removeprefix('df[\"service\"] = ').removeprefix('.').removesuffix('(d)'); "
        "got = eval((given if given.startswith('df') else 'df[\"service\"].' + given) + '(d)')",
        "got.tolist() == ['brake service', 'brake service', 'tune-up']",
    ),
    "format-for-pune": (
        "s = pd.Series(['14 Mar 2026 09:05'])",
        "eval(filled(text, 'pd.to_datetime(s, format=____)'))[0] == pd.Timestamp(2026, 3, 14, 9, 5)",
    ),
    "pd-write-format": (
        "s = pd.Series(['2026/01/30'])",
        "eval(filled(text, 'pd.to_datetime(s, format=____)'))[0] == pd.Timestamp(2026, 1, 30)",
    ),
    "pn-read-csv-options": (
        "_ = Path('lisbon.csv').write_text('total;n\\n1.234,50;1\\n'); "
        'df = eval(filled(text, \'pd.read_csv("lisbon.csv", sep=";", ____)\'))',
        "df['total'].tolist() == [1234.5]",
    ),
    "final-read": (
        "df = eval(filled(text, 'pd.read_csv(\"late_orders.csv\", ____)'))",
        "df['order_id'].iloc[0] == '00562'",
    ),
}
