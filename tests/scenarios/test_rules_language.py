"""What rules can say: amounts, conditions, texts, paths, names, sources, packs."""

import pytest

from rule_case import Case, parametrize
from test_rules_updates import at

ADD = "metrics: {m: {type: gauge, help: h}}\nrules: {A: [{add: m, value: VALUE}]}\n"


def add(value, more=""):
    return ADD.replace("VALUE}", value + more + "}")


def amounts(*values, **fields):
    return [{"type": "A", "n": value, **fields} for value in values]


AMOUNTS = [
    Case("a plain number", add("2.5"), [{"type": "A"}] * 2, {"m": 5}),
    Case("a path", add("a.b.c"), [{"type": "A", "a": {"b": {"c": 7}}}], {"m": 7}),
    Case("count of a list", add("{count: n}"), amounts([1, 2, 3], [], [[1, 2]]), {"m": 4}),
    Case("count of what is no list is an error", add("{count: n}"), amounts([1], "text", 5),
         {"m": 1}, {"rule_errors_total": 2}),
    Case("sum of paths", add("{sum: [n, k.l, x]}"), [{"type": "A", "n": 1, "k": {"l": 2}, "x": 4}],
         {"m": 7}),
    Case("since a time is up to the event", add("{since: begun}"),
         [at(100, type="A", begun="2026-11-21T03:00:40Z")], {"m": 60}),
    Case("since a time as a number of milliseconds", add("{since: begun}"),
         [{"type": "A", "time": 1763700060, "begun": 1763700000500}], {"m": 59.5}),
    Case("between two times", add("{between: [a, b]}"),
         [{"type": "A", "a": "2026-11-21T03:00:00Z", "b": "2026-11-21T04:00:00.25+00:00"}],
         {"m": 3600.25}),
    Case("between times of other zones", add("{between: [a, b]}"),
         [{"type": "A", "a": "2026-11-21T03:00:00+02:00", "b": "2026-11-21T03:00:00-01:30"}],
         {"m": 12600}),
    Case("scale by a number", add("n", ", scale: 0.001"), amounts(1500), {"m": 1.5}),
    Case("scale by several", add("n", ", scale: [2, 0.5, 10]"), amounts(3), {"m": 30}),
    Case("a missing amount skips and is counted", add("n"), amounts(3) + [{"type": "A"}],
         {"m": 3}, {"fields_missing_total": 1, 'fields_missing_total{field="n"}': 1}),
    Case("a null amount is a missing one", add("n"), amounts(3, None), {"m": 3},
         {"fields_missing_total": 1}),
    Case("one bad row leaves the others", "metrics: {a: {type: gauge, help: h}, "
         "b: {type: gauge, help: h}}\nrules: {A: [{add: a, value: n}, {add: b, value: k}]}",
         [{"type": "A", "n": "what", "k": 2}], {"b": 2}, {"rule_errors_total": 1}),
]

NUMBERS = [
    (5, 5), (-2.5, -2.5), ("12.5", 12.5), ("-3", -3), (True, 1), (False, 0), (1e300, 1e300),
    ([12, 500000000], 12.5), ([3], 3), ({"secs": 2, "nanos": 250000000}, 2.25), ({"secs": 4}, 4),
    ("1h2m3s", 3723), ("90s", 90), ("250ms", 0.25), ("1.5h", 5400), ("2d", 172800),
    ("PT1M2.5S", 62.5), ("P1DT2H", 93600), (9007199254740991, 9007199254740991), ("1e3", 1000),
]
NO_NUMBERS = ["abc", "", [], {}, [1, 2, 3], ["x"], {"secs": "x"}, "12 apples", "0x10", "NaN",
              "Infinity", [[1]], "1h2x", "--5", "2026-11-21T03:00:00Z"]

AMOUNTS += [
    Case(f"the number {value!r}", add("n"), amounts(value), {"m": number})
    for value, number in NUMBERS
] + [
    Case(f"no number {value!r}", add("n"), amounts(7, value), {"m": 7}, {"rule_errors_total": 1})
    for value in NO_NUMBERS
]

