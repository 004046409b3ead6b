"""Stories of a notebook in a real browser: run, reload, kill, two tabs, interrupt, restart."""

import pytest

from tests.browser.drive import Notebook
from tests.browser.profile import Profile
from tests.browser.visitors import Visit

pytestmark = pytest.mark.browser

SCIENCE = """
import numpy as np, pandas as pd, matplotlib.pyplot as plt
x = np.linspace(0, 1, 5)
print("sum", x.sum())
frame = pd.DataFrame({"x": x, "y": x ** 2})
print("mean", frame.y.mean())
frame.plot(x="x", y="y")
plt.show()
frame
"""


def test_science_runs_and_is_there_after_a_reload_before_python_is(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type(SCIENCE)
    notebook.run()
    assert notebook.status("ok", "error") == "ok", notebook.text()
    assert "sum 2.5\nmean 0.375\n" in notebook.text()
    shown = [output.get("data", {}) for output in notebook.outputs()]
    assert any("image/png" in data for data in shown)
    assert any("<table" in str(data.get("text/html")) for data in shown)
    notebook.saved()
    before = notebook.outputs()
    notebook.hide()
    notebook.page.close()

    again = Notebook.again(visit, notebook.id)
    assert again.page.evaluate("state.drawn[0].saved") is True
    assert again.outputs() == before
    again.ready()
    assert again.outputs() == before


def test_what_was_typed_before_python_was_up_runs(profile: Profile) -> None:
    notebook = Notebook.new(profile)
    assert notebook.page.evaluate("state.drawn.every(how => how.saved)")
    notebook.type("6*7")
    notebook.run()
    notebook.status("ok")
    assert notebook.text() == "42"


def test_a_killed_browser_has_lost_nothing_that_was_saved(profile: Profile) -> None:
    notebook = Notebook.new(profile).ready()
    notebook.type("print('kept')\nimport time\ntime.sleep(60)")
    notebook.run()
    notebook.wait("view.cells[view.order[0]].execution?.outputs.length")
    notebook.type("# typed last")
    notebook.saved()
    profile.kill()

    again = Notebook.again(profile, notebook.id).ready()
    assert again.source().endswith("# typed last")
    assert again.status("lost") == "lost"
    assert again.text() == "kept\n"
    again.send(do="clear_all_outputs")
    again.wait("!view.cells[view.order[0]].execution?.outputs?.length")


def test_two_tabs_are_views_of_one_log_and_either_may_close(visit: Visit) -> None:
    first = Notebook.new(visit).ready()
    second = Notebook.again(visit, first.id).ready()
    assert [first.leads(), second.leads()] == [True, False]
    second.type("x = 20 + 1")
    second.run()
    first.status("ok")
    first.type("\nx * 2")
    second.wait("view.cells[view.order[0]].source === 'x = 20 + 1\\nx * 2'")
    second.run()
    second.wait("view.cells[view.order[0]].execution.outputs[0]?.data['text/plain'] === '42'")
    first.saved()
    first.page.close()

    second.wait("link.isLeader()")
    second.type(" + 1")
    second.wait("state.drawn.length === 3")
    second.saved()
    third = Notebook.again(visit, first.id).ready()
    assert third.source() == "x = 20 + 1\nx * 2 + 1"
    third.page.close()
    second.run()
    second.wait("view.cells[view.order[0]].execution.outputs[0]?.data?.['text/plain'] === '43'")


def test_an_endless_loop_is_interrupted_and_memory_stays(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type("kept = 1\nwhile True: pass")
    notebook.run()
    notebook.status("running")
    notebook.send(do="interrupt")
    assert notebook.status("error", "lost") == "error"
    assert notebook.outputs()[-1]["ename"] == "KeyboardInterrupt"
    notebook.add("kept + 1")
    notebook.run(1)
    notebook.status("ok", cell=1)
    assert notebook.text(1) == "2"


def test_without_isolation_an_interrupt_ends_python_and_says_so(plain_profile: Profile) -> None:
    notebook = Notebook.new(plain_profile)
    notebook.type("while True: pass")
    notebook.run()
    notebook.status("running")
    notebook.send(do="interrupt")
    assert notebook.status("lost", "error") == "lost"
    notebook.wait("state.toasts.some(toast => toast.kind === 'replaced')")
    notebook.add("1 + 1")
    notebook.run(1)
    notebook.status("ok", cell=1)


def test_a_restart_forgets_and_run_all_waits_for_the_new_session(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type("x = globals().get('x', 0) + 1; x")
    notebook.run()
    notebook.status("ok")
    notebook.run()
    notebook.wait("view.cells[view.order[0]].execution.outputs[0]?.data?.['text/plain'] === '2'")
    notebook.send(do="restart", run_all=True)
    notebook.wait("view.cells[view.order[0]].execution.outputs[0]?.data?.['text/plain'] === '1'")
    notebook.status("ok")
    notebook.wait("view.runtime.status === 'ready'")


def test_an_error_stops_run_all(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type("1 / 0")
    notebook.add("print('never')")
    notebook.send(do="run_all")
    notebook.status("error")
    assert notebook.status("aborted", "ok", cell=1) == "aborted"
    assert notebook.outputs(0)[-1]["ename"] == "ZeroDivisionError"


def test_input_waits_for_an_answer(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type("name = input('Who? ')\nname[::-1]")
    notebook.run()
    prompt = notebook.wait("view.cells[view.order[0]].execution?.prompt")
    assert prompt["prompt"] == "Who? "
    execution = notebook.view()["cells"][notebook.cell_id()]["execution"]["id"]
    notebook.send(do="reply_input", execution_id=execution, input_id=prompt["id"], value="abc")
    notebook.status("ok")
    assert "'cba'" in notebook.text()


def test_a_dropped_file_lands_in_the_working_directory(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.put_file("data.csv", "a,b\n1,2\n")
    notebook.type("open('data.csv').read()")
    notebook.run()
    notebook.status("ok")
    assert notebook.text() == "'a,b\\n1,2\\n'"


def test_completions_come_from_the_runtime(visit: Visit) -> None:
    notebook = Notebook.new(visit)
    notebook.type("alphabet = 1")
    notebook.run()
    notebook.status("ok")
    found = notebook.page.evaluate("link.call('complete', {source: 'alpha', position: 5})")
    assert "alphabet" in found["matches"]
