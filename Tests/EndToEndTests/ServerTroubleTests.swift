import HubSync
import Testing

/// Servers that are not as the hub expects them: the others are served, and INFO and the log tell what is wrong.
@Suite struct ServerTroubleTests {
    @Test func aWrongServerIDIsTold() async throws {
        try await withCluster(3, configuredIDs: [3: 7]) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            let problem = "it says its server-id is 3, but it is configured as 7"
            try await eventually("INFO tells") {
                try await cluster.hub.info()["server_7"]?.contains(problem) == true
            }
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            #expect(try await cluster.hub.process.printed().contains(problem))
            #expect(try await cluster.servers[2].contents() == Contents())
        }
    }

    @Test func passwordsAreGivenAndNotShown() async throws {
        let passwords = ["first:secret", "second-secret"]
        try await withCluster(2, passwords: passwords, hubSettings: ["requirepass": "admin-secret"]) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            try await arrives(from: cluster.servers[1], at: cluster.servers[0])
            let info = try #require(try await cluster.hub.ask("INFO", "all").text)
            #expect(info.contains("password:***"))
            #expect(!info.contains("secret"))
            #expect(try await !cluster.hub.process.printed().contains("secret"))
            let stranger = try await RedisClient.connect(cluster.hub.adminPort)
            #expect(try await stranger.send("INFO") == .error("NOAUTH Authentication required."))
            stranger.close()
        }
    }

    @Test func aServerThatComesUpLaterIsServed() async throws {
        try await withCluster(3) { cluster in
            try await cluster.servers[0].start()
            try await cluster.servers[1].start()
            try await cluster.hub.start()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            try await cluster.servers[2].start()
            try await arrives(from: cluster.servers[2], at: cluster.servers[0])
            try await cluster.awaitEqual()
        }
    }

    private func arrives(from source: TestServer, at destination: TestServer) async throws {
        let key = "from \(source.id) to \(destination.id)"
        try await source.ask("SET", key, "1")
        try await eventually(key) { try await destination.ask("GET", key).text == "1" }
    }
}
