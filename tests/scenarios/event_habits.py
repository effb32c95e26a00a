"""Event files as different writers write them, for `infer`: each habit a function that gives the
records of one file. Always the same ones."""

import random

SECRET = "hunter2 s3cr3t-passphrase"


def at(second, fraction=""):
    return f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{fraction}Z"


def flat(count=200):
    """`type` on top, a duration in ms, jobs that start and end."""
    chance = random.Random(1)
    records = []
    for number in range(count):
        job = f"job-{number}"
        records.append({"type": "job_started", "ts": at(2 * number), "job": job,
                        "queue": chance.choice(["fast", "slow"]),
                        "user_id": f"u{chance.randrange(10**6)}"})
        if number % 10 == 9:
            continue  # this one still runs
        records.append({"type": chance.choice(["job_completed", "job_failed"]),
                        "ts": at(2 * number + 1), "job": job,
                        "duration_ms": chance.randint(20, 9000),
                        "bytes_read": chance.randint(0, 10**6), "retries": chance.randint(0, 2),
                        "message": f"{SECRET} {number}"})
    return records


def nested(count=120):
    """Everything within `event`, spans in seconds, other things beside it."""
    chance = random.Random(2)
    records = []
    for number in range(count):
        agent = f"agent-{number}"
        records.append({"id": f"e{2 * number:08}", "timestamp": at(number, ".250"),
                        "metadata": {"host": "h1", "thread": chance.choice(["main", "worker"])},
                        "event": {"event_type": "agent_started", "agent_id": agent,
                                  "attempt": chance.randint(1, 3)}})
        records.append({"id": f"e{2 * number + 1:08}", "timestamp": at(number, ".500"),
                        "metadata": {"host": "h1", "thread": "worker"},
                        "event": {"event_type": "agent_completed", "agent_id": agent,
                                  "duration": [chance.randint(0, 90), 500000000],
                                  "commits": ["c"] * (number % 3), "error": None}})
    return records


def pino(count=300):
    """Levels as numbers, the request within, a message as text."""
    chance = random.Random(3)
    return [{"level": chance.choice([30, 30, 40, 50]), "time": 1767225600000 + number, "pid": 4,
             "hostname": "web-1", "req": {"method": chance.choice(["GET", "POST"]),
                                          "url": f"/orders/{number}"},
             "res": {"statusCode": chance.choice([200, 201, 500])},
             "responseTime": chance.randint(1, 400), "msg": f"{SECRET} done"}
            for number in range(count)]


def bunyan(count=200):
    """The logger's name, a level, a message."""
    chance = random.Random(4)
    return [{"name": chance.choice(["api", "worker"]), "hostname": "h", "pid": 123,
             "level": chance.choice([30, 50]), "msg": f"{SECRET} {number}",
             "time": at(number, ".001"), "v": 0} for number in range(count)]


def webhook(count=150):
    """A payload that says most, and an id of every delivery."""
    chance = random.Random(5)
    return [{"event": chance.choice(["push", "pull_request", "issues"]),
             "delivery_id": f"{number:032x}", "received_at": at(number),
             "payload": {"action": chance.choice(["opened", "closed"]),
                         "repository": {"id": 1, "full_name": "ada/shop", "private": False},
                         "sender": {"login": "ada", "id": number},
                         "commits": [{"id": "x", "message": SECRET}] * (number % 3),
                         "pull_request": {"number": number, "additions": number,
                                          "title": SECRET, "merged": bool(number % 2)}}}
            for number in range(count)]


def seconds(count=100):
    """Spans as texts and as numbers of seconds; steps that are counted."""
    chance = random.Random(6)
    return [{"kind": "StepFinished", "at": at(number), "step_name": f"s{number}",
             "elapsed_seconds": chance.randint(1, 4000) / 1000, "took": f"{number}s",
             "exit_code": chance.choice([0, 1]), "usage": {"input_tokens": number * 10}}
            for number in range(count)]


def odd_names(count=60):
    """Names that YAML, the rule language or Prometheus read in another way."""
    names = ["null", "yes", "http/request", "job:done", "a.b", "Process_Started",
             "d_l_q_item_added", "x-y", "X_Y"]
    return [{"type": names[number % len(names)], "le": ["a", "b"][number % 2],
             "job": ["j", "k"][number % 2], "file.name": ["p", "q"][number % 2],
             "file": {"kind": ["r", "s"][number % 2]}, "on": bool(number % 2),
             "summary_count": number, "histogram_seconds": number / 10, "total": number,
             "total_total": number, "@timestamp": at(number)} for number in range(count)]


WORDS = (
    "ms s seconds duration elapsed bytes kb count total sum bucket created info le "
    "quantile job instance event type name status level code state depth ratio percent "
    "usd cost tokens items commits id key user message error file path time at started "
    "completed failed process jsonl exporter counter gauge histogram summary minutes "
    "days hours meters bits tools retries null yes no true x 5m a.b c-d @at $v _u UPPER "
    "camelCase "
).split()
TURNS = ("started", "Completed", "failed", "Event", "progress", "")


def random_value(chance, kind, number):
    return {"number": lambda: chance.randint(0, 500), "fraction": lambda: chance.random() * 100,
            "negative": lambda: chance.randint(-5, 5), "few": lambda: chance.choice("abc"),
            "many": lambda: f"v-{number}", "text": lambda: f"{SECRET} {number}",
            "flag": lambda: chance.random() < 0.5, "time": lambda: at(number),
            "epoch": lambda: 1767225600 + number, "span": lambda: f"{number}s",
            "pair": lambda: [number, 500], "parts": lambda: {"secs": number, "nanos": 5},
            "list": lambda: ["e"] * (number % 4), "null": lambda: None,
            "object": lambda: {chance.choice(WORDS): number, "kind": chance.choice("ab")},
            "objects": lambda: [{"name": "n", "size": number}]}[kind]()


def random_habit(seed, count=80):
    """Records of a writer that nobody thought of: words, kinds and gaps as chance has them."""
    chance = random.Random(seed)
    kinds = ("number fraction negative few many text flag time epoch span pair parts list null "
             "object objects").split()
    type_field = chance.choice(["type", "event", "eventType", "event_name", "kind", "msg"])
    subjects = ["_".join(chance.sample(WORDS, chance.randint(1, 3))) for _ in range(3)]
    types = [f"{subject}_{turn}".rstrip("_") for subject in subjects for turn in TURNS]
    fields = {name: [(chance.choice(("", "_", ".", "-")).join(chance.sample(WORDS,
                                                                            chance.randint(1, 3))),
                      chance.choice(kinds), chance.choice([1, 1, 0.7]))
                     for _ in range(chance.randint(1, 9))] for name in types}
    records = []
    for number in range(count):
        name = chance.choice(types)
        body = {field: chance.choice([random_value(chance, kind, number)])
                for field, kind, share in fields[name] if chance.random() < share}
        body["run_id"] = f"r{number // 2}"
        record = {type_field: name, "when": at(number)}
        record.update({"payload": body} if seed % 3 == 0 else body)
        record[type_field] = name
        records.append(record)
    return records


HABITS = {function.__name__: function
          for function in (flat, nested, pino, bunyan, webhook, seconds, odd_names)}