TABLE = """\
tables:
  price:
    claude-opus-4: 15
    claude-opus-4-5: 5
    claude-sonnet-5: [{value: 2}, {from: 2027-01-01, value: 3}]
    "quoted.key": 7
metrics: {cost: {type: gauge, help: h, labels: [model]}}
rules: {A: [{add: cost, value: n, scale: SCALE}]}
""".replace("SCALE", "[0.5, {table: price, key: model}]")


def priced(model, when="2026-06-01T00:00:00Z", n=2):
    return {"type": "A", "model": model, "n": n, "time": when}


AMOUNTS += [
    Case("a table by its key", TABLE, [priced("claude-opus-4"), priced("quoted.key")],
         {'cost{model="claude-opus-4"}': 15, 'cost{model="quoted.key"}': 7}),
    Case("a table by the longest prefix", TABLE,
         [priced("claude-opus-4-20250514"), priced("claude-opus-4-5-20251101")],
         {'cost{model="claude-opus-4-20250514"}': 15, 'cost{model="claude-opus-4-5-20251101"}': 5}),
    Case("a table by event time", TABLE,
         [priced("claude-sonnet-5"), priced("claude-sonnet-5", "2027-01-01T00:00:00Z"),
          priced("claude-sonnet-5", "2026-12-31T23:59:59Z")],
         {'cost{model="claude-sonnet-5"}': 7}),
    Case("a key in no table skips the update and is counted", TABLE,
         [priced("claude-opus-4"), priced("gpt"), priced("claude")],
         {'cost{model="claude-opus-4"}': 15}, {"rule_errors_total": 2}),
    Case("else of a table", TABLE.replace('    "quoted.key": 7\n', "    else: 100\n"),
         [priced("gpt")], {'cost{model="gpt"}': 100}),
]


@pytest.mark.parametrize(**parametrize(AMOUNTS))
def test_amounts(case, tmp_path):
    case.check(tmp_path)


def when(condition):
    return ("metrics: {m_total: {type: counter, help: h, labels: [i]}}\n"
            f"rules: {{A: [{{inc: m_total, when: {condition}}}]}}\n")


def probes(*values):
    """Records with `n` set to each value; the label i tells which was counted."""
    return [{"type": "A", "i": str(number), **({} if value is ... else {"n": value})}
            for number, value in enumerate(values)]


def counted(*numbers):
    return {f'm_total{{i="{number}"}}': 1 for number in numbers}


CONDITIONS = [
    ("equal to a text", "{n: fast}", ["fast", "slow", "FAST", ..., None, ["fast"]], [0]),
    ("equal to a number", "{n: 5}", [5, 5.0, "5", 6, "x", ...], [0, 1, 2]),
    ("equal to a boolean", "{n: true}", [True, False, "true", ...], [0, 2]),
    ("equal to one of several", "{n: [a, b, 3]}", ["a", "b", "c", 3, ...], [0, 1, 3]),
    ("equal to null", "{n: null}", [None, ..., 0, "", "x"], [0, 1]),
    ("gt", "{n: {gt: 5}}", [5, 5.1, 6, "7", "x", ..., 4], [1, 2, 3]),
    ("ge", "{n: {ge: 5}}", [5, 4.9, 6, ...], [0, 2]),
    ("lt", "{n: {lt: 5}}", [5, 4.9, -6, ..., None], [1, 2]),
    ("le", "{n: {le: 5}}", [5, 5.1, -6, ...], [0, 2]),
    ("a range", "{n: {ge: 1, lt: 10}}", [0, 1, 9.9, 10], [1, 2]),
    ("a duration in a range", "{n: {gt: 60}}", ["90s", [59, 0], [61, 5], "1m"], [0, 2]),
    ("ne", "{n: {ne: a}}", ["a", "b", 5], [1, 2]),
    ("exists", "{n: {exists: true}}", ["a", 0, "", [], {}, ...], [0, 1, 2, 3, 4]),
    ("does not exist", "{n: {exists: false}}", ["a", 0, ...], [2]),
    ("match", '{n: {match: "^map-[0-9]+$"}}', ["map-12", "map-", "xmap-1", "map-1\n", 5], [0]),
    ("match anywhere", "{n: {match: edu}}", ["reduce", "educate", "none"], [0, 1]),
    ("all must hold", '{n: {gt: 1}, i: ["2", "3"]}', [5, 5, 5, 0], [2]),
    ("sum of paths", '{"sum(n, k)": {gt: 5}}', [3, 6, "x"], [1]),
]


