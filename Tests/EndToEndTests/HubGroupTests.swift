import Foundation
import HubSync
import Testing

/// Three hubs as one group: what happens when some of them end, freeze, or cannot reach each other.
@Suite struct HubGroupTests {
    @Test func killedPrimariesLoseNothing() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            try await cluster.startServers()
            try await cluster.startHubs()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            try await withThrowingTaskGroup(of: Void.self) { group in
                for server in cluster.servers {
                    group.addTask { try await write(to: server, until: { Task.isCancelled }) }
                }
                for _ in 0..<4 {
                    let primary = try await cluster.primary()
                    await primary.process.kill()
                    try await arrives(from: cluster.servers[0], at: cluster.servers[1])
                    try await primary.start()
                }
                group.cancelAll()
                try await group.waitForAll()
            }
            try await cluster.awaitEqual()
        }
    }

    @Test func aFrozenPrimaryIsReplacedAndDeliversNothingAfterwards() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            try await cluster.startServers()
            try await cluster.startHubs()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            let frozen = try await cluster.primary()
            await frozen.process.send(SIGSTOP)
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            let next = try await cluster.primary(except: frozen)
            await frozen.process.send(SIGCONT)
            try await eventually("the old primary follows the new one") {
                try await frozen.info()["primary"] == "127.0.0.1:\(next.adminPort)"
            }
            #expect(try await cluster.primary().raftPort == next.raftPort)
            try await arrives(from: cluster.servers[1], at: cluster.servers[0])
            try await cluster.awaitEqual()
        }
    }

    @Test func withoutAMajorityEveryHubSaysWhy() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            try await cluster.startServers()
            try await cluster.startHubs()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            let primary = try await cluster.primary()
            let others = cluster.hubs.filter { $0.raftPort != primary.raftPort }
            for other in others { await other.process.kill() }
            let reason = "this hub reaches 1 of 3 hubs, itself included, and 2 are needed"
            try await eventually("INFO says why") {
                try await primary.ask("INFO", "warnings").text?.contains("no primary: \(reason)") == true
            }
            #expect(
                try await primary.ask("DROP", "2") == .error("ERR no primary: \(reason); nothing was changed"))
            try await cluster.servers[0].ask("SET", "meanwhile", "1")
            #expect(try await cluster.servers[1].ask("GET", "meanwhile") == .null)
            try await others[0].start()
            try await eventually("delivery goes on") {
                try await cluster.servers[1].ask("GET", "meanwhile").text == "1"
            }
        }
    }

    /// The manual's two procedures, each said once, on a hub that is not the primary; then all hubs are killed at once.
    @Test func transferAndCopyAreDurableEverywhere() async throws {
        try await withCluster(2, hubs: 3, spares: [1, 3]) { cluster in
            try await cluster.startServers()
            let (master, other, promoted, new) = (
                cluster.servers[0], cluster.servers[1], cluster.spares[0], cluster.spares[1]
            )
            for spare in cluster.spares { try await spare.start() }
            try await cluster.startHubs()
            try await arrives(from: master, at: other)
            try await arrives(from: other, at: master)

            try await follow(promoted, master)
            let primary = try await cluster.primary()
            let secondaries = cluster.hubs.filter { $0.raftPort != primary.raftPort }
            #expect(
                try await secondaries[0].ask("TRANSFER", "1", "127.0.0.1", "\(promoted.port)")
                    == .error("ERR server_id 1 is online, could not transfer"))
            await master.process.kill()
            try await promoted.ask("SLAVEOF", "NO", "ONE")
            for hub in secondaries + [primary] {
                try await eventually("TRANSFER is accepted") {
                    try await hub.ask("TRANSFER", "1", "127.0.0.1", "\(promoted.port)") == .status("OK")
                }
            }
            try await arrives(from: promoted, at: other)
            try await arrives(from: other, at: promoted)

            try await follow(new, other)
            for hub in secondaries + [primary] {
                #expect(try await hub.ask("COPY", "2", "3", "127.0.0.1", "\(new.port)") == .status("OK"))
            }
            try await new.ask("SLAVEOF", "NO", "ONE")
            let servers = [promoted, other, new]
            for server in servers {
                try await server.run([["INCR", "count:\(server.port)"], ["RPUSH", "list:\(server.port)", "1"]])
            }
            try await cluster.awaitEqual(servers)

            for hub in cluster.hubs { await hub.process.kill() }
            for server in servers { try await server.run([["INCR", "count:\(server.port)"]]) }
            try await cluster.startHubs()
            for server in servers { try await server.run([["SET", "after:\(server.port)", "1"]]) }
            try await cluster.awaitEqual(servers)
            for server in servers { #expect(try await new.ask("GET", "count:\(server.port)").text == "2") }
        }
    }

    /// Makes a server the slave of another, and returns when it has all of its data.
    private func follow(_ slave: TestServer, _ master: TestServer) async throws {
        #expect(try await slave.ask("SLAVEOF", "127.0.0.1", "\(master.port)") == .status("OK"))
        try await eventually("the slave has caught up") { try await slave.contents() == master.contents() }
    }
}

/// Waits until a key that is written now on one server is on another.
func arrives(from source: TestServer, at destination: TestServer) async throws {
    let key = "from \(source.port) to \(destination.port) \(UUID().uuidString)"
    try await source.ask("SET", key, "1")
    try await eventually(key) { try await destination.ask("GET", key).text == "1" }
}

/// Writes ten commands about a hundred times a second, to keys of this server only.
func write(to server: TestServer, until isDone: () -> Bool) async throws {
    var load = MixedLoad(name: "w\(server.id)", seed: UInt64(server.id))
    while !isDone() {
        try await server.send(load.next(10))
        do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
    }
}
