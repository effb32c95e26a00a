"""An LLM research service: an HTTP API over a database, experiments behind it."""

from players.service import Service

BODIES = [100, 1000, 10000, 100000, 1000000, 10000000]
# Requests by weight: (query, table) that answer them.
REQUESTS = {
    ("GET", "/experiments"): (6, ("select", "experiments")),
    ("POST", "/experiments"): (1, ("insert", "experiments")),
    ("GET", "/experiments/{id}"): (8, ("select", "experiments")),
    ("POST", "/evaluations"): (3, ("insert", "evaluations")),
    ("GET", "/models"): (2, ("select", "models")),
    ("GET", "/health"): (2, None),
    ("GET", "/metrics"): (1, None),
}
EXCLUDED = ("/health", "/metrics")


class LlmResearch(Service):
    FILE = "llm/api.jsonl"
    BUCKETS = {
        "http_request_duration_seconds":
            [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        "http_request_size_bytes": BODIES,
        "http_response_size_bytes": BODIES,
        "db_query_duration_seconds":
            [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
        "experiment_duration_seconds": [1, 5, 10, 30, 60, 300, 600, 1800, 3600],
        "dataset_upload_size_bytes": [10**power for power in range(3, 10)],
    }

    def __init__(self, stage, ledger):
        super().__init__(stage, ledger)
        self.in_flight = 0

    def play(self):
        """Spawns all that goes on."""
        for user in range(3):
            self.stage.spawn(self.use_api(), 0.2 + 0.3 * user)
        for slot in range(2):
            self.stage.spawn(self.experiment(), 0.5 + 2.0 * slot)
        self.stage.spawn(self.register(), 1.0)
        self.stage.spawn(self.keep_connections(), 1.2)

    # --- HTTP and the database

    def use_api(self):
        while True:
            weights = {request: weight for request, (weight, _) in REQUESTS.items()}
            method, path = self.pick(weights)
            yield from self.request(method, path, REQUESTS[method, path][1])
            yield self.pause(1.0)

    def request(self, method, path, query):
        counts = path not in EXCLUDED
        self.in_flight += counts
        self.tell("HttpRequestStarted", path=path, in_flight=self.in_flight)
        if counts:
            self.put("http_requests_in_flight", self.in_flight)
        began = self.stage.seconds
        failed = self.query(*query, self.chance(0.04)) if query else False
        yield self.seconds(0.03, 3)
        status = 500 if failed else {"GET": 200, "POST": 201}[method]
        self.in_flight -= counts
        self.respond(method, path, status, round(self.stage.seconds - began, 3))

    def respond(self, method, path, status, duration):
        sent = {"POST": int(self.rng.lognormvariate(7, 1.5))}.get(method, 0)
        answer = int(self.rng.lognormvariate(8, 1.5))
        self.tell("HttpRequest", method=method, path=path, status=status, duration=duration,
                  request_bytes=sent, response_bytes=answer, in_flight=self.in_flight)
        if path in EXCLUDED:
            return
        self.count("http_requests_total", method=method, path=path, status=status)
        self.observe("http_request_duration_seconds", duration, method=method, path=path)
        self.observe("http_request_size_bytes", sent, method=method, path=path)
        self.observe("http_response_size_bytes", answer, method=method, path=path)
        self.put("http_requests_in_flight", self.in_flight)

    def query(self, query_type, table, failed=False):
        duration = self.seconds(0.001, 1.2)
        error = {"error_type": self.pick({"timeout": 1, "deadlock": 1})} if failed else {}
        self.tell("DbQuery", query_type=query_type, table=table, duration=duration, **error)
        self.observe("db_query_duration_seconds", duration, query_type=query_type, table=table)
        if failed:
            self.count("db_query_errors_total", query_type=query_type, **error)
        return failed

    def keep_connections(self):
        while True:
            for _ in range(6):
                connections = 4 + self.rng.randrange(0, 5)
                self.tell("DbConnectionsMeasured", connections=connections)
                self.put("db_connections_total", connections)
                yield 2.0
            self.tell("DbConnectionFailed")
            self.count("db_connection_errors_total")
            self.query("select", "models", failed=True)

    # --- Experiments, models, data sets

    def experiment(self):
        while True:
            self.tell("ExperimentCreated")
            self.count("experiments_created_total")
            began = self.stage.seconds
            failed = 0
            for _ in range(self.rng.randrange(2, 5)):
                yield from self.run()
                failed += self.finish_run()
            status = "failed" if failed > 1 else "success"
            duration = round(self.stage.seconds - began, 3)
            self.tell("ExperimentCompleted", status=status, duration=duration)
            self.count("experiments_completed_total", status=status)
            self.observe("experiment_duration_seconds", duration)
            yield self.pause(2.0)

    def run(self):
        for _ in range(self.rng.randrange(1, 4)):
            yield self.seconds(0.6, 4)
            count = self.rng.randrange(5, 50)
            self.tell("EvaluationProcessed", count=count)
            self.count("evaluations_processed_total", count)

    def finish_run(self):
        status = "failed" if self.chance(0.2) else "success"
        self.tell("ExperimentRunCompleted", status=status)
        self.count("experiment_runs_total", status=status)
        return status == "failed"

    def register(self):
        while True:
            size = int(self.rng.lognormvariate(13, 2))
            self.tell("DatasetUploaded", size=size)
            self.count("datasets_uploaded_total")
            self.observe("dataset_upload_size_bytes", size)
            yield self.rng.uniform(4, 8)
            self.tell("ModelRegistered")
            self.count("models_registered_total")
            yield self.rng.uniform(4, 8)