@pytest.mark.parametrize("name,condition,values,hits", CONDITIONS,
                         ids=[row[0] for row in CONDITIONS])
def test_conditions(name, condition, values, hits, tmp_path):
    records = [{"k": 0, **record} for record in probes(*values)]
    Case(name, when(condition), records, counted(*hits)).check(tmp_path)


def text(template):
    return ("metrics: {m_total: {type: counter, help: h, labels: [x]}}\n"
            f"rules: {{A: [{{inc: m_total, labels: {{x: {template!r}}}}}]}}\n")


TEXTS = [
    ("a fixed text", "fixed", {}, "fixed"),
    ("a path", "{a.b}", {"a": {"b": "c"}}, "c"),
    ("text around a path", "pre-{a}-{b}-post", {"a": "1", "b": 2}, "pre-1-2-post"),
    ("a number stands as it was written", "{a}", {"a": 12345678901234567890}, "12345678901234567890"),
    ("a boolean", "{a}", {"a": True}, "true"),
    ("nothing", "{a}", {}, ""),
    ("a null", "{a}", {"a": None}, ""),
    ("an object", "{a}", {"a": {"b": 1}}, ""),
    ("default", "{a|default unknown}", {}, "unknown"),
    ("default for a null", "{a|default unknown}", {"a": None}, "unknown"),
    ("default is not needed", "{a|default unknown}", {"a": "b"}, "b"),
    ("first", "{a|first 3}", {"a": "abcdef"}, "abc"),
    ("first of characters", "{a|first 2}", {"a": "äöü"}, "äö"),
    ("first of a short text", "{a|first 30}", {"a": "abc"}, "abc"),
    ("last", "{a|last 3}", {"a": "abcdef"}, "def"),
    ("last of characters", "{a|last 2}", {"a": "äöü"}, "öü"),
    ("lower", "{a|lower}", {"a": "AbC"}, "abc"),
    ("upper", "{a|upper}", {"a": "AbC"}, "ABC"),
    ("basename", "{a|basename}", {"a": "/x/y/z.txt"}, "z.txt"),
    ("dirname", "{a|dirname}", {"a": "/x/y/z.txt"}, "/x/y"),
    ("match gives group 1", "{a|match /^([a-z]+)-/}", {"a": "item-12"}, "item"),
    ("match gives the whole match", "{a|match /[0-9]+/}", {"a": "item-12"}, "12"),
    ("match gives nothing", "{a|match /[0-9]+/|default none}", {"a": "item"}, "none"),
    ("map", "{a|map {x: one, y: two, else: other}}", {"a": "y"}, "two"),
    ("map else", "{a|map {x: one, else: other}}", {"a": "z"}, "other"),
    ("a chain", "{a|basename|match /^(.*)[.]/|upper|first 2}", {"a": "/x/name.txt"}, "NA"),
    ("a key with a dot", '{a."b.c"}', {"a": {"b.c": "d"}}, "d"),
    ("an array element", "{a.1.b}", {"a": [{"b": "x"}, {"b": "y"}]}, "y"),
    ("a number is a key of an object too", "{a.1}", {"a": {"1": "one"}}, "one"),
    ("an element that is not there", "{a.7}", {"a": ["x"]}, ""),
    ("escapes are resolved", "{a}", {"a": "\u00e9\n\"\\\u2028\U0001f600"},
     "\u00e9\n\"\\\u2028\U0001f600"),
    ("the record", "{/a}", {"a": "x"}, "x"),
    ("a capture", "{file.job}", {"job": "record"}, "job-1"),
    ("a capture without file", "{job}", {}, "job-1"),
    ("the record comes before captures", "{job}", {"job": "record"}, "record"),
    ("the file's name", "{file.name}", {}, "a.jsonl"),
    ("the file's directory", "{file.dir|basename}", {}, "job-1"),
    ("the last of two equal keys", "{a}", b'{"type":"A","a":"one","a":"two"}', "two"),
]


