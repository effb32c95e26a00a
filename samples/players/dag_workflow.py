"""A DAG workflow system: executions of phases and nodes, an API beside them."""

from players.service import Service

# Phases of each workflow, and the nodes in each: they run at the same time.
WORKFLOWS = {
    "write-report": {"research": ["retriever", "llm"], "draft": ["llm"], "review": ["validator"]},
    "build-index": {"extract": ["parser", "parser"], "load": ["writer"]},
    "evaluate-model": {"prepare": ["retriever"], "evaluate": ["llm", "llm", "validator"]},
}
NODE_SECONDS = {"retriever": 0.8, "llm": 2.0, "validator": 0.5, "parser": 0.6, "writer": 0.9}
ENDPOINTS = {"POST /api/workflows": 3, "GET /api/workflows/{id}": 8, "GET /api/artifacts/{id}": 4}
CHECKS = {"database": 0.05, "context_store": 0.02, "llm_api": 0.1}  # how often they fail


class DagWorkflow(Service):
    FILE = "dag/engine.jsonl"
    BUCKETS = {
        "dag_workflow_execution_duration_seconds":
            [1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400],
        "dag_node_execution_duration_seconds":
            [0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600],
        "dag_database_query_duration_seconds":
            [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
        "dag_api_request_duration_seconds":
            [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
        "dag_quality_score_distribution":
            [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1],
        "dag_artifact_size_bytes": [10**power for power in range(2, 10)],
    }

    def __init__(self, stage, ledger):
        super().__init__(stage, ledger)
        self.executions = 0
        self.sockets = 3
        self.failed = {}  # executions under way, and whether one of their nodes has failed

    def play(self):
        """Spawns all that goes on."""
        self.tell("EngineStarted")
        self.ledger.clear("dag_active_workflows")
        self.ledger.clear("dag_active_nodes")
        for slot in range(3):
            self.stage.spawn(self.run_workflows(), 0.2 + 1.3 * slot)
        self.stage.spawn(self.measure(), 0.5)
        self.stage.spawn(self.check_health(), 0.7)
        self.stage.spawn(self.answer(), 1.0)

    # --- Workflows

    def run_workflows(self):
        while True:
            self.executions += 1
            yield from self.run_workflow(f"exec-{self.executions}")
            yield self.pause(1.0)

    def run_workflow(self, execution):
        name = self.rng.choice(list(WORKFLOWS))
        began = self.stage.seconds
        self.tell("WorkflowStarted", workflow_name=name, execution_id=execution)
        self.ledger.enter("dag_active_workflows", execution)
        self.failed[execution] = False
        for phase, nodes in WORKFLOWS[name].items():
            yield from self.run_phase(execution, phase, nodes)
            if self.failed[execution]:
                break
        status = "failure" if self.failed.pop(execution) else "success"
        if status == "success":
            self.leave_artifact(name)
        duration = round(self.stage.seconds - began, 3)
        self.tell("WorkflowCompleted", workflow_name=name, execution_id=execution, status=status,
                  duration=duration)
        self.ledger.leave("dag_active_workflows", execution)
        self.count("dag_workflow_executions_total", workflow_name=name, status=status)
        self.observe("dag_workflow_execution_duration_seconds", duration, workflow_name=name)

    def run_phase(self, execution, phase, nodes):
        under_way = set()
        for number, node_type in enumerate(nodes):
            node = f"{phase}-{number}"
            under_way.add(node)
            self.stage.spawn(self.run_node(execution, phase, node, node_type, under_way))
        while under_way:
            yield 0.25
        self.judge(phase)

    def run_node(self, execution, phase, node, node_type, under_way):
        began = self.stage.seconds
        self.tell("NodeStarted", execution_id=execution, node=node, node_type=node_type,
                  phase_name=phase)
        self.ledger.enter("dag_active_nodes", (execution, node))
        self.use_context("read")
        yield self.seconds(NODE_SECONDS[node_type], 8)
        while self.chance(0.15):
            self.tell("NodeRetried", execution_id=execution, node=node, node_type=node_type,
                      phase_name=phase)
            self.count("dag_node_retries_total", node_type=node_type, phase_name=phase)
            yield self.seconds(NODE_SECONDS[node_type], 8)
        status = "failure" if self.chance(0.06) else "success"
        self.failed[execution] |= status == "failure"
        duration = round(self.stage.seconds - began, 3)
        self.use_context("write")
        self.tell("NodeCompleted", execution_id=execution, node=node, node_type=node_type,
                  phase_name=phase, status=status, duration=duration)
        self.ledger.leave("dag_active_nodes", (execution, node))
        self.count("dag_node_executions_total", node_type=node_type, phase_name=phase,
                   status=status)
        self.observe("dag_node_execution_duration_seconds", duration, node_type=node_type,
                     phase_name=phase)
        under_way.remove(node)

    def judge(self, phase):
        score = round(self.rng.betavariate(8, 2), 2)
        self.tell("QualityScored", phase_name=phase, score=score)
        self.observe("dag_quality_score_distribution", score, phase_name=phase)
        kind = self.pick({"input": 1, "output": 2})
        status = "failure" if self.chance(0.1) else "success"
        self.tell("ContractValidated", contract_type=kind, status=status)
        self.count("dag_contract_validations_total", contract_type=kind, status=status)

    def leave_artifact(self, workflow):
        kind = {"write-report": "report", "build-index": "index", "evaluate-model": "scores"}
        size = int(self.rng.lognormvariate(10, 1.5))
        self.tell("ArtifactGenerated", artifact_type=kind[workflow], size=size)
        self.count("dag_artifacts_generated_total", artifact_type=kind[workflow])
        self.observe("dag_artifact_size_bytes", size, artifact_type=kind[workflow])

    # --- Database and context store

    def use_context(self, operation):
        status = "failure" if self.chance(0.03) else "success"
        self.tell("ContextStoreOperation", operation=operation, status=status)
        self.count("dag_context_store_operations_total", operation=operation, status=status)
        self.query({"read": "select", "write": "update"}[operation])

    def query(self, query_type):
        duration = self.seconds(0.0015, 3)
        self.tell("DatabaseQuery", query_type=query_type, duration=duration)
        self.observe("dag_database_query_duration_seconds", duration, query_type=query_type)

    # --- The service

    def measure(self):
        while True:
            busy = len(self.failed)
            self.sockets = max(0, self.sockets + self.rng.randrange(-1, 2))
            values = {
                "queue_depth": self.rng.randrange(0, 5), "database_connections": 2 + busy,
                "database_pool_size": 10, "memory_bytes": 300_000_000 + busy * 4_000_000,
                "cpu_percent": round(5 + 20 * busy * self.rng.random(), 1),
                "websocket_connections": self.sockets,
            }
            self.tell("SystemMeasured", **values)
            names = {"queue_depth": "workflow_queue_depth", "memory_bytes": "memory_usage_bytes",
                     "cpu_percent": "cpu_usage_percent"}
            for field, value in values.items():
                self.put("dag_" + names.get(field, field), value)
            yield self.pause(3.0)

    def check_health(self):
        for check_type in CHECKS:  # it begins well; then the context store is away for a moment
            self.be(check_type, True)
        yield 2.0
        self.be("context_store", False)
        while True:
            for check_type, failing in CHECKS.items():
                yield self.pause(1.0)
                self.be(check_type, not self.chance(failing))

    def be(self, check_type, healthy):
        self.tell("HealthChecked", check_type=check_type, healthy=healthy)
        self.put("dag_health_check_status", int(healthy), check_type=check_type)

    def answer(self):
        while True:
            method, endpoint = self.pick(ENDPOINTS).split()
            status_code = self.pick({200: 20, 404: 1, 500: 1})
            duration = self.seconds(0.02, 12)
            self.tell("ApiRequest", method=method, endpoint=endpoint, status_code=status_code,
                      duration=duration)
            self.count("dag_api_requests_total", method=method, endpoint=endpoint,
                       status_code=status_code)
            self.observe("dag_api_request_duration_seconds", duration, method=method,
                         endpoint=endpoint)
            self.query("select")
            yield self.pause(0.4)
