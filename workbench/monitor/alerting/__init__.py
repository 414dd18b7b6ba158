"""Alerts: rules in a file, held against live figures and stored runs, told to a log, a file or a webhook.

rules = load_rules(None)
watcher = Watcher(rules)
for event in watcher.check(flatten(observer.live()), time.time()):
    print(event.state, event.rule, event.summary)
"""

from workbench.monitor.alerting.delivery import Delivery, load_state, save_state
from workbench.monitor.alerting.figures import MISSED, UP, Measured, exposed, flatten
from workbench.monitor.alerting.outputs import FileOutput, LogOutput, Output, WebhookOutput, load_outputs
from workbench.monitor.alerting.rules import DEFAULT_FILE, SEVERITIES, Rule, load_rules
from workbench.monitor.alerting.standings import Standings
from workbench.monitor.alerting.watching import FIRING, RESOLVED, Event, Standing, State, Watcher, trial_event

__all__ = [
    "DEFAULT_FILE",
    "FIRING",
    "MISSED",
    "RESOLVED",
    "SEVERITIES",
    "UP",
    "Delivery",
    "Event",
    "FileOutput",
    "LogOutput",
    "Measured",
    "Output",
    "Rule",
    "Standing",
    "Standings",
    "State",
    "Watcher",
    "WebhookOutput",
    "exposed",
    "flatten",
    "load_outputs",
    "load_rules",
    "load_state",
    "save_state",
    "trial_event",
]