@pytest.mark.parametrize("name,template,fields,expected", TEXTS, ids=[row[0] for row in TEXTS])
def test_texts(name, template, fields, expected, tmp_path):
    record = fields if isinstance(fields, bytes) else {"type": "A", **fields}
    sample = f'm_total{{x="{expected}"}}' if expected else "m_total"
    Case(name, text(template), [record], {sample: 1}).check(tmp_path)


BODY = """\
sources:
  s:
    files: "{job}/{part}.jsonl"
    type: event.event_type
    body: event
    time: timestamp
    id: id
"""
LABELLED = "metrics: {m_total: {type: counter, help: h, labels: [a, b]}}\n"

PATHS = [
    Case("bare paths start at the body", BODY + LABELLED + "rules: {A: [{inc: m_total}]}",
         [{"a": "record", "event": {"event_type": "A", "a": "body"}}], {'m_total{a="body"}': 1}),
    Case("a slash starts at the record", BODY + LABELLED +
         'rules: {A: [{inc: m_total, labels: {a: "{/a}", b: "{a}"}}]}',
         [{"a": "record", "event": {"event_type": "A", "a": "body"}}],
         {'m_total{a="record",b="body"}': 1}),
    Case("a record without a body is its own body",
         BODY.replace("type: event.event_type", "type: [event.event_type, event_type]")
         + LABELLED + "rules: {A: [{inc: m_total}]}",
         [{"event_type": "A", "a": "bare"}, {"event": {"event_type": "A", "a": "enveloped"}},
          {"event": "A", "event_type": "A", "a": "text"}],
         {'m_total{a="bare"}': 1, 'm_total{a="enveloped"}': 1, 'm_total{a="text"}': 1}),
    Case("the first time that is there wins",
         BODY.replace("time: timestamp", "time: [event.when, timestamp]")
         + "metrics: {m: {type: gauge, help: h}}\nrules: {A: [{set: m, value: n}]}",
         [{"timestamp": "2026-01-01T00:00:00Z", "event":
           {"event_type": "A", "n": 1, "when": "2026-06-01T00:00:00Z"}},
          {"timestamp": "2026-03-01T00:00:00Z", "event": {"event_type": "A", "n": 2}}],
         {"m": 1}),
    Case("the first id that is there counts",
         BODY.replace("id: id", "id: [id, event.uuid]")
         + LABELLED + "rules: {A: [{inc: m_total}]}",
         {"job-1/a.jsonl": [{"id": "1", "event": {"event_type": "A"}},
                            {"event": {"event_type": "A", "uuid": "2"}}],
          "job-1/b.jsonl": [{"id": "1", "event": {"event_type": "A", "uuid": "9"}},
                            {"event": {"event_type": "A", "uuid": "2"}},
                            {"event": {"event_type": "A", "uuid": "3"}}]},
         {"m_total": 3}, {'lines_skipped_total{reason="duplicate"}': 2}),
    Case("a list of file patterns",
         BODY.replace('"{job}/{part}.jsonl"', '["{job}/{part}.jsonl", "{job}/*.log"]')
         + LABELLED + 'rules: {A: [{inc: m_total, labels: {a: "{job}", b: "{part}"}}]}',
         {"job-1/a.jsonl": [{"event": {"event_type": "A"}}],
          "job-1/b.log": [{"event": {"event_type": "A"}}],
          "job-1/c.txt": [{"event": {"event_type": "A"}}]},
         {'m_total{a="job-1",b="a"}': 1, 'm_total{a="job-1"}': 1}),
    Case("excluded files", BODY.replace("    type:", '    exclude: ["**/b*", "job-9/*"]\n    type:')
         + LABELLED + "rules: {A: [{inc: m_total}]}",
         {"job-1/a.jsonl": [{"event": {"event_type": "A"}}],
          "job-1/b.jsonl": [{"event": {"event_type": "A"}}],
          "job-9/a.jsonl": [{"event": {"event_type": "A"}}]}, {"m_total": 1}),
    Case("the labels of a rule before the defaults, the defaults before the path of their name",
         LABELLED + "defaults: {labels: {a: '{fallback}', b: default, c: unused}}\n"
         "rules: {A: [{inc: m_total, labels: {b: rule}}], B: [{inc: m_total}]}",
         [{"type": "A", "a": "record"}, {"type": "B", "a": "record", "b": "record"},
          {"type": "B", "a": "record", "fallback": "f"}],
         {'m_total{a="record",b="rule"}': 1, 'm_total{a="record",b="default"}': 1,
          'm_total{a="f",b="default"}': 1}),
    Case("a path over sixteen deep values of one record", LABELLED +
         'rules: {A: [{inc: m_total, labels: {a: "{a.b.c.d.e.f.g}"}}]}',
         [{"type": "A", "a": {"b": {"c": {"d": {"e": {"f": {"g": "deep"}}}}}}}],
         {'m_total{a="deep"}': 1}),
]


