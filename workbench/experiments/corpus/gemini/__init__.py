"""Writes scripts as Gemini activity, in JSON or in German HTML.

The format keeps one record per prompt and no model, no title, no reasoning and no branches beyond several drafts of one
answer. A document or a code run becomes part of the answer's HTML.
"""

from workbench.experiments.corpus.gemini.activity import Activity, Exchange, exchanges, thread_hex
from workbench.experiments.corpus.gemini.html_records import german_html
from workbench.experiments.corpus.gemini.json_records import activity_record, exchange_record

__all__ = ["Activity", "Exchange", "activity_record", "exchange_record", "exchanges", "german_html", "thread_hex"]
