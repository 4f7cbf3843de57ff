import Synchronization
import Testing

@testable import HubDaemon

@Suite struct ClientRegistryTests {
    private let start = ContinuousClock.now

    @Test func connectionsAreLimitedInTotalAndPerAddress() throws {
        let registry = ClientRegistry()
        var limits = Configuration()
        limits.requirepass = "x"
        limits.adminMaxConnections = 3
        limits.adminMaxConnectionsPerAddress = 2
        let first = try admit(registry, "10.0.0.1", limits).get()
        _ = try admit(registry, "10.0.0.1", limits).get()
        #expect(admit(registry, "10.0.0.1", limits) == .failure(.tooManyFromAddress))
        _ = try admit(registry, "10.0.0.2", limits).get()
        #expect(admit(registry, "10.0.0.3", limits) == .failure(.tooMany))
        registry.remove(first)
        registry.remove(first)
        _ = try admit(registry, "10.0.0.1", limits).get()
        #expect(registry.statistics.connectionsReceived == 6)
        #expect(registry.statistics.connectionsRejected == 2)
        #expect(registry.statistics.connectedClients == 3)
    }

    /// However many are allowed, links and files keep their descriptors.
    @Test(arguments: [(100, 50), (20_000, 15_904)]) func clientsLeaveDescriptorsForTheHub(limit: Int, clients: Int) {
        let registry = ClientRegistry(descriptorLimit: limit)
        var limits = Configuration()
        limits.adminMaxConnections = 1_000_000
        limits.adminMaxConnectionsPerAddress = 1_000_000
        for _ in 0..<clients { #expect(throws: Never.self) { try admit(registry, "::1", limits).get() } }
        #expect(admit(registry, "::1", limits) == .failure(.tooMany))
    }

    @Test func withoutAPasswordOnlyThisMachineIsAnswered() throws {
        let registry = ClientRegistry()
        for host in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            _ = try admit(registry, host, Configuration()).get()
        }
        for host in ["10.0.0.1", "::2", "::ffff:10.0.0.1", ""] {
            #expect(admit(registry, host, Configuration()) == .failure(.protected))
        }
        var open = Configuration()
        open.protectedMode = false
        _ = try admit(registry, "10.0.0.1", open).get()
        open.protectedMode = true
        open.requirepass = "x"
        _ = try admit(registry, "10.0.0.1", open).get()
    }

    @Test func idleConnectionsAreClosedAndTheRateIsMeasured() throws {
        let registry = ClientRegistry()
        let closed = Mutex<[Int]>([])
        var sessions: [AdminSession] = []
        for id in 1...2 {
            let admitted = registry.admit(host: "::1", port: id, configuration: Configuration(), now: start) {
                closed.withLock { $0.append(id) }
            }
            sessions.append(try admitted.get())
        }
        registry.update(sessions[0], now: start + .seconds(8))
        registry.tick(now: start + .seconds(11), idleTimeoutSeconds: 0)
        #expect(closed.withLock { $0 } == [])
        #expect(registry.statistics.commandsPerSecond == 1)
        registry.tick(now: start + .seconds(11), idleTimeoutSeconds: 10)
        #expect(closed.withLock { $0 } == [2])
        #expect(registry.statistics.commandsPerSecond == 0)
        #expect(registry.statistics.idleConnectionsClosed == 1)
    }

    private func admit(
        _ registry: ClientRegistry, _ host: String, _ configuration: Configuration
    ) -> Result<AdminSession, AdmissionRefusal> {
        registry.admit(host: host, port: 1, configuration: configuration, now: start) {}
    }
}
