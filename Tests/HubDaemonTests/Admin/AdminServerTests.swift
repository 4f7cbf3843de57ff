import Foundation
import HubStore
import HubSync
import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import HubDaemon

/// The admin port over sockets, asked by the real redis-cli.
@Suite struct AdminServerTests {
    @Test func redisCLIGetsItsAnswers() async throws {
        try await withServer { port, _ async throws in
            #expect(try await redisCLI(port, ["ping"]) == "PONG\n")
            #expect(try await redisCLI(port, ["-3", "ping", "hello"]) == "hello\n")
            #expect(try await redisCLI(port, ["transfer", "9", "h", "1"]).contains("is not found in pika_servers"))
            #expect(try await redisCLI(port, ["info", "stats"]).hasPrefix("# Stats\r\ntotal_connections_received:"))
            #expect(try await redisCLI(port, ["-3", "info", "raft"]).hasPrefix("# Raft\r\n"))
            #expect(try await redisCLI(port, ["foo"]) == "ERR unknown or unsupported command 'foo'\n\n")
        }
    }

    /// An interactive session begins with COMMAND DOCS, which redis-cli needs for `help` and completion.
    @Test func redisCLIKnowsTheCommands() async throws {
        try await withServer { port, _ async throws in
            let text = try await redisCLI(port, [], input: "help transfer\nping\nclient list\nquit\n")
            #expect(text.contains("PONG"))
            #expect(text.contains("TRANSFER"))
            #expect(text.contains("resp=2 cmd=ping"))
        }
    }

    @Test func passwordIsAskedForAndKept() async throws {
        try await withServer(requirepass: "secret") { port, context async throws in
            #expect(try await redisCLI(port, ["ping"]) == "NOAUTH Authentication required.\n\n")
            #expect(try await redisCLI(port, ["-a", "secret", "--no-auth-warning", "ping"]) == "PONG\n")
            #expect(
                try await redisCLI(port, ["-a", "wrong", "--no-auth-warning", "ping"])
                    .contains("NOAUTH Authentication required."))
            #expect(context.clients.statistics.failedLogins == 1)
        }
    }

    @Test func pipelinesAreAnsweredInOrder() async throws {
        try await withServer { port, _ async throws in
            let inline = String(repeating: "PING\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n", count: 500) + "QUIT\r\n"
            let answer = try await exchange(port, Array(inline.utf8))
            #expect(answer == String(repeating: "+PONG\r\n$1\r\nx\r\n", count: 500) + "+OK\r\n")
        }
    }

    @Test(arguments: [
        ("*1\r\n$1073741824\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("PING\r\n*-x\r\n", "+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"),
        ("PING \"a\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
    ]) func protocolErrorsAreToldAndClose(bytes: String, answer: String) async throws {
        try await withServer { port, context async throws in
            #expect(try await exchange(port, Array(bytes.utf8)) == answer)
            #expect(try await redisCLI(port, ["ping"]) == "PONG\n")
            #expect(context.clients.statistics.protocolErrors == 1)
        }
    }

    @Test func connectionsBeyondTheLimitAreToldWhy() async throws {
        try await withServer(connectionsPerAddress: 1) { port, _ async throws in
            try await withConnection(port) { inbound, outbound async throws in
                try await outbound.write(ByteBuffer(string: "PING\r\n"))
                for try await bytes in inbound {
                    #expect(bytes == ByteBuffer(string: "+PONG\r\n"))
                    break
                }
                let refused = try await exchange(port, [])
                #expect(refused == "-ERR max number of clients of one address reached\r\n")
            }
        }
    }

    @Test func aKilledClientIsGone() async throws {
        try await withServer { port, context async throws in
            try await withConnection(port) { inbound, outbound async throws in
                try await outbound.write(ByteBuffer(string: "CLIENT ID\r\n"))
                var bytes = inbound.makeAsyncIterator()
                #expect(try await bytes.next() == ByteBuffer(string: ":1\r\n"))
                #expect(try await redisCLI(port, ["client", "kill", "id", "1"]) == "OK\n")
                #expect(try await bytes.next() == nil)
            }
            #expect(try await redisCLI(port, ["client", "kill", "id", "1"]) == "ERR No such client\n\n")
        }
    }

    /// TAIL goes on until the client says anything; redis-cli reads on after MONITOR.
    @Test func aRouteIsWatched() async throws {
        let bench = AdminBench(servers: [1, 2])
        try await withServer(bench) { port, _ async throws in
            try await withConnection(port) { inbound, outbound async throws in
                var bytes = inbound.makeAsyncIterator()
                try await outbound.write(ByteBuffer(string: "tail 1 3\r\ntail 1 1\r\nmonitor 1 2\r\n"))
                var text = ""
                while !text.contains("+OK\r\n"), let part = try await bytes.next() { text += String(buffer: part) }
                #expect(text.contains("-ERR server_id 3 is not found") && text.contains("-ERR source and destination"))
                let chunk = RelayChunk(
                    sequence: ChunkSequence(1), source: ServerID(1), audience: .others, progress: BinlogProgress(),
                    recordCount: 1, execTime: 0, commands: Array("*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n".utf8))
                // The watching begins after the reply.
                while bench.hub.tails.count == 0 { try await Task.sleep(for: .milliseconds(5)) }
                bench.hub.tails.show(chunk, to: ServerID(2))
                text = ""
                while !text.contains("\r\n"), let part = try await bytes.next() { text += String(buffer: part) }
                #expect(text.contains(#"1 -> 2 "DEL" "k""#))
                try await outbound.write(ByteBuffer(string: "PING\r\n"))
                while !text.hasSuffix("+PONG\r\n"), let part = try await bytes.next() { text += String(buffer: part) }
                bench.hub.tails.show(chunk, to: ServerID(2))
                try await outbound.write(ByteBuffer(string: "ECHO last\r\n"))
                #expect(try await bytes.next() == ByteBuffer(string: "$4\r\nlast\r\n"))
            }
        }
    }

    // MARK: Helpers

    private func withServer(
        requirepass: String = "", connectionsPerAddress: Int = 100,
        _ body: @Sendable (_ port: Int, _ context: AdminContext) async throws -> Void
    ) async throws {
        let bench = AdminBench(servers: [1, 2]) {
            $0.requirepass = requirepass
            $0.adminMaxConnectionsPerAddress = connectionsPerAddress
        }
        try await withServer(bench, body)
    }

    private func withServer(
        _ bench: AdminBench, _ body: @Sendable (_ port: Int, _ context: AdminContext) async throws -> Void
    ) async throws {
        let context = bench.context
        let server = try await AdminServer.bind(
            hosts: ["127.0.0.1"], port: 0, context: context, group: .singletonMultiThreadedEventLoopGroup,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try #require(server.addresses.first?.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body(port, context)
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }

    /// Sends bytes and returns everything that comes until the hub closes.
    private func exchange(_ port: Int, _ bytes: [UInt8]) async throws -> String {
        try await withConnection(port) { inbound, outbound async throws in
            if !bytes.isEmpty { try await outbound.write(ByteBuffer(bytes: bytes)) }
            var answer = ""
            for try await part in inbound { answer += String(buffer: part) }
            return answer
        }
    }

    private func withConnection<Result: Sendable>(
        _ port: Int,
        _ body: (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws ->
            Result
    ) async throws -> Result {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose(body)
    }

    private func redisCLI(_ port: Int, _ arguments: [String], input: String = "") async throws -> String {
        try await run("/usr/bin/redis-cli", ["-h", "127.0.0.1", "-p", "\(port)"] + arguments, input: input).output
    }
}
