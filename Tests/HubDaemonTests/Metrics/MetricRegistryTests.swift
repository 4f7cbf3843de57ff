import Metrics
import Testing

@testable import HubDaemon

@Suite struct MetricRegistryTests {
    private let registry = MetricRegistry()

    /// An instrument is made anew wherever something is recorded.
    @Test func instrumentsOfOneNameAndDimensionsAreOne() {
        for _ in 0..<3 { Counter(label: "c", dimensions: [("a", "1")], factory: registry).increment(by: 2) }
        Counter(label: "c", dimensions: [("a", "0")], factory: registry).increment()
        let recorded = registry.recorded("c")
        #expect(recorded.map(\.value.number) == [1, 6])
        #expect(recorded.map(\.dimensions) == [[Metric.Label("a", "0")], [Metric.Label("a", "1")]])
        #expect(registry.recorded("d").isEmpty)
    }

    @Test func everyKindKeepsWhatItsNameSays() {
        let meter = Meter(label: "m", factory: registry)
        meter.set(5)
        meter.increment(by: 2.5)
        meter.decrement()
        #expect(registry.recorded("m").map(\.value.number) == [6.5])
        Gauge(label: "g", factory: registry).record(7)
        Gauge(label: "g", factory: registry).record(3)
        #expect(registry.recorded("g").map(\.value.number) == [3])
    }

    @Test func aTimerCountsByClassesOfSeconds() {
        let timer = Timer(label: "t", factory: registry)
        for milliseconds in [0, 3, 4, 20_000] { timer.recordMilliseconds(milliseconds) }
        let durations = registry.recorded("t").map(\.value.durations)
        #expect(durations.map(\.count) == [4] && durations.map(\.sum) == [20.007])
        let classes = durations.map { durations in
            Dictionary(uniqueKeysWithValues: zip(durations.bounds, durations.counts)).filter { $0.value > 0 }
        }
        #expect(classes == [[0.0005: 1, 0.005: 2]], "what took longer than all classes is only in the count")
    }

    /// The names are as many as a library likes to make up.
    @Test func seriesAreBounded() {
        for number in 0..<2000 { Counter(label: "c", dimensions: [("n", "\(number)")], factory: registry).increment() }
        #expect(registry.recorded("c").count == 1000)
    }

    @Test func commandsAreTimed() async {
        var bench = AdminBench()
        _ = await bench.ask("PING")
        _ = await bench.ask("ping")
        _ = await bench.ask("NOSUCH")
        let recorded = bench.context.metrics.recorded(AdminCommand.commandTimer)
        #expect(recorded.map(\.dimensions) == [[Metric.Label("command", "ping")]])
        #expect(recorded.map(\.value.durations.count) == [2])
    }
}
