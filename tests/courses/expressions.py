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
    "rd-keep-last": (
        "df = pd.DataFrame({'ticket': [1, 2, 1, 3], 'status': list('abcd')})",
        "eval(text)['status'].tolist() == ['b', 'c', 'd']",
    ),
    "check-minutes": (
        "df = pd.DataFrame({'minutes': [5.0, None, 0.0, -2.0]})",
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
}
