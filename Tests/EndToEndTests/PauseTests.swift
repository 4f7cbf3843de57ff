import HubSync
import Testing

/// `PAUSE` and `RESUME` are part of the replicated state.
@Suite struct PauseTests {
    @Test func aPauseSurvivesARestart() async throws {
        try await withCluster(3) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            let (one, two, three) = (cluster.servers[0], cluster.servers[1], cluster.servers[2])
            try await one.ask("SET", "before", "1")
            try await cluster.awaitEqual()
            #expect(try await cluster.hub.ask("PAUSE", "2") == .status("OK"))
            await cluster.hub.process.kill()
            try await cluster.hub.start()
            try await one.ask("SET", "during", "1")
            try await two.ask("SET", "kept back", "1")
            try await eventually("it goes on between the others") {
                try await three.ask("GET", "during").text == "1"
            }
            let info = try await cluster.hub.info()
            #expect(info["server_2"]?.contains("paused=1") == true)
            #expect(try await two.ask("GET", "during") == .null)
            #expect(try await three.ask("GET", "kept back") == .null)
            #expect(try await cluster.hub.ask("RESUME", "2") == .status("OK"))
            try await cluster.awaitEqual()
            #expect(try await three.ask("GET", "kept back").text == "1")
            try await eventually("no route lags") {
                let routes = try await cluster.hub.info().filter { $0.key.hasPrefix("route_") }
                return routes.count == 6 && routes.values.allSatisfy { $0.contains("lag_seconds=0.0") }
            }
        }
    }
}
