"""The verbs of the rule language: what each does to a metric."""

import pytest

from rule_case import Case, parametrize


def at(seconds, **fields):
    """A record at that many seconds past 2026-11-21T03:00:00Z."""
    minute, second = divmod(seconds, 60)
    hour, minute = divmod(minute, 60)
    return {"time": f"2026-11-21T{3 + hour:02}:{minute:02}:{second:02}Z", **fields}


COUNTER = "metrics: {m_total: {type: counter, help: h, labels: [x]}}\n"
GAUGE = "metrics: {m: {type: gauge, help: h, labels: [x]}}\n"
HISTOGRAM = "metrics: {m: {type: histogram, help: h, buckets: [1, 2.5]}}\n"

PLAIN = [
    Case("inc counts events", COUNTER + "rules: {A: [{inc: m_total}]}",
         [{"type": "A"}] * 3 + [{"type": "B"}], {"m_total": 3}),
    Case("inc and dec of a gauge", GAUGE + "rules: {A: [{inc: m}], B: [{dec: m}]}",
         [{"type": "A"}] * 3 + [{"type": "B"}], {"m": 2}),
    Case("a gauge may fall below zero", GAUGE + "rules: {B: [{dec: m}]}",
         [{"type": "B"}] * 2, {"m": -2}),
    Case("add and sub of an amount",
         GAUGE + "rules: {A: [{add: m, value: n}], B: [{sub: m, value: n}]}",
         [{"type": "A", "n": 5}, {"type": "A", "n": 2.5}, {"type": "B", "n": 3}], {"m": 4.5}),
    Case("add to a counter", COUNTER + "rules: {A: [{add: m_total, value: n}]}",
         [{"type": "A", "n": 5}, {"type": "A", "n": 2.5}], {"m_total": 7.5}),
    Case("a counter takes no negative amount", COUNTER + "rules: {A: [{add: m_total, value: n}]}",
         [{"type": "A", "n": 5}, {"type": "A", "n": -2}], {"m_total": 5},
         {"rule_errors_total": 1}),
    Case("set takes the latest by event time", GAUGE + "rules: {A: [{set: m, value: n}]}",
         [at(10, type="A", n=1), at(30, type="A", n=3), at(20, type="A", n=2)], {"m": 3}),
    Case("set without event times takes the last line", GAUGE +
         "rules: {A: [{set: m, value: n}]}",
         [{"type": "A", "n": 1}, {"type": "A", "n": 3}, {"type": "A", "n": 2}], {"m": 2}),
    Case("max and min", "metrics: {a: {type: gauge, help: h}, b: {type: gauge, help: h}}\n"
         "rules: {A: [{max: a, value: n}, {min: b, value: n}]}",
         [{"type": "A", "n": n} for n in (3, 9, -4, 5)], {"a": 9, "b": -4}),
    Case("max of a first negative number", GAUGE + "rules: {A: [{max: m, value: n}]}",
         [{"type": "A", "n": n} for n in (-9, -3, -5)], {"m": -3}),
    Case("max ignores an event older than the last one", GAUGE +
         "rules: {A: [{max: m, value: n}]}",
         [at(30, type="A", n=3), at(10, type="A", n=100), at(40, type="A", n=5)], {"m": 5}),
    Case("observe fills cumulative buckets", HISTOGRAM + "rules: {A: [{observe: m, value: n}]}",
         [{"type": "A", "n": n} for n in (0.5, 1, 2, 2.5, 3)],
         {'m_bucket{le="1.0"}': 2, 'm_bucket{le="2.5"}': 4, 'm_bucket{le="+Inf"}': 5,
          "m_count": 5, "m_sum": 9}),
    Case("exponential buckets",
         "metrics: {m: {type: histogram, help: h, "
         "buckets: {exponential: {start: 1, factor: 10, count: 3}}}}\n"
         "rules: {A: [{observe: m, value: n}]}",
         [{"type": "A", "n": 50}],
         {'m_bucket{le="1.0"}': 0, 'm_bucket{le="10.0"}': 0, 'm_bucket{le="100.0"}': 1,
          'm_bucket{le="+Inf"}': 1, "m_count": 1, "m_sum": 50}),
    Case("linear buckets",
         "metrics: {m: {type: histogram, help: h, "
         "buckets: {linear: {start: 10, width: 5, count: 2}}}}\n"
         "rules: {A: [{observe: m, value: n}]}",
         [{"type": "A", "n": 12}],
         {'m_bucket{le="10.0"}': 0, 'm_bucket{le="15.0"}': 1, 'm_bucket{le="+Inf"}': 1,
          "m_count": 1, "m_sum": 12}),
    Case("a summary counts and sums", "metrics: {m: {type: summary, help: h}}\n"
         "rules: {A: [{observe: m, value: n}]}",
         [{"type": "A", "n": n} for n in (1, 2, 3.5)], {"m_count": 3, "m_sum": 6.5}),
    Case("an info is 1 with its labels",
         "metrics: {m_info: {type: info, help: h, labels: [version]}}\n"
         "rules: {A: [{set: m_info, labels: {version: '{v}'}}]}",
         [{"type": "A", "v": "1.2"}] * 2, {'m_info{version="1.2"}': 1}),
    Case("drop removes the series its labels name", COUNTER +
         "rules: {A: [{inc: m_total}], B: [{drop: m_total}]}",
         [{"type": "A", "x": "1"}, {"type": "A", "x": "2"}, {"type": "B", "x": "1"}],
         {'m_total{x="2"}': 1}),
    Case("a dropped series begins again at nothing", GAUGE +
         "rules: {A: [{inc: m}], B: [{drop: m}]}",
         [{"type": "A"}, {"type": "A"}, {"type": "B"}, {"type": "A"}], {"m": 1}),
    Case("rows of one rule all apply in order", "metrics: {m: {type: gauge, help: h}}\n"
         "rules: {A: [{set: m, value: 5}, {add: m, value: 2}, {sub: m, value: 1}]}",
         [{"type": "A"}], {"m": 6}),
    Case("one rule over several metrics",
         "metrics: {a_total: {type: counter, help: h}, b_total: {type: counter, help: h}}\n"
         "rules: {A: [{inc: a_total}, {inc: b_total}]}",
         [{"type": "A"}], {"a_total": 1, "b_total": 1}),
]


