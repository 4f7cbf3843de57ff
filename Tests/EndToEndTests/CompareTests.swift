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
}
