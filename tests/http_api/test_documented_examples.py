"""Every example of docs/http_api.md, run as it stands."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_service import listening

from workbench.http_api import ServiceOptions

ROOT = Path(__file__).parent.parent.parent
BLOCKS = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "http_api.md").read_text(encoding="utf-8"), re.DOTALL)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")


@pytest.fixture(scope="module")
def port(samples_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    store = shutil.copytree(samples_store, tmp_path_factory.mktemp("documented") / "store")
    with listening(ServiceOptions(store)) as port:
        yield port


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_answered(port: int, block: str) -> None:
    script = block.replace("curl ", "curl --fail-with-body --silent --show-error ").replace(":8765", f":{port}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "about:blank" not in done.stdout
