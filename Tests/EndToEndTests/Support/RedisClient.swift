import HubSync
import NIOCore
import NIOPosix

/// A connection to a Redis-protocol port. Commands of one call are sent together; calls may overlap.
final class RedisClient: Sendable {
    private let channel: any Channel

    private init(_ channel: any Channel) { self.channel = channel }

    static func connect(_ port: Int, in place: Place = .here) async throws -> RedisClient {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Replies()) }
            }
        guard let namespace = place.clientNamespace else {
            return RedisClient(try await bootstrap.connect(host: place.host, port: port).get())
        }
        let socket = try NetworkNamespaces.connect(to: place.host, port, from: namespace)
        return RedisClient(try await bootstrap.withConnectedSocket(socket).get())
    }

    func send(_ command: String...) async throws -> Reply {
        guard let reply = try await send([command]).first else { throw ChannelError.eof }
        return reply
    }

    /// - Throws: when the connection ends before every reply has come.
    func send(_ commands: [[String]]) async throws -> [Reply] {
        if commands.isEmpty { return [] }
        let replies = channel.eventLoop.makePromise(of: [Reply].self)
        // A channel that is closed already has no handler any more which would fail them.
        channel.writeAndFlush(Replies.Request(commands: commands, replies: replies)).whenFailure { replies.fail($0) }
        return try await replies.futureResult.get()
    }

    func close() { channel.close(promise: nil) }
}

/// Writes requests and hands each one its replies.
private final class Replies: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Request
    typealias OutboundOut = ByteBuffer

    struct Request: Sendable {
        var commands: [[String]]
        var replies: EventLoopPromise<[Reply]>
    }

    private var waiting: CircularBuffer<Request> = []
    private var gathered: [Reply] = []
    private var unread: [UInt8] = []
    private var hasEnded = false

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let request = unwrapOutboundIn(data)
        guard !hasEnded else { return request.replies.fail(ChannelError.ioOnClosedChannel) }
        waiting.append(request)
        var bytes = context.channel.allocator.buffer(capacity: 64 * request.commands.count)
        for command in request.commands {
            bytes.writeString("*\(command.count)\r\n")
            for word in command { bytes.writeString("$\(word.utf8.count)\r\n\(word)\r\n") }
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        unread += unwrapInboundIn(data).readableBytesView
        var rest = unread[...]
        do {
            while let (reply, end) = try Reply.parse(rest) {
                rest = rest[end...]
                gathered.append(reply)
                guard let request = waiting.first, request.commands.count == gathered.count else { continue }
                waiting.removeFirst()
                request.replies.succeed(gathered)
                gathered = []
            }
            unread = Array(rest)
        } catch {
            end(error)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { end(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error)
        context.close(promise: nil)
    }

    private func end(_ error: any Error) {
        hasEnded = true
        for request in waiting { request.replies.fail(error) }
        waiting = []
    }
}
