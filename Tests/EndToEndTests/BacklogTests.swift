import HubSync
import Testing

/// Much to do for the hub at once: it was away, or a server was.
@Suite struct BacklogTests {
    /// More files than a Pika sends at a time: their order is lost on the way and has to be restored.
    @Test func moreThanTenFilesArriveInOrderAndOnce() async throws {
        let options = ["--binlog-file-size", "4096", "--expire-logs-nums", "1000"]
        try await withCluster(2, serverOptions: options) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            let source = cluster.servers[0]
            try await source.ask("SET", "before", "1")
            try await cluster.awaitEqual()
            await cluster.hub.process.kill()
            for server in cluster.servers {
                var load = MixedLoad(name: "w\(server.id)", seed: UInt64(server.id))
                for number in 0..<300 {
                    try await server.send(
                        [["RPUSH", "list:\(server.id)", "\(number)"], ["INCR", "count:\(server.id)"]] + load.next(2))
                }
                let end = try #require(try await server.info("log")["binlog_offset"]?.split(separator: " ").first)
                #expect(try #require(Int(end)) > 25)
            }
            try await cluster.hub.start()
            try await cluster.awaitEqual()
            let contents = try await cluster.servers[1].contents()
            #expect(contents["count:1"]?.string.text == "300")
            #expect(contents["list:1"]?.list == .array((0..<300).map { .bulk(Array("\($0)".utf8)) }))
        }
    }

    @Test func aServerThatWasAwayGetsEverything() async throws {
        try await withCluster(3) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            let (source, other, away) = (cluster.servers[0], cluster.servers[1], cluster.servers[2])
            try await source.ask("RPUSH", "list", "first")
            try await cluster.awaitEqual()
            await away.process.kill()
            for round in 0..<20 {
                try await source.run((0..<500).map { ["SET", "key:\(500 * round + $0)", "value:\(round)"] })
                try await source.run((0..<10).map { _ in ["INCR", "count"] } + [["RPUSH", "list", "\(round)"]])
            }
            try await eventually("the others are not kept waiting") {
                let sent = try await source.ask("LLEN", "list")
                return try await other.ask("LLEN", "list") == sent
            }
            try await away.start()
            try await cluster.awaitEqual()
            #expect(try await away.ask("GET", "count").text == "200")
        }
    }

    /// So much at a time that the relay log takes it past its write-ahead log: what a kill takes with it is read again.
    @Test func muchForAServerThatIsAwaySurvivesKillsOfTheHub() async throws {
        try await withCluster(3) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            let (source, away) = (cluster.servers[0], cluster.servers[2])
            try await source.ask("RPUSH", "list", "first")
            try await cluster.awaitEqual()
            await away.process.kill()
            let large = String(repeating: "0123456789", count: 6000)
            for round in 0..<3 {
                for part in 0..<10 {
                    try await source.run((0..<20).map { ["SET", "key:\(part):\($0)", "\(round)\(large)"] })
                    try await source.run([
                        ["INCR", "count"], ["RPUSH", "list", "\(round)"], ["SET", "end", "\(round)"],
                    ])
                }
                try await eventually("the other one has it") {
                    try await cluster.servers[1].ask("GET", "end").text == "\(round)"
                }
                await cluster.hub.process.kill()
                try await cluster.hub.start()
            }
            try await away.start()
            try await cluster.awaitEqual()
            #expect(try await away.ask("GET", "count").text == "30")
            #expect(try await away.ask("LLEN", "list").text == "31")
        }
    }
}
