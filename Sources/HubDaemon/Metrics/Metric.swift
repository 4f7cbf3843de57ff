internal import HubStore

/// A figure for Prometheus: its name, what it means, and how it is read from what INFO shows.
struct Metric: Sendable {
    enum Kind: String, Hashable, Sendable { case gauge, counter, histogram }

    struct Sample: Hashable, Sendable {
        /// Appended to the metric's name: the series of a histogram.
        var suffix: String
        var labels: [Label]
        var value: Double

        init(suffix: String = "", labels: [Label], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }

        init(_ value: Double, _ labels: Label...) {
            self.init(labels: labels, value: value)
        }

        init(_ value: Int, _ labels: Label...) {
            self.init(labels: labels, value: Double(value))
        }

        init(_ value: Bool, _ labels: Label...) {
            self.init(labels: labels, value: value ? 1 : 0)
        }
    }

    struct Label: Hashable, Sendable {
        var name: String
        var value: String

        init(_ name: String, _ value: some CustomStringConvertible) {
            self.name = name
            self.value = value.description
        }
    }

    /// Everything that a metric may be read from.
    struct Figures: Sendable {
        var info: HubInfo
        var clients: ClientRegistry.Statistics
        var recorded: MetricRegistry
    }

    let name: String
    let kind: Kind
    let help: String
    let samples: @Sendable (Figures) -> [Sample]

    /// - Parameter name: without the common prefix; counters end in `total`, units stand last.
    init(_ name: String, _ kind: Kind, _ help: String, samples: @escaping @Sendable (Figures) -> [Sample]) {
        self.name = "pika_hub_" + name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// A metric of one sample without labels, left out while the value is nil.
    init(_ name: String, _ kind: Kind, _ help: String, value: @escaping @Sendable (Figures) -> Int?) {
        self.init(name, kind, help) { figures in value(figures).map { [Sample($0)] } ?? [] }
    }

    /// The metrics as a Markdown table, for the README.
    static var markdown: String {
        let rows = all.map { "| `\($0.name)` | \($0.kind.rawValue) | \($0.help) |" }
        return (["| metric | kind | meaning |", "|---|---|---|"] + rows).joined(separator: "\n")
    }

    /// All metrics in Prometheus' text format 0.0.4.
    static func text(of figures: Figures) -> String {
        var text = ""
        for metric in all {
            let samples = metric.samples(figures)
            guard !samples.isEmpty else { continue }
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind.rawValue)\n"
            for sample in samples { text += "\(metric.name)\(sample.text)\n" }
        }
        return text
    }
}

extension Metric.Sample {
    /// What follows the metric's name.
    fileprivate var text: String {
        let pairs = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        let exact = Int(exactly: value).map(\.description) ?? value.description
        return suffix + (pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}") + " " + exact
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
