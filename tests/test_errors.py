from __future__ import annotations

import inspect
import pickle
import re

import pytest

from workbench import errors
from workbench.errors import WorkbenchError

ALL = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, WorkbenchError)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_an_error_crosses_a_process_boundary_whole(kind: type[WorkbenchError]) -> None:
    error = kind("the store is locked", "by process 7", "wait")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (again.what, again.why, again.todo) == (error.what, error.why, error.todo)
    assert str(again) == "the store is locked. By process 7. Wait."


def test_the_tree_in_the_docstring_is_the_real_one() -> None:
    drawn = re.findall(r"[│ ]*[├└]── (\w+)", errors.__doc__ or "")
    assert sorted(drawn) == sorted(one.__name__ for one in ALL if one is not WorkbenchError)


def test_names_keep_their_letters() -> None:
    assert (
        str(WorkbenchError("nothing read", "x.zip is damaged", "`make lab`"))
        == "nothing read. x.zip is damaged. `make lab`."
    )


def test_a_message_does_not_end_in_two_stops() -> None:
    assert str(WorkbenchError("What is wrong?", "", "do this.")) == "What is wrong? Do this."