@pytest.mark.parametrize(**parametrize(PLAIN))
def test_plain_updates(case, tmp_path):
    case.check(tmp_path)


SET = """\
metrics: {active: {type: gauge, help: h, labels: [x]}}
rules:
  In: [{enter: active, key: k, labels: {x: "{x}"}}]
  Out: [{leave: active, key: k}]
  End: [{clear: active, labels: {x: "{x}"}}]
"""


def enter(seconds, k, **fields):
    return at(seconds, type="In", k=k, **fields)


def leave(seconds, k, **fields):
    return at(seconds, type="Out", k=k, **fields)


SETS = [
    Case("a set counts distinct keys", SET,
         [enter(1, "a"), enter(2, "b"), enter(3, "a")], {"active": 2}),
    Case("leave takes one out", SET,
         [enter(1, "a"), enter(2, "b"), leave(3, "a")], {"active": 1}),
    Case("the last one out leaves zero", SET, [enter(1, "a"), leave(2, "a")], {"active": 0}),
    Case("leave of an absent key changes nothing", SET,
         [enter(1, "a"), leave(2, "b"), leave(3, "b")], {"active": 1}),
    Case("leave twice counts once", SET,
         [enter(1, "a"), enter(1, "b"), leave(2, "a"), leave(3, "a")], {"active": 1}),
    Case("an enter before its leave is ignored", SET,
         [enter(1, "a"), leave(10, "late"), enter(9, "late")], {"active": 1}),
    Case("at the same time the order of the lines counts", SET,
         [enter(1, "a"), leave(10, "same"), enter(10, "same"), enter(10, "left"),
          leave(10, "left")], {"active": 2}),
    Case("an enter later than the leave counts", SET,
         [leave(10, "a"), enter(11, "a")], {"active": 1}),
    Case("a key may come back", SET,
         [enter(1, "a"), leave(2, "a"), enter(3, "a")], {"active": 1}),
    Case("a second enter moves the key", SET,
         [enter(1, "a", x="one"), enter(2, "b", x="one"), enter(3, "a", x="two")],
         {'active{x="one"}': 1, 'active{x="two"}': 1}),
    Case("leave needs only the key", SET,
         [enter(1, "a", x="one"), leave(2, "a", x="other")], {'active{x="one"}': 0}),
    Case("clear empties the series its labels name", SET,
         [enter(1, "a", x="one"), enter(2, "b", x="one"), enter(3, "c", x="two"),
          at(4, type="End", x="one")], {'active{x="one"}': 0, 'active{x="two"}': 1}),
    Case("after a clear keys are out, and may come back", SET,
         [enter(1, "a", x="one"), enter(2, "b", x="one"), at(4, type="End", x="one"),
          leave(5, "a"), enter(6, "b", x="one")], {'active{x="one"}': 1}),
    Case("keys are of their directory", SET,
         {"job-1/a.jsonl": [enter(1, "a"), enter(2, "b")],
          "job-1/b.jsonl": [enter(3, "a")],
          "job-2/a.jsonl": [enter(4, "a")]}, {"active": 3}),
    Case("keys of scope source are of all directories",
         SET.replace("key: k", "key: k, scope: source"),
         {"job-1/a.jsonl": [enter(1, "a")], "job-2/a.jsonl": [enter(4, "a")]}, {"active": 1}),
    Case("keys of scope file are of one file", SET.replace("key: k", "key: k, scope: file"),
         {"job-1/a.jsonl": [enter(1, "a")], "job-1/b.jsonl": [enter(4, "a")]}, {"active": 2}),
    Case("a key of several paths", SET.replace("key: k", "key: [k, n]"),
         [enter(1, "a", n=1), enter(2, "a", n=2), enter(3, "a", n=1), leave(4, "a", n=1)],
         {"active": 1}),
    Case("an enter without its key is missed and counted", SET,
         [enter(1, "a"), at(2, type="In")], {"active": 1}, {"fields_missing_total": 1}),
]


