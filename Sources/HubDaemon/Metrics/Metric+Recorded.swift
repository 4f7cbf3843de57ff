/// What is recorded through swift-metrics at the moment when it happens.
extension Metric {
    static let recordedMetrics: [Metric] = [
        Metric("admin_command_seconds", .histogram, "How long commands to the admin port took, by command.") {
            histograms(AdminCommand.commandTimer, in: $0)
        },
        Metric("http_requests_total", .counter, "Requests to metrics-port.") { figures in
            figures.recorded.recorded("hb.requests").map { recorded in
                Sample(labels: shown(recorded.dimensions), value: recorded.value.number)
            }
        },
        Metric("http_request_seconds", .histogram, "How long they took.") {
            histograms("http.server.request.duration", in: $0)
        },
    ]

    private static func histograms(_ label: String, in figures: Figures) -> [Sample] {
        figures.recorded.recorded(label).flatMap { Sample.histogram($0.value.durations, shown($0.dimensions)) }
    }

    /// Hummingbird names its dimensions by OpenTelemetry's conventions, which are no names to Prometheus.
    private static func shown(_ dimensions: [Label]) -> [Label] {
        dimensions.map { label in
            let last = label.name.split(separator: ".").last.map(String.init) ?? label.name
            return Label(last == "status_code" ? "status" : last, label.value)
        }
    }
}

extension Metric.Sample {
    /// The series of one histogram.
    static func histogram(_ figures: HubInfo.Histogram, _ labels: [Metric.Label] = []) -> [Self] {
        var below = 0
        var samples = zip(figures.bounds, figures.counts).map { bound, count in
            below += count
            return Self(suffix: "_bucket", labels: labels + [Metric.Label("le", bound)], value: Double(below))
        }
        let all = Double(figures.count)
        samples.append(Self(suffix: "_bucket", labels: labels + [Metric.Label("le", "+Inf")], value: all))
        samples.append(Self(suffix: "_sum", labels: labels, value: figures.sum))
        samples.append(Self(suffix: "_count", labels: labels, value: all))
        return samples
    }
}
