import Foundation
import HubSync
import Testing

/// A hub and its servers, each a process of its own, with free ports on 127.0.0.1 and one temporary directory.
struct TestCluster: Sendable {
    let directory: URL
    let servers: [TestServer]
    let hub: TestHub

    func startServers() async throws {
        for server in servers { try await server.start() }
    }

    /// Returns when every server holds the same, and the hub has nothing left that could still change it.
    func awaitEqual(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        var differences: [String] = []
        do {
            try await eventually("all servers hold the same", every: .milliseconds(200)) {
                differences = try await self.differences()
                guard differences.isEmpty, try await hub.hasNothingUnderWay() else { return false }
                differences = try await self.differences()
                return differences.isEmpty
            }
        } catch {
            for line in differences.prefix(10) { Issue.record("\(line)", sourceLocation: sourceLocation) }
            throw error
        }
    }

    private func differences() async throws -> [String] {
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
        for server in servers where await server.process.pid != nil {
            let stats = try await server.info("stats")
            #expect(stats["sim_malformed_commands"] == "0", "server \(server.id)")
            #expect(stats["sim_ended_senders"] == "0", "server \(server.id)")
        }
        if await hub.process.pid != nil { #expect(await hub.process.stop() == 0, "the hub's exit status") }
    }

    /// What the hub said, for a test that failed.
    fileprivate func report() async throws {
        Issue.record("the hub printed:\n\(try await hub.process.printed().suffix(4000))")
        do {
            Issue.record("INFO of the hub:\n\(try await hub.ask("INFO", "all").text ?? "")")
        } catch {
            Issue.record("the hub does not answer: \(error)")
        }
    }

    fileprivate func end() async throws {
        await hub.process.kill()
        for server in servers { await server.process.kill() }
        try FileManager.default.removeItem(at: directory)
    }
}

/// Runs a test with servers 1 … `count` and a hub, none of them started yet, and ends them all afterwards.
///
/// - Parameters:
///   - serverOptions: further options of every `pika_sim`.
///   - passwords: of the servers, in their order; none for those beyond.
///   - configuredIDs: ids that the hub's configuration gives to servers in place of their own.
///   - hubSettings: settings of the hub besides addresses, ports and paths.
func withCluster(
    _ count: Int, serverOptions: [String] = [], passwords: [String] = [], configuredIDs: [Int: Int] = [:],
    hubSettings: [String: String] = [:], _ body: (TestCluster) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory.appending(path: "pika-hub-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let servers = try (1...count).map { id in
        let password = id <= passwords.count ? passwords[id - 1] : ""
        return try TestServer(id: id, password: password, options: serverOptions, in: directory)
    }
    let addresses = servers.map { server in
        "127.0.0.1:\(server.port):\(configuredIDs[server.id] ?? server.id)"
            + (server.password.isEmpty ? "" : ":\(server.password)")
    }
    let hub = try TestHub(pikaServers: addresses.joined(separator: ","), settings: hubSettings, in: directory)
    let cluster = TestCluster(directory: directory, servers: servers, hub: hub)
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
