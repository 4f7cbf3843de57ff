import Foundation
import HubSync
import Testing

/// `pika_hub_compare` as an operator runs it.
@Suite struct CompareTests {
    @Test func whatItFindsIsInItsExitStatus() async throws {
        try await withCluster(2) { cluster in
            try await cluster.startServers()
            for server in cluster.servers { try await server.run([["SET", "a", "1"], ["RPUSH", "l", "x"]]) }
            let addresses = cluster.servers.map { "127.0.0.1:\($0.port)" }
            func compare(_ arguments: [String]) async throws -> (status: Int32?, printed: String) {
                let process = try ChildProcess(
                    "pika_hub_compare", arguments, output: cluster.directory.appending(path: UUID().uuidString))
                try await process.start()
                return (await process.exitStatus(), try await process.printed())
            }
            #expect(try await compare(addresses) == (0, "2 keys compared on 2 servers: 0 differences\n"))
            try await cluster.servers[1].run([["SET", "b", "2"]])
            let found = try await compare(addresses + ["--json", "--interval", "0.1"])
            #expect(found.status == 1)
            #expect(found.printed.contains(#""kind":"difference"}"#) && found.printed.contains(#""key":"\"b\"""#))
            #expect(found.printed.contains(#""different":1"#))
            #expect(try await compare(["127.0.0.1:1", addresses[0]]).status == 2)
            #expect(try await compare([addresses[0]]).status == 2)
        }
    }

    /// A server came with data that its binlog does not tell of. Nobody wrote those keys since, so what most servers hold
    /// is taken.
    @Test func aHubRepairsWhatDiffers() async throws {
        try await withCluster(3) { cluster in
            for (server, value) in zip(cluster.servers, ["right", "right", "wrong"]) {
                let entry = ["1000000000", "SET", "old", value].map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
                let data = cluster.directory.appending(path: "server\(server.id)")
                try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
                try Data("*4\r\n\(entry)".utf8).write(to: data.appending(path: "data"))
            }
            try await cluster.startServers()
            try await cluster.startHubs()
            try await arrives(from: cluster.servers[0], at: cluster.servers[2])
            #expect(try await cluster.servers[2].ask("GET", "old").text == "wrong")
            let process = try ChildProcess(
                "pika_hub_compare",
                cluster.servers.map { "127.0.0.1:\($0.port)" } + [
                    "--checks", "2", "--interval", "0.5", "--repair", "--hub", "127.0.0.1:\(cluster.hubs[0].adminPort)",
                ], output: cluster.directory.appending(path: "compare"))
            try await process.start()
            #expect(await process.exitStatus() == 0)
            let printed = try await process.printed()
            #expect(printed.contains("repairing: \"old\"\n") && printed.contains("1 keys differed and were repaired"))
            #expect(try await cluster.servers[2].ask("GET", "old").text == "right")
        }
    }
}
