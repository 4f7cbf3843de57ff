import Foundation
import HubStore
import Testing

@testable import HubDaemon

@Suite struct MetricTests {
    private func figures(_ change: (inout HubInfo) -> Void = { _ in }) -> Metric.Figures {
        var info = HubInfo()
        let servers = [1, 2].map { ServerDescription(id: ServerID($0), address: Address(host: "h", port: 9221)) }
        _ = info.state.apply(.seed(servers: servers))
        change(&info)
        return Metric.Figures(info: info, clients: ClientRegistry.Statistics(), recorded: MetricRegistry())
    }

    private func lines(_ figures: Metric.Figures) -> [String] {
        Metric.text(of: figures).split(separator: "\n").map(String.init)
    }

    /// Prometheus' conventions.
    @Test func namesAreWellFormed() {
        #expect(Set(Metric.all.map(\.name)).count == Metric.all.count)
        for metric in Metric.all {
            #expect(metric.name.wholeMatch(of: /pika_hub_[a-z]+(_[a-z]+)*/) != nil, "\(metric.name)")
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            #expect(!metric.help.contains("\n") && metric.help.hasSuffix("."), "\(metric.name)")
        }
    }

    @Test func routesAreShownWithTheirServers() {
        let lines = lines(
            figures { info in
                var route = HubInfo.Route(source: ServerID(1), destination: ServerID(2))
                route.lagSeconds = 1.5
                route.records = 7
                route.purge = HubInfo.Purge(filesAhead: 8, filesLeft: 2, isNear: true)
                info.routes = [route, HubInfo.Route(source: ServerID(2), destination: ServerID(1))]
            })
        #expect(lines.contains(#"pika_hub_route_lag_seconds{source="1",destination="2"} 1.5"#))
        #expect(lines.contains(#"pika_hub_route_records_total{source="1",destination="2"} 7"#))
        #expect(lines.contains(#"pika_hub_route_purge_near{source="1",destination="2"} 1"#))
        #expect(lines.contains(#"pika_hub_route_lag_seconds{source="2",destination="1"} 0"#))
        #expect(!lines.contains { $0.hasPrefix(#"pika_hub_route_purge_near{source="2""#) }, "not known")
    }

    @Test func everyLinkOfAServerIsShown() {
        let lines = lines(
            figures { info in
                info.links[ServerID(1)] = HubInfo.Link(status: .connected)
                info.links[ServerID(9)] = HubInfo.Link()
            })
        #expect(lines.contains(#"pika_hub_server_in_sync{server="1"} 1"#))
        #expect(!lines.contains { $0.contains(#"server="9""#) }, "it has left the group")
    }

    /// A histogram's buckets count everything below their bounds.
    @Test func proposalsMakeAHistogram() {
        let lines = lines(
            figures { $0.raft.proposals = HubInfo.Histogram(bounds: [0.5, 1], counts: [2, 3], count: 6, sum: 4.25) })
        let found = lines.filter { $0.hasPrefix("pika_hub_raft_proposal_seconds") }
        #expect(
            found == [
                #"pika_hub_raft_proposal_seconds_bucket{le="0.5"} 2"#,
                #"pika_hub_raft_proposal_seconds_bucket{le="1.0"} 5"#,
                #"pika_hub_raft_proposal_seconds_bucket{le="+Inf"} 6"#,
                "pika_hub_raft_proposal_seconds_sum 4.25",
                "pika_hub_raft_proposal_seconds_count 6",
            ])
    }

    /// A server can make the hub show any name of a command.
    @Test func labelsAreEscaped() {
        let lines = lines(figures { $0.unrelayedCommands = ["a\"b\\c\nd": 1] })
        #expect(lines.contains(#"pika_hub_unrelayed_commands_total{command="a\"b\\c\nd"} 1"#))
    }

    // MARK: Documents

    @Test func readmeHasTheTable() throws {
        let text = try String(contentsOf: repository.appending(path: "README.md"), encoding: .utf8)
        #expect(text.contains(Metric.markdown), "insert what 'pika_hub --print-metrics' prints")
        #expect(try MarkdownDocument("README.md").table("metric")?.count == Metric.all.count, "nothing besides")
    }

    @Test(arguments: ["prometheus_alerts.yml", "grafana_dashboard.json"])
    func rulesAndPanelsUseMetricsThatExist(file: String) throws {
        let text = try String(contentsOf: repository.appending(path: "conf/\(file)"), encoding: .utf8)
        let used = Set(text.matches(of: /\bpika_hub_[a-z_]+/).map { String($0.0) })
        let known = Metric.all.flatMap { metric in
            metric.kind == .histogram ? ["_bucket", "_sum", "_count"].map { metric.name + $0 } : [metric.name]
        }
        #expect(used.count > 10 && used.subtracting(known) == [])
    }

    /// A label that no metric has makes a legend empty and a rule silent. `instance` and `job` are Prometheus' own.
    @Test(arguments: ["prometheus_alerts.yml", "grafana_dashboard.json"])
    func rulesAndPanelsUseLabelsThatExist(file: String) throws {
        let text = try String(contentsOf: repository.appending(path: "conf/\(file)"), encoding: .utf8)
        let named = text.matches(of: /\$labels\.([a-z_]+)|{{([a-z_]+)}}|\b(?:by|on|without) ?\(([a-z_, ]+)\)/)
        let used = named.flatMap { match in
            [match.1, match.2, match.3].compactMap { $0 }.flatMap { $0.split(separator: ",") }
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
        let shown = Metric.all.flatMap { $0.samples(everything) }.flatMap(\.labels).map(\.name)
        #expect(!used.isEmpty && Set(used).subtracting(shown + ["instance", "job"]) == [])
    }

    /// With one of all that has labels of its own.
    private var everything: Metric.Figures {
        figures { info in
            info.process.logMessages = ["started": 1]
            info.raft.hub = HubID(1)
            info.members = (1...2).map(FakeHub.member)
            info.links[ServerID(1)] = HubInfo.Link()
            info.routes = [HubInfo.Route(source: ServerID(1), destination: ServerID(2))]
            info.unrelayedCommands = ["sadd": 1]
            for place in info.members.indices {
                info.members[place].lagEntries = 0
                info.members[place].lastContactMilliseconds = 0
            }
        }
    }

    @Test func theDashboardIsJSON() throws {
        let data = try Data(contentsOf: repository.appending(path: "conf/grafana_dashboard.json"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((object["panels"] as? [Any])?.isEmpty == false)
    }
}