@pytest.mark.parametrize(**parametrize(PATHS))
def test_paths_and_sources(case, tmp_path):
    case.check(tmp_path)


ONE = "metrics: {m_total: {type: counter, help: h}}\n"
EVERY = """\
metrics: {all_total: {type: counter, help: h}, some_total: {type: counter, help: h}}
rules: {"*": [{inc: all_total}], Known: [{inc: some_total}]}
"""

NAMES = [
    Case("spellings of one event", ONE + "rules: {DLQItemAdded: [{inc: m_total}]}",
         [{"type": name} for name in ("DLQItemAdded", "d_l_q_item_added", "dlq_item_added",
                                      "dlq-item-added", "DLQ_ITEM_ADDED", "dlqitem", "DLQ")],
         {"m_total": 5},
         {'events_total{event_type="DLQItemAdded"}': 5,
          'events_unmatched_total{event_type="dlqitem"}': 1}),
    Case("the rule may be spelled either way", ONE + "rules: {agent_started: [{inc: m_total}]}",
         [{"type": "AgentStarted"}, {"type": "agent-started"}], {"m_total": 2},
         {'events_total{event_type="agent_started"}': 2}),
    Case("several names a key", ONE + "rules: {'JobCompleted, JobFailed': [{inc: m_total}]}",
         [{"type": "job_completed"}, {"type": "job_failed"}, {"type": "job_started"}],
         {"m_total": 2}),
    Case("an event under two keys", "metrics: {m: {type: gauge, help: h}}\n"
         "rules: {'A, B': [{add: m, value: 1}], 'B, C': [{add: m, value: 10}]}",
         [{"type": name} for name in "ABC"], {"m": 22}),
    Case("a star applies beside named rules and matches nothing", EVERY,
         [{"type": "known"}, {"type": "other"}, {"type": "other"}],
         {"all_total": 3, "some_total": 1},
         {"events_unmatched_total": 2, "events_total": 3}),
    Case("an event is matched though its rows did not apply", ONE +
         "rules: {A: [{inc: m_total, when: {x: y}}]}",
         [{"type": "A"}], {}, {"events_unmatched_total": 0, "events_total": 1}),
    Case("a rule with no rows is a match", ONE + "rules: {A: [], B: [{inc: m_total}]}",
         [{"type": "A"}, {"type": "B"}], {"m_total": 1}, {"events_unmatched_total": 0}),
    Case("rules of one source", """\
sources:
  one: {files: "one/*.jsonl", type: type}
  two: {files: "two/*.jsonl", type: kind}
metrics:
  m_total: {type: counter, help: h, labels: [from]}
rules:
  A: [{inc: m_total, labels: {from: any}}]
  one/A: [{inc: m_total, labels: {from: one}}]
  two/A: [{inc: m_total, labels: {from: two}}]
  two/*: [{inc: m_total, labels: {from: two-star}}]
""", {"one/a.jsonl": [{"type": "A"}], "two/a.jsonl": [{"kind": "A"}, {"kind": "B"}]},
         {'m_total{from="any"}': 2, 'm_total{from="one"}': 1, 'm_total{from="two"}': 1,
          'm_total{from="two-star"}': 2}),
    Case("the first source that fits wins within a pack", """\
sources:
  one: {files: "{a}/x*.jsonl", type: type}
  two: {files: "{b}/*.jsonl", type: type}
metrics: {m_total: {type: counter, help: h, labels: [from]}}
rules:
  one/*: [{inc: m_total, labels: {from: one}}]
  two/*: [{inc: m_total, labels: {from: two}}]
""", {"d/x1.jsonl": [{"type": "A"}], "d/y1.jsonl": [{"type": "A"}]},
         {'m_total{from="one"}': 1, 'm_total{from="two"}': 1}),
]