@pytest.mark.parametrize(**parametrize(SETS))
def test_sets(case, tmp_path):
    case.check(tmp_path)


TIMER = """\
metrics: {took_seconds: {type: summary, help: h}}
rules:
  Start: [{start: work, key: k}]
  Done:
    - {observe: took_seconds, value: {elapsed: work}, key: k}
    - {stop: work, key: k}
"""

TIMERS = [
    Case("elapsed is from start to the event", TIMER,
         [at(10, type="Start", k="a"), at(12, type="Start", k="b"), at(25, type="Done", k="a"),
          at(32, type="Done", k="b")], {"took_seconds_count": 2, "took_seconds_sum": 35}),
    Case("stop ends a timer", TIMER,
         [at(10, type="Start", k="a"), at(25, type="Done", k="a"), at(99, type="Done", k="a")],
         {"took_seconds_count": 1, "took_seconds_sum": 15}),
    Case("elapsed without a start is missed", TIMER,
         [at(10, type="Start", k="a"), at(25, type="Done", k="x"), at(26, type="Done", k="a")],
         {"took_seconds_count": 1, "took_seconds_sum": 16}),
    Case("timers are of their directory", TIMER,
         {"job-1/a.jsonl": [at(10, type="Start", k="a")],
          "job-2/a.jsonl": [at(25, type="Done", k="a")]}, {}),
    Case("a timer without key", TIMER.replace(", key: k", ""),
         [at(10, type="Start"), at(25, type="Done")],
         {"took_seconds_count": 1, "took_seconds_sum": 15}),
]


@pytest.mark.parametrize(**parametrize(TIMERS))
def test_timers(case, tmp_path):
    case.check(tmp_path)


REMEMBER = """\
metrics: {m_total: {type: counter, help: h, labels: [model]}}
rules:
  Session: [{remember: model_now, value: model, scope: SCOPE}]
  Use: [{inc: m_total, labels: {model: "{model_now|default unknown}"}}]
"""
TWO_FILES = {
    "job-1/a.jsonl": [{"type": "Use"}, {"type": "Session", "model": "one"}, {"type": "Use"}],
    "job-1/b.jsonl": [{"type": "Use"}],
}

