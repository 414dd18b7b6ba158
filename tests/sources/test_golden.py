from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from reading import EXPORTS, plain, read

CASES = sorted(path for path in EXPORTS.glob("*/*") if ".expected" not in path.suffixes)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_an_export_yields_what_it_yielded_before(path: Path) -> None:
    conversations, issues = read(path)
    found = {"conversations": plain(conversations), "issues": plain(issues)}
    golden = path.with_suffix(".expected.json")
    if os.environ.get("WORKBENCH_UPDATE_GOLDEN"):
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(golden.read_text(encoding="utf-8"))
