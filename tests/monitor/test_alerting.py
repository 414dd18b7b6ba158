"""Alerts: rules are understood or refused, fire once and are resolved once, and arrive or wait."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from notebook_files import REPOSITORY

from workbench.errors import StoreError, UsageError
from workbench.monitor.alerting import (
    FIRING,
    RESOLVED,
    Delivery,
    Event,
    FileOutput,
    LogOutput,
    Measured,
    Rule,
    Watcher,
    WebhookOutput,
    exposed,
    flatten,
    load_outputs,
    load_rules,
    load_state,
    save_state,
    trial_event,
)
from workbench.monitor.alerting.rules import seconds

SLOW = Rule("Slow", "p95", above=30.0, lasting=60.0, summary="{value} ms", todo="wait")


def states(events: list[Event]) -> list[str]:
    return [event.state for event in events]


def test_an_alert_fires_once_after_its_time_and_is_resolved_once() -> None:
    watcher = Watcher([SLOW])
    seen = [
        states(watcher.check({"p95": value}, now))
        for now, value in ((0, 40.0), (30, 41.0), (60, 42.0), (90, 43.0), (120, 30.0), (150, 29.0))
    ]
    assert seen == [[], [], [FIRING], [], [RESOLVED], []]


def test_a_moment_within_the_limit_starts_the_time_anew() -> None:
    watcher = Watcher([SLOW])
    values = ((0, 40.0), (59, 30.0), (60, 40.0), (119, 40.0), (120, 40.0))
    assert [len(watcher.check({"p95": value}, now)) for now, value in values] == [0, 0, 0, 0, 1]


def test_an_event_says_what_is_the_matter_since_when_and_what_to_do() -> None:
    watcher = Watcher([SLOW])
    watcher.check({"p95": 40.0}, 0)
    [event] = watcher.check({"p95": 41.5}, 60)
    assert (event.rule, event.value, event.limit, event.summary, event.todo) == (
        "Slow", 41.5, "above 30", "41.5 ms", "wait",
    )  # fmt: skip
    assert event.since == datetime(1970, 1, 1, tzinfo=UTC)
    assert json.loads(json.dumps(event.as_dict()))["at"] == "1970-01-01T00:01:00+00:00"


def test_a_figure_that_is_not_there_violates_nothing() -> None:
    watcher = Watcher([Rule("Slow", "p95", above=30.0)])
    assert states(watcher.check({"p95": 31.0}, 0)) == [FIRING]
    assert states(watcher.check({}, 1)) == [RESOLVED]
    assert [one.state for one in watcher.standing()] == ["quiet"]


@given(st.lists(st.sampled_from([None, 10.0, 40.0]), max_size=40))
def test_firing_and_resolved_take_turns_whatever_comes(values: list[float | None]) -> None:
    watcher = Watcher([Rule("Slow", "p95", above=30.0, lasting=20.0)])
    told = [
        event.state
        for place, value in enumerate(values)
        for event in watcher.check({} if value is None else {"p95": value}, place * 10.0)
    ]
    assert told == [FIRING, RESOLVED] * (len(told) // 2) + [FIRING] * (len(told) % 2)


def test_counters_are_judged_by_their_growth_and_may_begin_anew() -> None:
    rule = Rule("Errors", "errors", above=0.1, per="requests", over=60.0)
    watcher = Watcher([rule])
    seen = [
        states(watcher.check({"errors": errors, "requests": requests}, now))
        for now, errors, requests in (
            (0, 50, 100),  # what was before counts for nothing
            (30, 50, 200), (60, 80, 300), (90, 80, 400), (130, 80, 500),
            (140, 30, 50),  # the service has started anew: 30 of 50 failed
        )
    ]  # fmt: skip
    assert seen == [[], [], [FIRING], [], [RESOLVED], [FIRING]]


def test_fewer_than_of_late_is_seen_and_forgotten_with_time() -> None:
    watcher = Watcher([Rule("WorkerMissing", "workers", peak_within=100.0)])
    seen = [states(watcher.check({"workers": count}, now)) for now, count in ((0, 2), (50, 1), (90, 1), (151, 1))]
    assert seen == [[], [FIRING], [], [RESOLVED]]


def test_nothing_divided_by_0_violates_nothing() -> None:
    watcher = Watcher([Rule("Errors", "errors", above=0.0, per="requests")])
    assert watcher.check({"errors": 1.0, "requests": 0.0}, 0) == []


def run(number: int, missed: float, kind: str = "load", name: str = "") -> Measured:
    return Measured(f"r{number}", kind, name, datetime(2026, 11, number, tzinfo=UTC), {"missed": missed})


def test_rules_of_runs_look_at_the_newest_of_their_kind_and_name() -> None:
    watcher = Watcher([Rule("Missed", "missed", above=0.0, kind="load", run="nightly", runs=2)])
    noise = [run(3, 9.0, "stress", "nightly"), run(4, 9.0)]
    assert watcher.check_runs([run(1, 1.0, name="nightly"), *noise], 0) == []
    bad = [run(1, 1.0, name="nightly"), run(2, 2.0, name="nightly")]
    [event] = watcher.check_runs([*bad, *noise], 1)
    assert (event.state, event.run, event.value) == (FIRING, "r2", 2.0)
    assert watcher.check_runs(bad, 2) == []
    assert watcher.check_runs([], 3) == []  # nothing was measured: nothing is known to be over
    assert states(watcher.check_runs([*bad, run(5, 0.0, name="nightly")], 4)) == [RESOLVED]


def test_live_figures_and_metrics_become_names_and_numbers() -> None:
    assert flatten({"search_latency": {"p95_ms": 3.5, "p50_ms": None}, "workers": 2, "name": "x"}) == {
        "search_latency.p95_ms": 3.5, "workers": 2.0,
    }  # fmt: skip
    text = (
        "# TYPE workbench_http_requests_total counter\n"
        'workbench_http_requests_total{route="/a",status="200"} 5\n'
        'workbench_http_requests_total{route="/b",status="503"} 2\n'
        'workbench_http_requests_total{route="/b",status="500"} 1\n'
    )
    found = exposed(text)
    assert found["workbench_http_requests_total"] == 8
    assert found["workbench_http_requests_total{status=5xx}"] == 3
    assert found["workbench_http_requests_total{route=/b}"] == 3


# The file of rules


def test_the_rules_that_come_with_workbench_are_those_of_prometheus() -> None:
    groups = yaml.safe_load((REPOSITORY / "docker" / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    theirs = {one["alert"]: one for group in groups["groups"] for one in group["rules"] if "alert" in one}
    ours = {rule.name: rule for rule in load_rules() if not rule.kind}
    assert set(ours) == set(theirs)
    for name, rule in ours.items():
        assert seconds(theirs[name]["for"]) == rule.lasting
        assert theirs[name]["labels"]["severity"] == rule.severity
        assert theirs[name]["annotations"]["todo"] == rule.todo
    assert "> 0.03" in theirs["WorkbenchSearchSlow"]["expr"]
    assert ours["WorkbenchSearchSlow"].above == 0.03 * 1000
    for name in ("WorkbenchErrors", "WorkbenchRejecting", "WorkbenchAnswersPartial", "WorkbenchMemoryHigh"):
        assert float(theirs[name]["expr"].rsplit(">", 1)[1]) == ours[name].above


def test_a_rule_reads_its_durations(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('[[rule]]\nname = "A"\nfigure = "x"\nbelow = 1\nfor = "1.5m"\nover = 30\n', encoding="utf-8")
    assert load_rules(path) == (Rule("A", "x", below=1.0, lasting=90.0, over=30.0),)
    assert load_outputs(path) == (LogOutput(),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\n", "rule without a name: it has no name; rule without a name: it has no figure"),
        ('[[rule]]\nname = "A"\nfigure = "x"\n', "rule A: it has no limit"),
        ('[[rule]]\nname = "A"\nfigure = "x"\nabove = "3"\n', "rule A: above: '3' is no number"),
        ('[[rule]]\nname = "A"\nfigure = "x"\nabove = 3\nfor = "soon"\n', "'soon' is no duration such as 90s"),
        ('[[rule]]\nname = "A"\nfigure = "x"\nabove = 3\nseverity = "loud"\n', "'loud' is none of info, warning"),
        ('[[rule]]\nname = "A"\nfigure = "x"\nabove = 3\nlimit = 3\n', "'limit' is nothing that a rule says"),
        ('[[rule]]\nname = "A"\nfigure = "x"\nabove = 3\nruns = 2\n', "run and runs are of stored runs"),
        (
            '[[rule]]\nname = "A"\nfigure = "x"\nabove = 3\nkind = "load"\nfor = "1m"\n',
            "of runs it is said in how many",
        ),
        ('[[rule]]\nname = "A"\nfigure = "x"\nabove = 3\n' * 2, "two rules are called 'A'"),
        ("[rules]\n", "cannot be read as rules"),
        ("[[rule]\n", "cannot be read as rules"),
    ],
)
def test_a_file_of_rules_that_means_nothing_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_rules(path)
    assert said in f"{caught.value.what} {caught.value.why}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "pigeon"\n', "'pigeon' is none of log, file, webhook"),
        ("", "it has no 'kind'"),
        ('kind = "file"\n', "it has no 'path'"),
        ('kind = "log"\nsize = 3\n', "'size' is nothing that it says"),
        ('kind = "webhook"\nurl = "ftp://x/secret"\n', "does not begin with http:// or https://"),
        ('kind = "webhook"\nurl_from = "HOOK"\ntries = 99\n', "tries are 1 to 10"),
        ('kind = "webhook"\nurl_from = "NOWHERE"\n', "the environment variable NOWHERE is not set"),
    ],
)
def test_an_output_that_means_nothing_is_refused_and_tells_no_secret(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(f"[[output]]\n{text}", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_outputs(path, {"HOOK": "http://127.0.0.1/secret"})
    assert said in f"{caught.value.what} {caught.value.why}"
    assert "secret" not in str(caught.value)


# Outputs


@contextmanager
def receiver(*statuses: int, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a server that answers with these, the last one again and again, and what it was sent."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append({"path": self.path, "token": self.headers.get("Authorization"), **body})
            self.send_response(statuses[min(len(got), len(statuses)) - 1])
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook/geheim", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def events(count: int = 1) -> list[Event]:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return [Event(f"Rule {n}", FIRING, "warning", "p95", 41.0, "above 30", at, at) for n in range(count)]


def test_a_webhook_gets_all_events_at_once_with_the_token() -> None:
    with receiver(204) as (url, got):
        assert WebhookOutput(url, "sesame").send(events(2)) == ""
    [post] = got
    assert (post["path"], post["token"]) == ("/hook/geheim", "Bearer sesame")
    assert [event["rule"] for event in post["events"]] == ["Rule 0", "Rule 1"]


def test_a_webhook_is_tried_again_where_that_may_help_and_waits_longer_each_time() -> None:
    waited: list[float] = []
    with receiver(500, 429, 200) as (url, got):
        assert WebhookOutput(url, sleep=waited.append).send(events()) == ""
    assert (len(got), waited) == (3, [1.0, 2.0])
    with receiver(400) as (url, got):
        assert WebhookOutput(url, sleep=waited.append).send(events()) == "it answered 400"
    assert len(got) == 1


def test_a_webhook_follows_no_redirect() -> None:
    with receiver(200) as (other, stolen), receiver(302, headers={"Location": other}) as (url, got):
        assert WebhookOutput(url, "sesame", sleep=lambda _: None).send(events()) == "it answered 302"
    assert (len(got), stolen) == (1, [])


def test_a_webhook_that_does_not_answer_is_given_up_and_its_secret_is_in_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with receiver(200) as (url, _):
        pass  # nobody listens there any more
    logging.getLogger("workbench").propagate = True
    output = WebhookOutput(url, "sesame", sleep=lambda _: None)
    with caplog.at_level(logging.INFO, "workbench.alerts"):
        assert Delivery([output]).deliver(events()) == {"webhook 127.0.0.1": "ConnectionRefusedError"}
    assert "webhook 127.0.0.1" in caplog.text
    assert "geheim" not in caplog.text
    assert "sesame" not in caplog.text


def test_what_an_output_does_not_take_waits_and_comes_first_next_time(tmp_path: Path) -> None:
    with receiver(400, 200) as (url, got):
        output = WebhookOutput(url)
        first = Delivery([output])
        first.deliver(events(1))
        watcher = Watcher([SLOW])
        watcher.check({"p95": 40.0}, 0)
        save_state(tmp_path / "state.json", watcher.state, first)
        state, waiting = load_state(tmp_path / "state.json")
        assert Delivery([output], waiting).deliver([trial_event(0.0)]) == {}
    assert [event["rule"] for event in got[1]["events"]] == ["Rule 0", "Test"]
    assert states(Watcher([SLOW], state).check({"p95": 40.0}, 60)) == [FIRING]


def test_the_growth_of_counters_is_remembered_between_processes(tmp_path: Path) -> None:
    rules = [Rule("Errors", "errors", above=10.0, over=60.0)]
    watcher = Watcher(rules)
    watcher.check({"errors": 5.0}, 0)
    save_state(tmp_path / "state.json", watcher.state, Delivery([]))
    assert states(Watcher(rules, load_state(tmp_path / "state.json")[0]).check({"errors": 20.0}, 30)) == [FIRING]
    (tmp_path / "state.json").write_text("[]", encoding="utf-8")
    with pytest.raises(StoreError, match=r"state\.json cannot be read"):
        load_state(tmp_path / "state.json")


def test_a_rule_that_is_gone_is_forgotten() -> None:
    watcher = Watcher([Rule("Slow", "p95", above=30.0)])
    watcher.check({"p95": 40.0}, 0)
    assert Watcher([], watcher.state).state.firing == {}


def test_a_file_gets_a_line_for_each_event_that_is_urgent_enough(tmp_path: Path) -> None:
    path = tmp_path / "new" / "alerts.jsonl"
    delivery = Delivery([FileOutput(path, "critical")])
    delivery.deliver([*events(2), trial_event(time.time())])
    delivery.deliver(
        Watcher([Rule("Down", "up", below=1.0, severity="critical")]).check({"up": 0.0}, 0.0)
    )  # fmt: skip
    assert [json.loads(line)["rule"] for line in path.read_text(encoding="utf-8").splitlines()] == ["Test", "Down"]
    assert FileOutput(tmp_path).send(events()) == "Is a directory"


def test_the_log_has_a_line_of_the_right_level(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("workbench").propagate = True
    with caplog.at_level(logging.INFO, "workbench.alerts"):
        LogOutput().send(events())
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.fields["alert"] == "Rule 0"  # type: ignore[attr-defined]
