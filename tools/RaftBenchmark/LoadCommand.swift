import ArgumentParser
import NIOCore
import NIOPosix

/// Sends proposals over a number of connections, one at a time on each, and measures how long each takes.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "load", abstract: "Sends proposals to a leader.")

    /// How the other side speaks.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        /// `raft_benchmark node`.
        case raft
        /// etcd's version 2 keys over plain HTTP, the fewest layers above its Raft.
        case etcd2
        /// etcd's version 3 keys through its JSON gateway.
        case etcd3
    }

    @Option(help: "raft, etcd2 or etcd3.") var kind: Kind
    @Option(help: "The leader's port.") var port: Int
    @Option(help: "Concurrent proposals.") var connections = 1
    @Option(help: "Seconds to measure, after one that is not.") var seconds = 10
    @Option(help: "Bytes of a proposal.") var bytes = 100

    func run() async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let begin = NIODeadline.now()
        let measure = begin + .seconds(1)
        let end = measure + .seconds(Int64(seconds))
        let results = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for number in 0..<connections {
                group.addTask {
                    let promise = loops.next().makePromise(of: [Int64].self)
                    _ = try await ClientBootstrap(group: loops)
                        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                        .channelInitializer { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(
                                    LoadConnection(
                                        request: kind.request(bytes: bytes, connection: number), kind: kind,
                                        measure: measure, end: end, result: promise))
                            }
                        }
                        .connect(host: "127.0.0.1", port: port).get()
                    return try await promise.futureResult.get()
                }
            }
            var all: [Int64] = []
            for try await some in group { all += some }
            return all.sorted()
        }
        try await loops.shutdownGracefully()
        guard !results.isEmpty else { throw ValidationError("nothing was proposed") }
        func microseconds(_ part: Double) -> Int64 { results[Int(Double(results.count - 1) * part)] / 1_000 }
        print(
            "\(kind.rawValue) connections \(connections) bytes \(bytes): \(results.count / seconds)/s, "
                + "p50 \(microseconds(0.5)) µs, p99 \(microseconds(0.99)) µs, p99.9 \(microseconds(0.999)) µs")
    }
}

extension LoadCommand.Kind {
    func request(bytes: Int, connection: Int) -> ByteBuffer {
        let value = String(repeating: "x", count: bytes)
        switch self {
        case .raft:
            var buffer = ByteBuffer(integer: UInt32(bytes))
            buffer.writeString(value)
            return buffer
        case .etcd2:
            return http(
                "PUT /v2/keys/k\(connection)", type: "application/x-www-form-urlencoded", body: "value=\(value)")
        case .etcd3:
            // "eHh4" is "xxx" in base 64.
            let encoded = String(repeating: "eHh4", count: bytes / 3)
            let key = ["azA=", "azE=", "azI=", "azM="][connection % 4]
            return http(
                "POST /v3/kv/put", type: "application/json", body: "{\"key\":\"\(key)\",\"value\":\"\(encoded)\"}")
        }
    }

    private func http(_ line: String, type: String, body: String) -> ByteBuffer {
        ByteBuffer(
            string: "\(line) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    /// True when `buffer` holds a whole answer. Throws when the answer is an error.
    func isWhole(_ buffer: ByteBuffer) throws -> Bool {
        if self == .raft {
            guard let answer = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return false }
            guard answer == 1 else { throw LoadFailure(answer: "not done; is this the leader?") }
            return true
        }
        let text = String(buffer: buffer)
        guard let head = text.firstRange(of: "\r\n\r\n") else { return false }
        guard text.hasPrefix("HTTP/1.1 200") || text.hasPrefix("HTTP/1.1 201") else { throw LoadFailure(answer: text) }
        let lines = text[..<head.lowerBound].lowercased().split(separator: "\r\n")
        if let length = lines.first(where: { $0.hasPrefix("content-length: ") }) {
            return text[head.upperBound...].utf8.count >= Int(length.dropFirst(16)) ?? 0
        }
        return text.hasSuffix("0\r\n\r\n")
    }
}

struct LoadFailure: Error, CustomStringConvertible {
    let answer: String
    var description: String { "the answer was: \(answer)" }
}

/// One connection: sends, waits for the answer, and sends again, until the end.
private final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let request: ByteBuffer
    private let kind: LoadCommand.Kind
    private let measure: NIODeadline
    private let end: NIODeadline
    private let result: EventLoopPromise<[Int64]>
    private var sent = NIODeadline.now()
    private var answer = ByteBuffer()
    private var nanoseconds: [Int64] = []

    init(
        request: ByteBuffer, kind: LoadCommand.Kind, measure: NIODeadline, end: NIODeadline,
        result: EventLoopPromise<[Int64]>
    ) {
        self.request = request
        self.kind = kind
        self.measure = measure
        self.end = end
        self.result = result
    }

    func channelActive(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        sent = .now()
        context.writeAndFlush(NIOAny(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        answer.writeBuffer(&incoming)
        do {
            guard try kind.isWhole(answer) else { return }
        } catch {
            result.fail(error)
            context.close(promise: nil)
            return
        }
        answer.clear()
        let now = NIODeadline.now()
        if sent >= measure { nanoseconds.append((now - sent).nanoseconds) }
        if now < end { return send(context) }
        result.succeed(nanoseconds)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        result.fail(LoadFailure(answer: "the connection was closed"))
    }
}
