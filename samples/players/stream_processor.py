"""A stream processor: reads a topic in batches, drops duplicates, fills gaps, keeps windows."""

from players.service import Service

LATENCY = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
OPERATORS = {"parse": 0.0002, "deduplicate": 0.0003, "enrich": 0.004, "aggregate": 0.001}
WINDOW_SECONDS = {"tumbling": 5.0, "sliding": 3.0, "session": 7.0}
BACKENDS = {"memory": 0.00005, "rocksdb": 0.0008}


class StreamProcessor(Service):
    FILE = "stream/processor.jsonl"
    BUCKETS = {
        "processor_event_processing_duration_seconds": LATENCY,
        "processor_window_size_events":
            [1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000],
        "processor_aggregation_duration_seconds": LATENCY,
        "processor_state_operation_duration_seconds": LATENCY,
        "processor_operator_duration_seconds": LATENCY,
    }

    def __init__(self, stage, ledger):
        super().__init__(stage, ledger)
        self.waiting = {partition: 120 for partition in range(3)}  # messages
        self.cached = 1000
        self.windows = 0
        self.taken = 0  # events since the start: what windows hold

    def play(self):
        """Spawns all that goes on."""
        self.start()
        for partition in self.waiting:
            self.stage.spawn(self.consume(partition), 0.3 * partition)
        for number, window_type in enumerate(WINDOW_SECONDS):
            self.stage.spawn(self.keep_windows(window_type), 0.5 + 0.4 * number)
        self.stage.spawn(self.keep_time(), 1.0)
        self.stage.spawn(self.keep_state(), 1.5)
        self.stage.spawn(self.meet_trouble(), 2.0)

    def start(self):
        self.tell("ProcessorStarted")
        self.ledger.clear("processor_windows_active")
        self.ledger.clear("processor_pipeline_operators_active")
        for operator in OPERATORS:
            self.start_operator(operator)

    def start_operator(self, operator):
        self.tell("OperatorStarted", operator=operator)
        self.ledger.enter("processor_pipeline_operators_active", operator)

    # --- The way of a batch

    def consume(self, partition):
        while True:
            count = min(self.rng.randrange(2, 12), self.waiting[partition])
            self.waiting[partition] += self.rng.randrange(0, 13) - count
            self.poll(partition, count)
            self.receive(count)
            for _ in range(min(count, 3)):  # of the others nothing is told
                self.take()
            if count:
                self.tell("KafkaProduced", topic="enriched", partition=partition, count=count)
                self.count("processor_kafka_messages_produced_total", count, topic="enriched",
                           partition=partition)
            yield self.pause(1.0)

    def poll(self, partition, count):
        lag = self.waiting[partition]
        self.tell("KafkaConsumed", topic="orders", partition=partition, count=count, lag=lag)
        self.count("processor_kafka_messages_consumed_total", count, topic="orders",
                   partition=partition)
        self.put("processor_kafka_consumer_lag", lag, topic="orders", partition=partition)

    def receive(self, count):
        self.tell("EventReceived", count=count)
        self.count("processor_events_received_total", count)

    def take(self):
        duplicate = self.chance(0.1)
        self.check(duplicate)
        if duplicate:
            return
        self.taken += 1
        if self.chance(0.3):
            self.tell("EventNormalized")
            self.count("processor_normalization_events_total")
        for operator, typical in OPERATORS.items():
            if self.chance(0.3):
                self.work(operator, self.seconds(typical, 0.2))
        self.use_state()
        result = "error" if self.chance(0.04) else "success"
        self.process(result, self.seconds(0.002, 1.5))

    def check(self, duplicate):
        self.cached += 0 if duplicate else 1
        self.tell("DedupChecked", duplicate=duplicate, cache_size=self.cached)
        self.count("processor_dedup_events_checked_total")
        self.count("processor_dedup_duplicates_found_total", 1 if duplicate else 0)
        self.put("processor_dedup_cache_size", self.cached)

    def work(self, operator, duration):
        self.tell("OperatorExecuted", operator=operator, duration=duration)
        self.observe("processor_operator_duration_seconds", duration, operator=operator)

    def use_state(self):
        for layer, hit in (("l1", 0.7), ("l2", 0.6), ("l3", 0.5)):
            found = self.chance(hit)
            self.look_up(layer, "hit" if found else "miss")
            if found:
                break
        backend = self.pick({"memory": 3, "rocksdb": 1})
        operation = self.pick({"get": 6, "put": 4, "delete": 1})
        duration = self.seconds(BACKENDS[backend], 0.3)
        self.tell("StateOperation", operation=operation, backend=backend, duration=duration)
        self.count("processor_state_operations_total", operation=operation, backend=backend)
        self.observe("processor_state_operation_duration_seconds", duration, operation=operation,
                     backend=backend)

    def look_up(self, layer, result):
        self.tell("StateCacheLookup", layer=layer, result=result)
        name = {"hit": "hits", "miss": "misses"}[result]
        self.count(f"processor_state_cache_{name}_total", layer=layer)

    def process(self, result, duration):
        self.tell("EventProcessed", result=result, duration=duration)
        self.count("processor_events_processed_total", result=result)
        self.observe("processor_event_processing_duration_seconds", duration, result=result)

    # --- Windows

    def keep_windows(self, window_type):
        """One after the other; sliding ones fire twice."""
        while True:
            self.windows += 1
            window, taken = f"{window_type}-{self.windows}", self.taken
            self.tell("WindowCreated", window_type=window_type, window=window)
            self.count("processor_windows_created_total", window_type=window_type)
            self.ledger.enter("processor_windows_active", window, window_type=window_type)
            for _ in range(2 if window_type == "sliding" else 1):
                yield WINDOW_SECONDS[window_type]
                self.fire(window_type, window, self.taken - taken)
            self.tell("WindowClosed", window_type=window_type, window=window)
            self.ledger.leave("processor_windows_active", window)

    def fire(self, window_type, window, size):
        self.tell("WindowTriggered", window_type=window_type, window=window, size=size)
        self.count("processor_windows_triggered_total", window_type=window_type)
        self.observe("processor_window_size_events", size, window_type=window_type)
        for kind in ("count", "sum", "average"):
            duration = self.seconds(0.0008, 0.5)
            self.tell("AggregationComputed", aggregate_type=kind, duration=duration)
            self.count("processor_aggregations_computed_total", aggregate_type=kind)
            self.observe("processor_aggregation_duration_seconds", duration, aggregate_type=kind)

    # --- What is measured from time to time

    def keep_time(self):
        while True:
            lag = round(0.5 + self.rng.expovariate(1.0), 3)
            self.tell("WatermarkAdvanced", lag=lag)
            self.count("processor_watermark_updates_total")
            self.put("processor_watermark_lag_seconds", lag)
            lag = round(sum(self.waiting.values()) / 150, 3)
            self.tell("LagMeasured", lag=lag)
            self.put("processor_pipeline_lag_seconds", lag)
            yield self.pause(2.0)

    def keep_state(self):
        while True:
            for backend, size in (("memory", 40), ("rocksdb", 700)):
                size = size * 1_000_000 + self.cached * 512
                self.tell("StateSizeMeasured", backend=backend, size=size)
                self.put("processor_state_size_bytes", size, backend=backend)
            yield self.pause(5.0)

    # --- What goes wrong: one after the other, so that each happens within a minute

    def meet_trouble(self):
        troubles = [self.late, self.out_of_order, self.press_back, self.gap, self.outlier,
                    self.evict, self.forget, self.aggregation_fails, self.commit_fails,
                    self.pipeline_fails]
        while True:
            for trouble in troubles:
                trouble()
                yield 2.0
            self.tell("OperatorStopped", operator="enrich")
            self.ledger.leave("processor_pipeline_operators_active", "enrich")
            yield 2.0
            self.start_operator("enrich")
            yield 6.0

    def late(self):
        count = self.rng.randrange(1, 4)
        self.tell("EventLate", count=count)
        self.count("processor_late_events_total", count)

    def out_of_order(self):
        self.tell("EventOutOfOrder")
        self.count("processor_out_of_order_events_total")

    def press_back(self):
        self.tell("BackpressureApplied")
        self.count("processor_backpressure_events_total")

    def gap(self):
        strategy = self.pick({"forward_fill": 3, "interpolate": 2, "zero": 1})
        gaps = self.rng.randrange(1, 6)
        self.tell("GapFilled", strategy=strategy, gaps=gaps)
        self.count("processor_normalization_fill_operations_total", strategy=strategy)
        self.count("processor_normalization_gaps_filled_total", gaps)

    def outlier(self):
        self.tell("OutlierDetected")
        self.count("processor_normalization_outliers_detected_total")

    def evict(self):
        backend, count = self.pick({"memory": 3, "rocksdb": 1}), self.rng.randrange(5, 40)
        self.tell("StateEvicted", backend=backend, count=count)
        self.count("processor_state_evictions_total", count, backend=backend)

    def forget(self):
        count = self.rng.randrange(5, 40)
        self.cached -= count
        self.tell("DedupCacheEvicted", count=count, cache_size=self.cached)
        self.count("processor_dedup_cache_evictions_total", count)
        self.put("processor_dedup_cache_size", self.cached)

    def aggregation_fails(self):
        kind = self.pick({"sum": 1, "average": 2})
        self.tell("AggregationFailed", aggregate_type=kind)
        self.count("processor_aggregation_errors_total", aggregate_type=kind)

    def commit_fails(self):
        partition = self.rng.randrange(3)
        self.tell("KafkaOffsetCommitFailed", topic="orders", partition=partition)
        self.count("processor_kafka_offset_commit_errors_total", topic="orders",
                   partition=partition)

    def pipeline_fails(self):
        error_type = self.pick({"deserialization": 3, "timeout": 1})
        self.tell("PipelineError", error_type=error_type)
        self.count("processor_pipeline_errors_total", error_type=error_type)
