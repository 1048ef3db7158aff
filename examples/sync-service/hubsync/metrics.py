"""Figures in the text format of Prometheus, version 0.0.4.

What is counted in the database is the same whichever process is asked.
"""

import collections
import threading

_HUB_FIGURES = [
    ("stored_events_total", "counter", "Events stored, each once.", "stored"),
    ("duplicate_events_total", "counter", "Events that came again and were not stored again.",
     "duplicates"),
    ("renumbered_events_total", "counter", "Events under a number that another event had.",
     "renumbered"),
    ("dropped_events_total", "counter", "Numbers the hub said no event will come for.", "dropped"),
    ("missing_events", "gauge", "Numbers missing below the highest.", "missing"),
    ("contiguous_sequence", "gauge", "Highest number below which none is missing.", "contiguous"),
    ("highest_sequence", "gauge", "Highest number seen.", "highest"),
    ("lag_seconds", "gauge", "Age of the newest event when it was stored.", "lagSeconds"),
    ("silence_seconds", "gauge", "Time since the hub was last heard.", "silenceSeconds"),
]


class Answers:
    """How many requests this process answered, by status."""

    def __init__(self):
        self._counts = collections.Counter()
        self._lock = threading.Lock()

    def count(self, status):
        """One more."""
        with self._lock:
            self._counts[status] += 1

    def items(self):
        """Pairs of status and count."""
        with self._lock:
            return sorted(self._counts.items())


def page(hubs, refused, answers):
    """The page; `hubs` as `Ledger.hubs` tells them."""
    lines = []
    for name, kind, text, key in _HUB_FIGURES:
        _head(lines, f"hubsync_hub_{name}", kind, text)
        lines += [f'hubsync_hub_{name}{{hub="{_escaped(hub["hub"])}"}} {hub[key]}'
                  for hub in hubs if hub[key] is not None]
    _head(lines, "hubsync_refused_messages", "gauge", "MQTT messages kept that are no events.")
    lines.append(f"hubsync_refused_messages {refused}")
    _head(lines, "hubsync_answers_total", "counter", "HTTP answers of this process.")
    lines += [f'hubsync_answers_total{{status="{status}"}} {count}'
              for status, count in answers.items()]
    return "\n".join(lines) + "\n"


def _head(lines, name, kind, text):
    lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _escaped(label):
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
