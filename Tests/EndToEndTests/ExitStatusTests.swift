import Foundation
import HubSync
import TestSupport
import Testing

/// The README's table of exit statuses, row by row.
@Suite struct ExitStatusTests {
    @Test func statusesAreThoseOfTheReadme() async throws {
        try await withCluster(2) { cluster in
            let hub = cluster.hub
            try await cluster.startServers()
            try await hub.start()
            try await eventually("the hub answers") { try await hub.ask("PING") == .status("PONG") }
            #expect(await hub.process.stop() == 0)
            let file = hub.configurationFile.path
            #expect(try await status("pika_hub", "-c", file, "--check") == 0)
            let wrong = cluster.directory.appending(path: "wrong.conf")
            try "sdk-port : none\n".write(to: wrong, atomically: true, encoding: .utf8)
            #expect(try await status("pika_hub", "-c", wrong.path, "--check") == 1)
            #expect(try await status("pika_hub", "-c", wrong.path) == 1)
            #expect(try await status("pika_hub") == 64)

            let path = hub.floydPath.path
            #expect(try await status("pika_hub_inspect", "verify", path) == 0)
            #expect(try await status("pika_hub_inspect", "summary", path + "-of-nobody") == 1)
            #expect(try await status("pika_hub_inspect", "recover", path, "--keep-only-this-hub", "--yes") == 1)
            #expect(try await status("pika_hub_inspect", "summary") == 64)

            let servers = cluster.servers.map { "127.0.0.1:\($0.port)" }
            #expect(try await status("pika_hub_compare", servers[0], servers[1]) == 0)
            try await cluster.servers[0].ask("SET", "only", "here")
            #expect(try await status("pika_hub_compare", servers[0], servers[1], "--checks", "1") == 1)
            #expect(try await status("pika_hub_compare", servers[0], "127.0.0.1:1") == 2)
            #expect(try await status("pika_hub_compare", servers[0]) == 2)
        }
    }

    private func status(_ product: String, _ arguments: String...) async throws -> Int32 {
        try await run(ChildProcess.product(product).path, arguments).status
    }
}