MEMORIES = [
    Case("remember holds for the file", REMEMBER.replace("SCOPE", "file"), TWO_FILES,
         {'m_total{model="unknown"}': 2, 'm_total{model="one"}': 1}),
    Case("a later remember replaces the former", REMEMBER.replace("SCOPE", "pack"),
         [{"type": "Session", "model": "one"}, {"type": "Use"},
          {"type": "Session", "model": "two"}, {"type": "Use"}, {"type": "Use"}],
         {'m_total{model="one"}': 1, 'm_total{model="two"}': 2}),
    Case("remember by key", """\
metrics: {m_total: {type: counter, help: h, labels: [model]}}
rules:
  Session: [{remember: model_of, key: agent, value: model}]
  Use: [{inc: m_total, labels: {model: "{model_of[agent]}"}}]
""", [{"type": "Session", "agent": "a", "model": "one"},
      {"type": "Session", "agent": "b", "model": "two"},
      {"type": "Use", "agent": "b"}, {"type": "Use", "agent": "a"}, {"type": "Use", "agent": "c"}],
         {'m_total{model="one"}': 1, 'm_total{model="two"}': 1, "m_total": 1}),
    Case("the record comes before the memory", """\
metrics: {m_total: {type: counter, help: h, labels: [model]}}
rules:
  Session: [{remember: model, value: model}]
  Use: [{inc: m_total}]
""", [{"type": "Session", "model": "one"}, {"type": "Use"}, {"type": "Use", "model": "own"}],
         {'m_total{model="one"}': 1, 'm_total{model="own"}': 1}),
    Case("remember in a when", """\
metrics: {m_total: {type: counter, help: h}}
rules:
  Session: [{remember: mode, value: mode}]
  Use: [{inc: m_total, when: {mode: fast}}]
""", [{"type": "Use"}, {"type": "Session", "mode": "fast"}, {"type": "Use"},
      {"type": "Session", "mode": "slow"}, {"type": "Use"}], {"m_total": 1}),
    Case("once applies a single time for each value", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{inc: m_total, once: message_id}]}
""", [{"type": "A", "message_id": n} for n in ("a", "b", "a", "a", "c", "b")], {"m_total": 3}),
    Case("once of a list of paths", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{inc: m_total, once: [a, b]}]}
""", [{"type": "A", "a": a, "b": b} for a, b in ((1, 1), (1, 2), (1, 1), (2, 1), (11, 2))],
         {"m_total": 4}),
    Case("once is of the whole source", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{inc: m_total, once: k}]}
""", {"job-1/a.jsonl": [{"type": "A", "k": 1}], "job-2/a.jsonl": [{"type": "A", "k": 1}]},
         {"m_total": 1}),
    Case("once of scope directory", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{inc: m_total, once: k, scope: directory}]}
""", {"job-1/a.jsonl": [{"type": "A", "k": 1}] * 2, "job-2/a.jsonl": [{"type": "A", "k": 1}]},
         {"m_total": 2}),
    Case("rows of one rule each have a once of their own", """\
metrics: {a_total: {type: counter, help: h}, b_total: {type: counter, help: h}}
rules: {A: [{inc: a_total, once: k}, {inc: b_total, once: k}]}
""", [{"type": "A", "k": 1}] * 2, {"a_total": 1, "b_total": 1}),
    Case("rows may share a once by name", """\
metrics: {a_total: {type: counter, help: h}, b_total: {type: counter, help: h}}
rules: {A: [{inc: a_total, once: k, memory: seen}, {inc: b_total, once: k, memory: seen}]}
""", [{"type": "A", "k": 1}] * 2, {"a_total": 1}),
    Case("increase adds what grew", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{add: m_total, value: {increase: n, key: id_}}]}
""", [{"type": "A", "id_": k, "n": n} for k, n in
      (("a", 10), ("a", 10), ("a", 25), ("b", 5), ("a", 20), ("a", 30))], {"m_total": 35}),
    Case("increase by several keys", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{add: m_total, value: {increase: n, key: [a, b]}}]}
""", [{"type": "A", "a": 1, "b": b, "n": n} for b, n in ((1, 10), (2, 10), (1, 12))],
         {"m_total": 22}),
    Case("increase that is shared by name over rules", """\
metrics: {m_total: {type: counter, help: h}}
rules:
  A: [{add: m_total, value: {increase: n, key: k, memory: usage}}]
  B: [{add: m_total, value: {increase: usage.n, key: k, memory: usage}}]
""", [{"type": "A", "k": "x", "n": 10}, {"type": "B", "k": "x", "usage": {"n": 15}},
      {"type": "A", "k": "x", "n": 12}], {"m_total": 15}),
    Case("increases of two metrics are two memories", """\
metrics: {a_total: {type: counter, help: h}, b_total: {type: counter, help: h}}
rules:
  A:
    - {add: a_total, value: {increase: n, key: k}}
    - {add: b_total, value: {increase: n, key: k}}
""", [{"type": "A", "k": "x", "n": 10}, {"type": "A", "k": "x", "n": 15}],
         {"a_total": 15, "b_total": 15}),
]


