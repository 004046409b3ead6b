"""What well-known libraries do in the shell: bars are text, charts are what a notebook draws."""

import os
import sys
from pathlib import Path

import pytest
from foldbook.native.python import ChildPython

from tests.cells import Shell, in_shell
from tests.executors import Running, tell
from tests.terminal import screen

pytestmark = pytest.mark.usefixtures("own_home")

WAYS = ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.autonotebook")
NESTED = (
    "from tqdm.{way} import tqdm, trange\n"
    "options = {{'ncols': 40, 'mininterval': 0, 'miniters': 1}}\n"
    "options['bar_format'] = '{{l_bar}}{{bar}}|'\n"
    "for outer in tqdm('ab', desc='outer', **options):\n"
    "    for inner in trange(3, desc=outer, leave={leave}, **options):\n"
    "        pass\n"
)
OUTER = "outer: 100%|" + "█" * 27 + "|"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process in which nobody has imported any of them."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "tqdm":
            monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("error")
def test_a_bar_is_text_however_tqdm_is_asked_for(tmp_path: Path, way: str) -> None:
    async def story(shell: Shell) -> None:
        outcome = await shell.run(f"from {way} import tqdm\nlist(tqdm(range(4)))")
        assert outcome.status == "ok", shell.notes.all
        shown = screen(shell.notes.text("stderr"))
        assert shown.startswith("100%|"), shown
        assert "4/4" in shown
        assert "Warning" not in shown
        assert "\n" not in shown, "it draws over itself"

    in_shell(tmp_path, story)


def test_what_only_its_notebook_form_takes_is_taken(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        outcome = await shell.run(
            "from tqdm.notebook import tqdm_notebook, tnrange\n"
            "with tqdm_notebook(total=2, display=True, colour='green') as bar: bar.update(2)\n"
            "list(tnrange(2, desc='two'))\n"
        )
        assert outcome.status == "ok", shell.notes.all
        assert "two: 100%" in screen(shell.notes.text("stderr"))

    in_shell(tmp_path, story)


def test_an_environment_with_a_notebook_s_mark_gives_text_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By this module tqdm takes a process for a notebook with widgets, as Pyodide's is.
    monkeypatch.setitem(sys.modules, "IPython.utils._process_emscripten", sys)

    async def story(shell: Shell) -> None:
        outcome = await shell.run("from tqdm.auto import tqdm\nlist(tqdm('ab'))")
        assert outcome.status == "ok", shell.notes.all
        assert "Warning" not in shell.notes.text("stderr")

    in_shell(tmp_path, story)


@pytest.mark.parametrize("leave", [True, False])
def test_nested_bars_stand_below_one_another(tmp_path: Path, leave: bool) -> None:
    async def story(shell: Shell) -> None:
        await shell.run(NESTED.format(way="auto", leave=leave))
        shown = screen(shell.notes.text("stderr")).splitlines()
        inner = [f"{name}: 100%|" + "█" * 31 + "|" for name in "ab"] if leave else []
        assert [line.rstrip() for line in shown if line.strip()] == [*inner, OUTER]

    in_shell(tmp_path, story)


def test_bars_are_text_in_a_process_of_their_own(tmp_path: Path) -> None:
    async def story(there: Running) -> None:
        text = await there.text("from tqdm.notebook import tqdm\nlist(tqdm('abc'))", "stderr")
        assert "3/3" in screen(text), text

    tell(ChildPython(tmp_path), story)


def test_tqdm_is_let_be_afterwards(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("1")

    before = list(sys.meta_path)
    in_shell(tmp_path, story)
    assert sys.meta_path == before


# Charts

ALTAIR = (
    "import altair as alt\n"
    "chart = alt.Chart(alt.Data(values=[{'x': 1, 'y': 2}])).mark_bar().encode(x='x:Q', y='y:Q')\n"
)
PLOTLY = "import plotly.graph_objects as go\nfigure = go.Figure(go.Bar(y=[1, 3, 2]))\n"


def test_an_altair_chart_is_its_specification(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run(f"{ALTAIR}chart")
        data = shell.notes.only("result")[2]
        assert set(data) == {"application/vnd.vegalite.v6+json", "text/plain"}
        assert data["application/vnd.vegalite.v6+json"]["mark"] == {"type": "bar"}
        await shell.run("chart.display()\nalt.hconcat(chart, chart)")
        assert shell.notes.kinds() == ["display", "result"]
        assert "text/html" not in shell.notes.only("result")[2]

    in_shell(tmp_path, story)


def test_who_has_chosen_a_renderer_keeps_it(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run(f"{ALTAIR}alt.renderers.enable('html');")
        await shell.run("chart")
        assert "text/html" in shell.notes.only("result")[2]
        await shell.run("alt.renderers.enable('default');")
        await shell.run("chart")
        assert "text/html" not in shell.notes.only("result")[2]

    in_shell(tmp_path, story)


def test_a_plotly_figure_is_its_specification(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run(f"{PLOTLY}figure")
        data = shell.notes.only("display")[2]
        assert data["application/vnd.plotly.v1+json"]["data"][0]["type"] == "bar"
        assert "text/html" not in data
        await shell.run("figure.show()")
        assert "application/vnd.plotly.v1+json" in shell.notes.only("display")[2]

    in_shell(tmp_path, story)


def test_plotly_s_own_choice_of_the_environment_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLOTLY_RENDERER", "json")

    async def story(shell: Shell) -> None:
        await shell.run("import os\nos.environ['PLOTLY_RENDERER']")
        assert shell.notes.only("result")[2]["text/plain"] == "'json'"

    in_shell(tmp_path, story)
    assert os.environ["PLOTLY_RENDERER"] == "json"
