import Foundation
import HubSync
import TestSupport
import Testing

/// Hubs and their servers, each a process of its own, with free ports on 127.0.0.1, unless the test has a network of its
/// own, and one temporary directory.
struct TestCluster: Sendable {
    let directory: URL
    let servers: [TestServer]
    /// Servers that no configuration names.
    let spares: [TestServer]
    let hubs: [TestHub]

    /// The only hub, or the first.
    var hub: TestHub { hubs[0] }

    func startHubs() async throws {
        for hub in hubs { try await hub.start() }
    }

    /// The hub that serves the servers, once there is just one among those that run.
    /// - Parameter frozen: a hub that cannot answer.
    func primary(except frozen: TestHub? = nil) async throws -> TestHub {
        var found: [TestHub] = []
        try await eventually("there is a primary") {
            found = []
            for hub in hubs where hub.raftPort != frozen?.raftPort {
                if await hub.process.pid != nil, try await hub.isPrimary() { found.append(hub) }
            }
            return found.count == 1
        }
        return found[0]
    }

    func startServers() async throws {
        for server in servers { try await server.start() }
    }

    /// Returns when every server holds the same, and the primary has nothing left that could still change it.
    /// - Parameter servers: those to look at; nil for all that are configured.
    func awaitEqual(
        _ servers: [TestServer]? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let servers = servers ?? self.servers
        var differences: [String] = []
        do {
            try await eventually("all servers hold the same", every: .milliseconds(200)) {
                differences = try await self.differences(servers)
                guard differences.isEmpty, try await primary().hasNothingUnderWay() else { return false }
                differences = try await self.differences(servers)
                return differences.isEmpty
            }
        } catch {
            for line in differences.prefix(10) { Issue.record("\(line)", sourceLocation: sourceLocation) }
            throw error
        }
    }

    private func differences(_ servers: [TestServer]) async throws -> [String] {
        let first = try await servers[0].contents()
        var differences: [String] = []
        for server in servers.dropFirst() {
            differences += first.differences(from: try await server.contents()).map { "server \(server.id): \($0)" }
        }
        return differences
    }

    /// What has to hold at the end of every test: the hub never delivered what a Pika would have executed wrongly, and
    /// never let sender threads die; it stops cleanly.
    fileprivate func verify() async throws {
        for server in servers + spares where await server.process.pid != nil && RealPika.executable == nil {
            let stats = try await server.info("stats")
            #expect(stats["sim_malformed_commands"] == "0", "server \(server.id)")
            #expect(stats["sim_ended_senders"] == "0", "server \(server.id)")
        }
        for hub in hubs where await hub.process.pid != nil {
            #expect(await hub.process.stop() == 0, "the exit status of hub \(hub.raftAddress)")
        }
    }

    /// What the hub said, for a test that failed.
    fileprivate func report() async throws {
        for hub in hubs {
            Issue.record("hub \(hub.raftAddress) printed:\n\(try await hub.process.printed().suffix(4000))")
            guard await hub.process.pid != nil else { continue }
            await hub.process.send(SIGCONT)
            do {
                Issue.record("its INFO:\n\(try await hub.ask("INFO", "all").text ?? "")")
            } catch {
                Issue.record("it does not answer: \(error)")
            }
        }
    }

    fileprivate func end() async throws {
        for hub in hubs { await hub.process.kill() }
        for server in servers + spares { await server.process.kill() }
        try FileManager.default.removeItem(at: directory)
    }
}

/// Runs a test with servers 1 … `count` and one or more hubs, none of them started yet, and ends them all afterwards.
///
/// - Parameters:
///   - serverOptions: further options of every `pika_sim`.
///   - passwords: of the servers, in their order; none for those beyond.
///   - configuredIDs: ids that the hub's configuration gives to servers in place of their own.
///   - hubSettings: settings of the hubs besides addresses, ports and paths.
///   - hubs: how many begin the group.
///   - joiners: further hubs, which wait to be added to it.
///   - spares: server ids of further servers.
///   - network: where they run; nil: all on 127.0.0.1.
func withCluster(
    _ count: Int, serverOptions: [String] = [], passwords: [String] = [], configuredIDs: [Int: Int] = [:],
    hubSettings: [String: String] = [:], hubs hubCount: Int = 1, joiners: Int = 0, spares: [Int] = [],
    network: NetworkNamespaces? = nil,
    _ body: (TestCluster) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "pika-hub-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let place = network?.servers ?? .here
    let servers = try (1...count).map { id in
        let password = id <= passwords.count ? passwords[id - 1] : ""
        return try TestServer(id: id, place: place, password: password, options: serverOptions, in: directory)
    }
    let addresses = servers.map { server in
        "\(place.host):\(server.port):\(configuredIDs[server.id] ?? server.id)"
            + (server.password.isEmpty ? "" : ":\(server.password)")
    }
    let raftPorts = (0..<hubCount + joiners).map { _ in FreePorts.reserve() }
    let places = raftPorts.indices.map { network?.hubs[$0] ?? .here }
    let group = zip(places, raftPorts).prefix(hubCount).map { "\($0.host):\($1)" }.joined(separator: ",")
    let settings = hubCount == 1 && joiners == 0 ? hubSettings : hubSettings.merging(["floyd-servers": group]) { $1 }
    let hubs = try raftPorts.enumerated().map { number, port in
        try TestHub(
            number: number, place: places[number], raftPort: port, pikaServers: addresses.joined(separator: ","),
            settings: settings, in: directory)
    }
    let others = try spares.enumerated().map { number, id in
        try TestServer(
            id: id, name: "spare\(number)", place: place, password: "", options: serverOptions, in: directory)
    }
    let cluster = TestCluster(directory: directory, servers: servers, spares: others, hubs: hubs)
    do {
        try await body(cluster)
        try await cluster.verify()
    } catch {
        try await cluster.report()
        try await cluster.end()
        throw error
    }
    try await cluster.end()
}