@pytest.mark.parametrize(**parametrize(MEMORIES))
def test_memories(case, tmp_path):
    case.check(tmp_path)


def test_remember_defaults_to_the_directory(tmp_path):
    """The order in which files of a directory are read is not fixed: one file each."""
    rules = REMEMBER.replace(", scope: SCOPE", "")
    Case("", rules, {"job-1/a.jsonl": [{"type": "Session", "model": "one"}, {"type": "Use"}],
                     "job-2/a.jsonl": [{"type": "Use"}]},
         {'m_total{model="one"}': 1, 'm_total{model="unknown"}': 1}).check(tmp_path)


EACH = [
    Case("each applies to every element", """\
metrics: {m_total: {type: counter, help: h, labels: [tool]}}
rules: {A: [{inc: m_total, each: tools, labels: {tool: "{.name}"}}]}
""", [{"type": "A", "tools": [{"name": "Edit"}, {"name": "Read"}, {"name": "Edit"}]},
      {"type": "A", "tools": []}, {"type": "A"}, {"type": "A", "tools": "Edit"},
      {"type": "A", "tools": 5}],
         {'m_total{tool="Edit"}': 2, 'm_total{tool="Read"}': 1}),
    Case("each with a condition on the element", """\
metrics: {m_total: {type: counter, help: h, labels: [name]}}
rules:
  A: [{inc: m_total, each: message.content, when: {.type: tool_use}, labels: {name: "{.name}"}}]
""", [{"type": "A", "message": {"content": [
        {"type": "text"}, {"type": "tool_use", "name": "Bash"},
        {"type": "tool_use", "name": "Edit"}]}}],
         {'m_total{name="Bash"}': 1, 'm_total{name="Edit"}': 1}),
    Case("each over plain values", """\
metrics: {m_total: {type: counter, help: h, labels: [name]}}
rules: {A: [{inc: m_total, each: names, labels: {name: "{.}"}}]}
""", [{"type": "A", "names": ["a", "b", "a"]}], {'m_total{name="a"}': 2, 'm_total{name="b"}': 1}),
    Case("each over the entries of an object", """\
metrics: {m_total: {type: counter, help: h, labels: [model]}}
rules: {A: [{add: m_total, each: usage, value: .value.tokens, labels: {model: "{.key}"}}]}
""", [{"type": "A", "usage": {"opus": {"tokens": 5}, "haiku": {"tokens": 7}}}],
         {'m_total{model="opus"}': 5, 'm_total{model="haiku"}': 7}),
    Case("each over an object of numbers", """\
metrics: {m: {type: gauge, help: h, labels: [name]}}
rules: {A: [{set: m, each: timings, value: .value, labels: {name: "{.key}"}}]}
""", [{"type": "A", "timings": {"claude: /fix": {"secs": 2, "nanos": 500000000}, "b": 3}}],
         {'m{name="claude: /fix"}': 2.5, 'm{name="b"}': 3}),
    Case("each with once by the element", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{inc: m_total, each: list, once: .id}]}
""", [{"type": "A", "list": [{"id": 1}, {"id": 2}]}, {"type": "A", "list": [{"id": 2},
                                                                          {"id": 3}]}],
         {"m_total": 3}),
    Case("a bare path looks into the element first, then the body", """\
metrics: {m_total: {type: counter, help: h, labels: [a, b]}}
rules: {A: [{inc: m_total, each: list}]}
""", [{"type": "A", "a": "body", "b": "body", "list": [{"a": "element"}]}],
         {'m_total{a="element",b="body"}': 1}),
    Case("enter of each element", """\
metrics: {m: {type: gauge, help: h}}
rules: {A: [{enter: m, each: ids, key: .}]}
""", [{"type": "A", "ids": ["a", "b"]}, {"type": "A", "ids": ["b", "c"]}], {"m": 3}),
    Case("each at a nested place with many elements", """\
