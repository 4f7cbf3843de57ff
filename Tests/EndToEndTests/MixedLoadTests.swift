import HubSync
import Testing

/// Several servers take writes at once, and at the end all of them hold the same.
@Suite struct MixedLoadTests {
    @Test func disjointKeysSurviveKilledHubsAndServers() async throws {
        try await withCluster(3) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for server in cluster.servers {
                    group.addTask {
                        try await write(to: server, name: "w\(server.id)", rounds: 400) { round in
                            if server.id == 1, round % 37 == 0 {
                                await cluster.hub.process.kill()
                                try await cluster.hub.start()
                            }
                            // A Pika that dies in the middle of a command may have it in its data and not in its
                            // binlog; between two rounds it has none.
                            if round == 90 * server.id {
                                await server.process.kill()
                                try await server.start()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await cluster.awaitEqual()
            #expect(try await cluster.servers[0].contents().values.count > 3 * 4 * MixedLoad.keysPerKind)
        }
    }

    @Test func theSameKeysEndEqual() async throws {
        try await withCluster(3) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for server in cluster.servers {
                    group.addTask { try await write(to: server, name: "all", rounds: 200) { _ in } }
                }
                try await group.waitForAll()
            }
            try await cluster.awaitEqual()
        }
    }

    /// Writes ten commands a round, about a hundred rounds a second.
    /// - Parameter afterRound: runs between two rounds; the server may be another process afterwards.
    private func write(
        to server: TestServer, name: String, rounds: Int, afterRound: (Int) async throws -> Void
    ) async throws {
        var load = MixedLoad(name: name, seed: UInt64(server.id))
        for round in 1...rounds {
            try await server.send(load.next(10))
            try await afterRound(round)
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
