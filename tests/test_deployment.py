"""Images, compose and Kubernetes, which are read here but not run; and nginx, which is run where it is installed."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from building import claude_export
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workbench.cli import main
from workbench.experiments.load.service import free_port
from workbench.settings import Settings
from workbench.workspace import Workbench

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ROOT / "docker" / "requirements-service.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMAGES = [ROOT / "Dockerfile", ROOT / "docker" / "kuberay" / "Dockerfile"]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
RAY_SERVICE = yaml.safe_load((ROOT / "docker" / "kuberay" / "rayservice.yaml").read_text(encoding="utf-8"))
NGINX = ROOT / "docker" / "nginx" / "nginx.conf"
BIN = Path(sys.executable).parent

nginx_needed = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployment")
    memory = Workbench(Settings(store=folder / "store", ray="off"))
    memory.ingest(claude_export(folder / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")}))
    return folder / "store"


# What the image installs


def service_requirements() -> list[Requirement]:
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_the_service_needs_nothing_that_the_project_does_not_declare_in_the_same_words() -> None:
    optional = [one for extra in PROJECT["optional-dependencies"].values() for one in extra]
    declared = {str(Requirement(one)) for one in [*PROJECT["dependencies"], *optional]}
    assert {str(one) for one in service_requirements()} - declared == set()


def installed_with_the_service() -> set[str]:
    """The distributions that pip would install for the service, by canonical name."""
    closure: set[str] = set()
    waiting = [(canonicalize_name(one.name), frozenset(one.extras)) for one in service_requirements()]
    while waiting:
        name, extras = waiting.pop()
        if name in closure and not extras:
            continue
        closure.add(name)
        for line in metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": one}) for one in (*extras, "")):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return closure


# Imports the samples, serves them and asks, in a process in which nothing can be imported that the image lacks
SERVE = """
import json, os, signal, sys, threading, time, urllib.request
hidden, export, store, port = set(json.loads(sys.argv[1])), *sys.argv[2:5]

class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hiding())
from workbench.cli import main

def ask():
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/search/rag?q=loaf", timeout=20) as answer:
                print(len(json.load(answer)["contexts"]), flush=True)
                break
        except OSError:
            time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGTERM)

main(["ingest", export, "--store", store, "--ray", "off"], standalone_mode=False)
threading.Thread(target=ask, daemon=True).start()
main(["serve", "--store", store, "--port", port], standalone_mode=False)
"""


def test_importing_and_serving_need_no_more_than_the_image_has(tmp_path: Path) -> None:
    closure = installed_with_the_service()
    assert not closure & {"torch", "ray", "jupyterlab", "pandas", "polars", "sentence-transformers", "plotly", "scipy"}
    there = metadata.packages_distributions()
    hidden = [
        module
        for module, owners in there.items()
        if module != "workbench" and not {canonicalize_name(one) for one in owners} & closure
    ]
    assert {"torch", "ray", "pandas"} <= set(hidden)
    export = claude_export(tmp_path / "conversations.json", {"bread": ("My loaf is flat", "Proof it longer.")})
    arguments = [json.dumps(hidden), str(export), str(tmp_path / "store"), str(free_port())]
    done = subprocess.run([sys.executable, "-c", SERVE, *arguments], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "2", done.stderr


# Images


@pytest.mark.skipif(not (BIN / "hadolint").exists(), reason="hadolint is not there for this platform")
@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.parent.name)
def test_hadolint_finds_no_fault(path: Path) -> None:
    done = subprocess.run([BIN / "hadolint", path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def instructions(path: Path) -> list[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.parent.name)
def test_what_an_image_copies_is_there_and_reaches_the_builder(path: Path) -> None:
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for instruction, arguments in instructions(path):
        if instruction == "COPY" and "--from" not in arguments:
            for source in [one for one in arguments.split() if not one.startswith("--")][:-1]:
                assert (ROOT / source).exists()
                assert any(fnmatch(source.removeprefix("./"), one) for one in let_through)


def test_nothing_private_reaches_the_builder() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert not [line for line in lines if line.startswith(("!data", "!.", "!*", "!notebooks"))]


def test_the_service_runs_as_nobody_in_particular() -> None:
    order = [instruction for instruction, _ in instructions(IMAGES[0])]
    assert dict(instructions(IMAGES[0]))["USER"] == "10001:10001"
    last_stage = len(order) - order[::-1].index("FROM")
    assert order.index("USER") > last_stage


def test_the_images_have_the_python_and_the_ray_that_were_tested() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    ray = re.search(r"^ray==(.+)$", pins, re.MULTILINE)
    assert ray
    assert f"rayproject/ray:{ray[1]}-py311-cpu" in IMAGES[1].read_text(encoding="utf-8")
    assert RAY_SERVICE["spec"]["rayClusterConfig"]["rayVersion"] == ray[1]
    assert dict(instructions(IMAGES[0]))["ARG"] == "PYTHON=3.11-slim-bookworm"
    assert "3.11" in PROJECT["requires-python"]


# Compose


@pytest.mark.skipif(not (BIN / "check-jsonschema").exists(), reason="check-jsonschema is not installed")
def test_compose_follows_the_compose_specification() -> None:
    command = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


SERVICES: dict[str, Any] = COMPOSE["services"]


def test_compose_has_what_it_is_for() -> None:
    assert set(SERVICES) == {"service", "nginx", "redis", "prometheus", "grafana"}


def with_defaults(value: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_is_confined(name: str) -> None:
    one = SERVICES[name]
    assert one["cap_drop"] == ["ALL"]
    assert one["read_only"]
    assert one["mem_limit"]
    assert "no-new-privileges:true" in one["security_opt"]
    assert all(with_defaults(port).startswith("127.0.0.1:") for port in one.get("ports", []))
    assert "build" in one or re.search(r":v?\d+\.\d+", one["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_container_mounts_is_in_the_repository_or_said_to_be_the_users(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = with_defaults(mount).split(":")[0]
        if source.startswith("./") and not source.startswith("./data/"):
            assert (ROOT / source).exists(), source
        elif not source.startswith("./"):
            assert source in COMPOSE["volumes"]


def test_the_service_is_started_with_options_that_it_has() -> None:
    verb, *options = [with_defaults(one) for one in SERVICES["service"]["command"]]
    known = {option for parameter in main.commands[verb].params for option in parameter.opts}
    assert {one.partition("=")[0] for one in options} - known == set()


# nginx


def configuration(folder: Path, port: int, service: int) -> Path:
    text = NGINX.read_text(encoding="utf-8").replace("server service:8765;", f"server 127.0.0.1:{service};")
    text = text.replace("listen 8080", f"listen 127.0.0.1:{port}").replace("/tmp/", f"{folder}/")
    text = text.replace("/dev/stderr", str(folder / "error.log")).replace("/dev/stdout", str(folder / "access.log"))
    path = folder / "nginx.conf"
    path.write_text(text.replace("worker_processes auto", "worker_processes 1"), encoding="utf-8")
    return path


@nginx_needed
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    path = configuration(tmp_path, free_port(), free_port())
    done = subprocess.run(["nginx", "-t", "-c", path, "-p", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr


def get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def wait_for(port: int, path: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if get(port, path)[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
        assert time.monotonic() < deadline


@pytest.fixture
def behind_nginx(store: Path, tmp_path: Path) -> Iterator[tuple[int, int, psutil.Process]]:
    """The ports of nginx and of the service behind it, and nginx's process."""
    port, service = free_port(), free_port()
    command = [sys.executable, "-m", "workbench", "serve", "--store", store, "--port", str(service), "--workers", "2"]
    path = configuration(tmp_path, port, service)
    started = [subprocess.Popen(command, cwd=tmp_path)]
    try:
        wait_for(service, "/health")
        started.append(subprocess.Popen(["nginx", "-c", path, "-p", tmp_path, "-g", "daemon off;"]))
        wait_for(port, "/health")
        yield port, service, psutil.Process(started[-1].pid)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(20)