metrics: {m_total: {type: counter, help: h}}
rules: {A: [{add: m_total, each: a.b, value: .n.m}]}
""", [{"type": "A", "a": {"b": [{"n": {"m": 1}} for _ in range(2000)]}}], {"m_total": 2000}),
]


@pytest.mark.parametrize(**parametrize(EACH))
def test_each(case, tmp_path):
    case.check(tmp_path)


LIMITED = """\
metrics:
  m_total: {type: counter, help: h, labels: [name, status], max_series: 4OPTIONS}
rules: {A: [{inc: m_total}]}
"""


def named(*names, **fields):
    return [{"type": "A", "name": name, **fields} for name in names]


LIMITS = [
    Case("init shows the other values at zero", """\
metrics: {m_total: {type: counter, help: h, labels: [job, status], init: {status: [ok, bad]}}}
rules: {A: [{inc: m_total}]}
""", [{"type": "A", "status": "ok"}],
         {'m_total{job="job-1",status="ok"}': 1, 'm_total{job="job-1",status="bad"}': 0}),
    Case("init for each set of the other labels", """\
metrics: {m_total: {type: counter, help: h, labels: [x, status], init: {status: [ok, bad]}}}
rules: {A: [{inc: m_total}]}
""", [{"type": "A", "status": "ok", "x": "1"}, {"type": "A", "status": "odd", "x": "2"}],
         {'m_total{status="ok",x="1"}': 1, 'm_total{status="bad",x="1"}': 0,
          'm_total{status="ok",x="2"}': 0, 'm_total{status="bad",x="2"}': 0,
          'm_total{status="odd",x="2"}': 1}),
    Case("init of two labels is their product", """\
metrics: {m_total: {type: counter, help: h, labels: [a, b], init: {a: [1, 2], b: [3, 4]}}}
rules: {A: [{inc: m_total}]}
""", [{"type": "A", "a": 1, "b": 3}],
         {'m_total{a="1",b="3"}': 1, 'm_total{a="1",b="4"}': 0, 'm_total{a="2",b="3"}': 0,
          'm_total{a="2",b="4"}': 0}),
    Case("init with the first update of another metric of the same labels", """\
metrics:
  items_total: {type: counter, help: h, labels: [job, status], init: {status: [ok, bad]}}
  started_total: {type: counter, help: h, labels: [job]}
rules: {Start: [{inc: started_total}], Item: [{inc: items_total}]}
""", [{"type": "Start"}],
         {'started_total{job="job-1"}': 1, 'items_total{job="job-1",status="ok"}': 0,
          'items_total{job="job-1",status="bad"}': 0}),
    Case("past max_series new label sets fold into _other", LIMITED.replace("OPTIONS", ""),
         named("a", "b", "c", "d", "e", "f", "a", "e", status="s"),
         {'m_total{name="a",status="s"}': 2, 'm_total{name="b",status="s"}': 1,
          'm_total{name="c",status="s"}': 1, 'm_total{name="d",status="s"}': 1,
          'm_total{name="_other",status="_other"}': 3},
         {'series_folded_total{metric="m_total"}': 3}),
    Case("labels of init keep their value when folding",
         LIMITED.replace("OPTIONS", ", init: {status: [ok, bad]}"),
         named("a", "b", "c", status="ok") + named("d", status="bad"),
         {'m_total{name="a",status="ok"}': 1, 'm_total{name="a",status="bad"}': 0,
          'm_total{name="b",status="ok"}': 1, 'm_total{name="b",status="bad"}': 0,
          'm_total{name="_other",status="ok"}': 1, 'm_total{name="_other",status="bad"}': 1}),
    Case("set past max_series is dropped and counted", """\
metrics: {m: {type: gauge, help: h, labels: [name], max_series: 2}}
rules: {A: [{set: m, value: 1}]}
""", named("a", "b", "c", "d"), {'m{name="a"}': 1, 'm{name="b"}': 1},
         {'series_folded_total{metric="m"}': 2}),
    Case("a leave finds its key in the folded series", """\
metrics: {m: {type: gauge, help: h, labels: [name], max_series: 1}}
rules: {A: [{enter: m, key: name}], B: [{leave: m, key: name}]}
""", named("a", "b", "c") + [{"type": "B", "name": "b"}],
         {'m{name="a"}': 1, 'm{name="_other"}': 1}),
]


@pytest.mark.parametrize(**parametrize(LIMITS))
def test_init_and_limits(case, tmp_path):
    case.check(tmp_path)