@pytest.mark.parametrize(**parametrize(NAMES))
def test_event_names(case, tmp_path):
    case.check(tmp_path)


FIRST_PACK = """\
sources: {s: {files: "{job}/*.jsonl", type: type, id: id}}
tables: {price: {a: 1}}
metrics: {m_total: {type: counter, help: h}, cost: {type: gauge, help: h}}
rules: {A: [{inc: m_total}, {add: cost, value: 1, scale: {table: price, key: k}}]}
"""

PACKS = [
    Case("a pack without sources reads those of the others",
         [FIRST_PACK, "metrics: {n_total: {type: counter, help: h, labels: [job]}}\n"
                      "rules: {A: [{inc: n_total}, {inc: m_total}]}"],
         [{"type": "A", "k": "a"}], {"m_total": 2, "cost": 1, 'n_total{job="job-1"}': 1}),
    Case("two packs over one file each get every line, and one id check",
         [FIRST_PACK, 'sources: {mine: {files: "{where}/*.jsonl", type: type, id: id}}\n'
                      "metrics: {n_total: {type: counter, help: h}}\n"
                      "rules: {A: [{inc: n_total}]}"],
         {"job-1/a.jsonl": [{"type": "A", "k": "a", "id": 1}],
          "job-1/b.jsonl": [{"type": "A", "k": "a", "id": 1},
                            {"type": "A", "k": "a", "id": 2}]},
         {"m_total": 2, "cost": 2, "n_total": 2}),
    Case("an equal definition is one metric",
         [FIRST_PACK, "metrics: {m_total: {type: counter, help: h}}\n"
                      "rules: {B: [{inc: m_total}]}"],
         [{"type": "B"}], {"m_total": 1}),
    Case("a later pack replaces a table by name",
         [FIRST_PACK, "tables: {price: {a: 5, b: 7}}\n"],
         [{"type": "A", "k": "a"}, {"type": "A", "k": "b"}], {"m_total": 2, "cost": 12}),
    Case("rules of packs apply in the order of packs",
         ["sources: {s: {files: '{job}/*.jsonl', type: type}}\n"
          "metrics: {m: {type: gauge, help: h}}\nrules: {A: [{set: m, value: 5}]}",
          "rules: {A: [{add: m, value: 1}]}"],
         [{"type": "A"}], {"m": 6}),
]


@pytest.mark.parametrize(**parametrize(PACKS))
def test_packs(case, tmp_path):
    case.check(tmp_path)
