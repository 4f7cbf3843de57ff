internal import Metrics
internal import Synchronization

/// Where swift-metrics ends up: what this process and its libraries record at the moment when it happens. `Metric.all`
/// shows it beside the figures that are read from the hub's state.
final class MetricRegistry: MetricsFactory {
    /// An instrument's name, and what tells it from others of that name.
    struct Key: Hashable, Sendable {
        var label: String
        var dimensions: [Metric.Label]
    }

    /// A library that makes up names for ever must not fill the memory.
    private static let maximumSeries = 1000

    private let series = Mutex<[Key: RecordedSeries]>([:])

    /// All instruments of one name, in the order of their dimensions.
    func recorded(_ label: String) -> [(dimensions: [Metric.Label], value: RecordedSeries.Value)] {
        series.withLock { $0.filter { $0.key.label == label } }
            .map { ($0.key.dimensions, $0.value.value) }
            .sorted { first, second in
                first.0.map(\.value).lexicographicallyPrecedes(second.0.map(\.value))
            }
    }

    /// The one of this name and dimensions: instruments are made anew wherever something is recorded.
    private func find(_ label: String, _ dimensions: [(String, String)]) -> RecordedSeries {
        let key = Key(label: label, dimensions: dimensions.map { Metric.Label($0.0, $0.1) })
        return series.withLock { series in
            if let known = series[key] { return known }
            let new = RecordedSeries()
            if series.count < Self.maximumSeries { series[key] = new }
            return new
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { find(label, dimensions) }
    func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler { find(label, dimensions) }
    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { find(label, dimensions) }
    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler { find(label, dimensions) }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { find(label, dimensions) }

    // What was counted stays: a series that comes and goes would look like a process that has restarted.
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}

/// What one instrument has recorded: a number, and for a timer how often it was how long.
final class RecordedSeries: Sendable {
    struct Value: Sendable {
        var number = 0.0
        /// In seconds.
        var durations = HubInfo.Histogram(
            bounds: RecordedSeries.bounds, counts: [Int](repeating: 0, count: RecordedSeries.bounds.count))
    }

    /// The classes of durations, in seconds: from what a status takes to what a proposal without a majority does.
    static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private let state = Mutex(Value())

    var value: Value { state.withLock { $0 } }

    private func change(_ change: (inout Value) -> Void) { state.withLock { change(&$0) } }
}

extension RecordedSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func increment(by amount: Double) { change { $0.number += amount } }
    func decrement(by amount: Double) { change { $0.number -= amount } }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { change { $0.number = value } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func reset() { change { $0 = Value() } }

    func recordNanoseconds(_ duration: Int64) {
        let seconds = Double(duration) / 1e9
        change { value in
            value.durations.count += 1
            value.durations.sum += seconds
            if let place = value.durations.bounds.firstIndex(where: { seconds < $0 }) {
                value.durations.counts[place] += 1
            }
        }
    }
}
