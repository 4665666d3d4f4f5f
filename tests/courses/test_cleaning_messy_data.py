"""The bundled course says nothing that does not run: shown output is real output, keys are recomputed."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import pytest

from content.loader import load_course
from tests.courses.answers import ANSWERS
from tests.courses.clean_orders import clean, tidy
from tests.courses.expressions import EXPRESSIONS
from tests.courses.make_orders import DATA, FILES
from tests.courses.module_code import COURSE, MODULES, TAUGHT, Block, read_blocks, read_snippets, right_choices

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")

ITEMS = {block.block_id: block for path in MODULES for block in read_blocks(path) if block.kind not in TAUGHT}


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the course's data folder as the current directory."""
    folder = tmp_path / "data"
    shutil.copytree(DATA, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("data_folder")
def test_taught_code_runs_and_prints_what_the_text_shows(path: Path) -> None:
    namespace: dict[str, object] = {}
    ran = 0
    for block in read_blocks(path):
        for snippet in read_snippets(block) if block.kind in TAUGHT else []:
            printed = io.StringIO()
            where = f"{path.name}:{snippet.line}"
            with contextlib.redirect_stdout(printed):
                exec(compile(snippet.code, where, "exec"), namespace)
            ran += 1
            shown = (snippet.shown or "").rstrip()
            assert printed.getvalue().rstrip() == shown, f"{where}: the text shows other output than the code prints"
    examples = sum(block.kind == "worked-example" for block in read_blocks(path))
    assert ran >= 2 * examples, f"{path.name}: only {ran} code blocks were found in {examples} worked examples"


def test_the_course_loads_without_a_fault() -> None:
    loaded, faults = load_course(COURSE)
    assert not faults
    assert loaded is not None


def test_each_module_is_one_skill_in_one_sitting_and_builds_on_the_one_before() -> None:
    loaded, _ = load_course(COURSE)
    assert loaded is not None
    modules = loaded.version.modules
    assert [slot.skill_id for module in modules for slot in module.slots] == list(loaded.version.skills)
    assert all(10 <= module.minutes <= 11 for module in modules), [(module.id, module.minutes) for module in modules]
    assert [len(module.slots) for module in modules] == [1] * (len(modules) - 1) + [0], "the hand-over teaches no new skill"
    assert [module.requires for module in modules] == [(), *((module.id,) for module in modules[:-1])]


def authored(block: Block) -> set[str]:
    """The answers that the item counts as right."""
    if block.kind == "choice":
        return set(right_choices(block))
    return set(block.options.get("answer", [])) | set(block.options.get("accept", []))


def holds(value: object, block: Block) -> bool:
    """Whether a recomputed value is an authored right answer, or a set of them all there are."""
    if isinstance(value, set):
        return value == authored(block)
    if block.kind != "numeric":
        return str(value) in authored(block)
    tolerance = float(block.options.get("tolerance", ["0"])[0])
    return abs(float(str(value)) - float(block.options["answer"][0])) <= tolerance


@pytest.mark.parametrize("item_id", sorted(ANSWERS))
@pytest.mark.usefixtures("data_folder")
def test_key_is_what_the_code_gives(item_id: str) -> None:
    namespace: dict[str, object] = {}
    exec(compile(ANSWERS[item_id], f"answers:{item_id}", "exec"), namespace)
    block = ITEMS[item_id]
    assert holds(namespace["answer"], block), f"{item_id}: computed {namespace['answer']!r}, authored {authored(block)}"


def test_the_longest_option_is_no_better_guess_than_another() -> None:
    loaded, _ = load_course(COURSE)
    assert loaded is not None
    choices = [a.body["options"] for a in loaded.version.activities.values() if a.type == "choice" and not a.body["multiple"]]
    told = 0
    for options in choices:
        lengths = sorted((len(re.sub("<[^>]+>", "", option["html"])), option["right"]) for option in options)
        told += lengths[-1][1] and lengths[-1][0] > lengths[-2][0]
    assert told <= len(choices) / 3, f"the longest option is right in {told} of {len(choices)} items"


def passes(line: str, df: object) -> bool:
    """Whether a line with `assert` passes on a table and looks at the answer it computes."""
    try:
        exec(line, {"df": df})
    except AssertionError:
        return False
    return line.startswith("assert")


def filled(text: str, line: str) -> str:
    """The line that an answer to a gap `____` makes; the answer may repeat what stands before the gap, and then behind it."""
    before, after = line.split("____")
    head = next(at for at in range(len(before) + 1) if text.startswith(before[at:]))
    repeats = head < len(before)
    tail = next(at for at in range(len(after), -1, -1) if text.endswith(after[:at])) if repeats else 0
    return before[:head] + text + after[tail:]


def is_right(text: str, item_id: str) -> bool:
    """Whether an answer in code does what its item asks for."""
    setup, wanted = EXPRESSIONS[item_id]
    namespace: dict[str, object] = {"pd": pd, "np": np, "Path": Path, "tidy": tidy, "passes": passes, "filled": filled}
    namespace["text"] = text
    try:
        exec(setup, namespace)
        return bool(eval(wanted, namespace))
    except (TypeError, ValueError, AttributeError, KeyError, IndexError, SyntaxError, NameError):
        return False


@pytest.mark.parametrize("item_id", sorted(EXPRESSIONS))
@pytest.mark.usefixtures("data_folder")
def test_accepted_code_is_right_and_refused_code_is_wrong(item_id: str) -> None:
    options = ITEMS[item_id].options
    for text in options["accept"]:
        assert is_right(text, item_id), f"{item_id} accepts {text}, which does not do what it asks for"
    for entry in options["wrong"]:
        text = re.split(r"(?<!\\)\|", entry, maxsplit=1)[0].replace("\\|", "|").strip()
        assert not is_right(text, item_id), f"{item_id} refuses {text}, which does what it asks for"


def test_every_numeric_item_is_recomputed() -> None:
    numeric = {item_id for item_id, block in ITEMS.items() if block.kind == "numeric"}
    assert numeric, "no numeric items found"
    assert numeric <= set(ANSWERS)


def test_the_text_names_the_figures_of_the_data() -> None:
    steps = clean(DATA / "orders.csv")
    resolved = steps.resolved
    assert (len(steps.text), len(resolved), resolved["order_id"].nunique()) == (166, 150, 150)
    assert (resolved["value"].isna().sum(), resolved["day"].isna().sum(), resolved["status"].isna().sum()) == (5, 4, 5)
    assert steps.typed["value"].notna().sum() == 159
    assert resolved.loc[resolved["day"] > "2026-03-31", "order_id"].tolist() == ["00471"]
    assert (resolved.loc[resolved["order_id"].isin(["00464", "00442", "00509"]), "customer"].str.islower()).sum() == 0
    assert set(resolved.loc[resolved["order_id"].isin(["00426", "00427", "00449", "00452", "00453"]), "status"]) == {"paid"}


def test_the_model_hand_over_is_what_cleaning_the_late_batch_gives() -> None:
    late = clean(DATA / "late_orders.csv").resolved
    hand_over = next(path for path in MODULES if path.stem.endswith("hand-over")).read_text(encoding="utf-8")
    for currency, rows in late.groupby("currency"):
        assert f"| {currency} | {len(rows)} | {rows['value'].sum():,.2f} |" in hand_over


@pytest.mark.parametrize("name", sorted(FILES))
def test_data_files_are_what_the_seed_gives(name: str) -> None:
    assert (DATA / name).read_text(encoding="utf-8") == FILES[name]()
