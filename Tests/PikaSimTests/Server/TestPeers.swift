import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

@testable import PikaSim

/// Collects whatever a connection receives, in order, for one reader.
private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    let received: AsyncStream<Bytes>.Continuation

    init(_ received: AsyncStream<Bytes>.Continuation) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.yield(Bytes(unwrapInboundIn(data).readableBytesView))
    }

    func channelInactive(context: ChannelHandlerContext) { received.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// A connection to a server: one request, one answer line or value, as raw RESP text.
actor TestClient {
    struct Closed: Error {}

    private let channel: any Channel
    private var incoming: AsyncStream<Bytes>.Iterator
    private var buffered: Bytes = []

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream<Bytes>.makeStream()
        incoming = stream.makeAsyncIterator()
        channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { $0.pipeline.addHandler(Collector(continuation)) }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ line: String) async throws {
        var bytes: Bytes = []
        Reply.bulks(line.split(separator: " ").map { Bytes(String($0)) }).append(to: &bytes)
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// The answer's first line, or a bulk's content. Throws `Closed` when the server closes instead.
    func ask(_ line: String) async throws -> String {
        try await send(line)
        let head = try await self.line()
        guard head.first == "$", let length = Int(head.dropFirst()), length >= 0 else { return head }
        while buffered.count < length + 2 { try await more() }
        defer { buffered.removeFirst(length + 2) }
        return Bytes(buffered.prefix(length)).text
    }

    private func line() async throws -> String {
        while true {
            if let end = buffered.firstIndex(of: 0x0A) {
                defer { buffered.removeFirst(end + 1) }
                return Bytes(buffered[..<(end - 1)]).text
            }
            try await more()
        }
    }

    private func more() async throws {
        var iterator = incoming
        guard let bytes = await iterator.next(isolation: self) else { throw Closed() }
        incoming = iterator
        buffered += bytes
    }

    /// Returns when the server has closed the connection.
    func waitUntilClosed() async throws { try await channel.closeFuture.get() }

    func close() async throws { try await channel.close() }
}

/// A hub's S+1000: hands out the records that arrive on any connection, as they come.
actor TestHub {
    struct Record: Sendable {
        /// The arguments with spaces between them.
        let text: String
        let file: UInt32
        let offset: UInt64
        /// Counts the connections from 0.
        let connection: Int
    }

    /// S.
    nonisolated let port: Int
    private let listener: any Channel
    private var records: AsyncStream<Record>.Iterator

    init() async throws {
        let (stream, continuation) = AsyncStream<Record>.makeStream()
        records = stream.makeAsyncIterator()
        let counter = NIOLockedValueBox(0)
        listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                let number = counter.withLockedValue { count in
                    defer { count += 1 }
                    return count
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RecordHandler(number, continuation))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = (listener.localAddress?.port ?? 0) - 1000
    }

    func next() async -> Record? {
        var iterator = records
        let record = await iterator.next(isolation: self)
        records = iterator
        return record
    }

    func next(_ count: Int) async -> [Record] {
        var found: [Record] = []
        while found.count < count, let record = await next() { found.append(record) }
        return found
    }

    func close() async throws { try await listener.close() }
}

private final class RecordHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let number: Int
    private let records: AsyncStream<TestHub.Record>.Continuation
    private var parser = RequestParser()

    init(_ number: Int, _ records: AsyncStream<TestHub.Record>.Continuation) {
        self.number = number
        self.records = records
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.feed(unwrapInboundIn(data).readableBytesView)
        while case .request(let arguments) = parser.next() {
            guard let record = BinlogRecord(received: arguments) else { continue }
            let stamp = record.stamp
            records.yield(
                TestHub.Record(
                    text: record.arguments.map(\.text).joined(separator: " "),
                    file: stamp[4..<8].reversed().reduce(0) { $0 << 8 | UInt32($1) },
                    offset: stamp[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) }, connection: number))
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
