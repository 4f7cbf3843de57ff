import Foundation
import HubSync
import NIOCore
import NIOPosix
import Testing

/// Bad company on the admin port: the hub stays up, goes on delivering, answers others, and its memory stays bounded
/// (issue 5).
@Suite struct AdminStressTests {
    private static let idleConnections = 2000
    private static let memoryBound = 400 << 20

    @Test func theHubStandsBadCompany() async throws {
        try #require(raiseDescriptorLimit() > 2 * Self.idleConnections)
        try await withCluster(2) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            try await cluster.servers[0].ask("SET", "first", "1")
            try await cluster.awaitEqual()
            let before = try await memory(of: cluster.hub)
            let port = cluster.hub.adminPort

            // Idle ones.
            var channels = try await connect(Self.idleConnections, port)
            // Those that ask much and read nothing.
            let greedy = try await connect(20, port, reads: false)
            let questions = String(repeating: "INFO all\r\n", count: 5000)
            for channel in greedy { channel.writeAndFlush(ByteBuffer(string: questions), promise: nil) }
            // Those that fall silent in the middle of a request.
            let silent = try await connect(50, port)
            for channel in silent {
                channel.writeAndFlush(ByteBuffer(string: "*2\r\n$4\r\nECHO\r\n$60000\r\nx"), promise: nil)
            }
            // Those that announce a gigabyte: told, and closed.
            let boasters = try await connect(50, port)
            for channel in boasters {
                channel.writeAndFlush(ByteBuffer(string: "*1\r\n$1073741824\r\n"), promise: nil)
            }
            // Those that send one byte now and then.
            let slow = try await connect(10, port)
            for byte in "PING\r\nPING\r\n".utf8 {
                for channel in slow { channel.writeAndFlush(ByteBuffer(bytes: [byte]), promise: nil) }
                try await Task.sleep(for: .milliseconds(50))
            }
            channels += greedy + silent + slow

            try await cluster.servers[0].run((0..<500).map { ["SET", "key\($0)", "value"] })
            try await cluster.servers[1].run((0..<500).map { ["SET", "other\($0)", "value"] })
            try await cluster.awaitEqual()
            for channel in boasters { try await channel.closeFuture.get() }
            let info = try await cluster.hub.info()
            #expect(Int(info["connected_clients"] ?? "") ?? 0 >= Self.idleConnections + 80)
            #expect(info["protocol_errors"] == "50")
            let grown = try await memory(of: cluster.hub) - before
            #expect(grown < Self.memoryBound, "grown by \(grown) bytes")
            for channel in channels { channel.close(promise: nil) }
            try await eventually("they are forgotten") {
                try await Int(cluster.hub.info()["connected_clients"] ?? "") ?? .max < 10
            }
        }
    }

    private func memory(of hub: TestHub) async throws -> Int {
        try #require(Int(try await hub.info()["used_memory_rss"] ?? ""))
    }

    private func connect(_ count: Int, _ port: Int, reads: Bool = true) async throws -> [any Channel] {
        var channels: [any Channel] = []
        for _ in 0..<count {
            channels.append(
                try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                    .channelOption(.autoRead, value: reads)
                    .connect(host: "127.0.0.1", port: port).get())
        }
        return channels
    }

    private func raiseDescriptorLimit() -> UInt64 {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
    }
}