@nginx_needed
@pytest.mark.slow
def test_nginx_answers_for_the_service_over_connections_that_it_keeps(
    behind_nginx: tuple[int, int, psutil.Process],
) -> None:
    port, service, proxy = behind_nginx
    for _ in range(100):
        assert get(port, "/search/rag?q=loaf") == get(service, "/search/rag?q=loaf")
    upstream = [
        one.laddr.port
        for worker in proxy.children()
        for one in worker.net_connections("tcp")
        if one.status == "ESTABLISHED" and one.raddr and one.raddr.port == service
    ]
    assert len(upstream) == 1  # one at a time was asked, so one connection did
    assert get(port, "/search/rag?q=loaf&k=none")[0] == 400
    assert get(port, "/metrics")[0] == 404


@nginx_needed
@pytest.mark.slow
def test_the_image_knows_whether_its_service_is_well(behind_nginx: tuple[int, int, psutil.Process]) -> None:
    command = json.loads(dict(instructions(IMAGES[0]))["HEALTHCHECK"].partition("CMD ")[2])
    assert command[0] == "python"
    for port, healthy in ((behind_nginx[1], True), (free_port(), False)):
        asked = [sys.executable, *(one.replace("8765", str(port)) for one in command[1:])]
        assert (subprocess.run(asked, stderr=subprocess.DEVNULL).returncode == 0) is healthy


# KubeRay


def pods() -> list[dict[str, Any]]:
    cluster = RAY_SERVICE["spec"]["rayClusterConfig"]
    return [one["template"]["spec"] for one in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"])]


def containers() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(pod, one) for pod in pods() for one in [*pod.get("initContainers", []), *pod["containers"]]]


def test_the_ray_service_is_one() -> None:
    assert (RAY_SERVICE["apiVersion"], RAY_SERVICE["kind"]) == ("ray.io/v1", "RayService")
    assert [pod["containers"][0]["name"] for pod in pods()] == ["ray-head", "ray-worker"]


@pytest.mark.parametrize(("pod", "container"), containers(), ids=lambda one: one.get("name"))
def test_a_container_mounts_what_its_pod_has_and_asks_for_room(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert {one["name"] for one in container["volumeMounts"]} <= {one["name"] for one in pod["volumes"]}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert container["resources"]["limits"]["memory"]


def test_ray_serve_is_told_what_the_application_understands() -> None:
    serve = yaml.safe_load(RAY_SERVICE["spec"]["serveConfigV2"])
    (application,) = serve["applications"]
    module, _, function = application["import_path"].partition(":")
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    arguments = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_ARGUMENTS"
    )
    assert set(application["args"]) <= set(arguments)
    mounts = {one["mountPath"] for one in pods()[1]["containers"][0]["volumeMounts"]}
    assert application["args"]["store"] in {f"{mount}" for mount in mounts}
    assert str(Path(application["args"]["token_file"]).parent) in mounts
