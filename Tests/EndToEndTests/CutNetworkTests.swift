import HubSync
import Testing

/// Three hubs in networks that break without a word: no FIN and no RST reaches anybody.
@Suite(
    .enabled(if: NetworkNamespaces.obstacle == nil, "\(NetworkNamespaces.obstacle ?? "")"),
    .enabled(if: RealPika.executable == nil, "only pika_sim tells who delivered what"))
struct CutNetworkTests {
    /// How long it takes, `tools/failover_benchmark --cuts` measures; the bound here only tells it from what hangs.
    static let patience = Duration.seconds(10)

    @Test func aPrimaryThatIsCutOffIsReplacedAndDeliversNothingAfterwards() async throws {
        try await withNetwork(hubs: 3) { network in
            let settings = ["requirepass": "of-this-test"]
            try await withCluster(2, hubSettings: settings, hubs: 3, network: network) { cluster in
                try await cluster.startServers()
                try await cluster.startHubs()
                try await arrives(from: cluster.servers[0], at: cluster.servers[1])
                try await arrives(from: cluster.servers[1], at: cluster.servers[0])
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for server in cluster.servers {
                        group.addTask { try await write(to: server, until: { Task.isCancelled }) }
                    }
                    try await cutOffThePrimary(of: cluster, network)
                    group.cancelAll()
                    try await group.waitForAll()
                }
                try await cluster.awaitEqual()
            }
        }
    }

    /// While writes run.
    private func cutOffThePrimary(of cluster: TestCluster, _ network: NetworkNamespaces) async throws {
        let old = try await cluster.primary()
        let number = try #require(cluster.hubs.firstIndex { $0.raftPort == old.raftPort })
        #expect(try await delivered(by: old, to: cluster.servers).allSatisfy { $0 > 0 })

        try await network.cut(number)
        let began = ContinuousClock.now
        try await arrives(from: cluster.servers[0], at: cluster.servers[1])
        try await arrives(from: cluster.servers[1], at: cluster.servers[0])
        let standstill = ContinuousClock.now - began
        #expect(standstill < Self.patience)
        let next = try await cluster.primary(except: old)
        let before = try await delivered(by: old, to: cluster.servers)

        try await network.heal(number)
        // What its kernel still has to send is sent now, before the hub itself hears of anything.
        try await eventually("the old primary follows the new one") {
            let info = try await old.info()
            return info["role"] == "secondary" && info["primary"] == next.adminAddress
        }
        #expect(try await cluster.primary().raftPort == next.raftPort)
        try await arrives(from: cluster.servers[0], at: cluster.servers[1])
        try await arrives(from: cluster.servers[1], at: cluster.servers[0])
        #expect(try await delivered(by: old, to: cluster.servers) == before)
    }

    /// How many commands each server has had of a hub.
    private func delivered(by hub: TestHub, to servers: [TestServer]) async throws -> [Int] {
        var counts: [Int] = []
        for server in servers {
            counts.append(Int(try await server.info("stats")["sim_delivered_by_\(hub.place.host)"] ?? "0") ?? 0)
        }
        return counts
    }
}
