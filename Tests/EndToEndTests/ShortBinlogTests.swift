import Foundation
import HubSync
import Testing

/// A server comes back with less than the hub has read of it, and nobody has told the hub.
@Suite struct ShortBinlogTests {
    /// Its binlog ends in the same file as before, or in an earlier one.
    @Test(arguments: [[], ["--binlog-file-size", "4096", "--expire-logs-nums", "1000"]])
    func aServerFromABackupReachesTheOthersAndGetsBackWhatItLost(options: [String]) async throws {
        try await withCluster(2, serverOptions: options) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            let (other, server) = (cluster.servers[0], cluster.servers[1])
            try await server.run([["SET", "old", "1"]])
            try await cluster.awaitEqual()
            await server.process.kill()
            let backup = server.data.appendingPathExtension("backup")
            try FileManager.default.copyItem(at: server.data, to: backup)
            try await server.start()
            try await server.run((0..<100).map { ["RPUSH", "lost", "\($0)"] })
            try await eventually("the other one has it") { try await other.ask("LLEN", "lost") == .integer(100) }
            await server.process.kill()
            try FileManager.default.removeItem(at: server.data)
            try FileManager.default.copyItem(at: backup, to: server.data)
            try await server.start()
            try await eventually("the hub is back") {
                try await cluster.hub.info()["server_2"]?.contains("sync_status=1") == true
            }
            try await server.run([["SET", "new", "1"]])
            try await cluster.awaitEqual()
            #expect(try await other.ask("GET", "new").text == "1")
            #expect(try await server.ask("LLEN", "lost") == .integer(100))
            #expect(try await cluster.hub.process.printed().contains("binlog-short"))
        }
    }
}
