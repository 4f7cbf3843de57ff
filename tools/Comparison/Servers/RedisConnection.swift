internal import HubSync
internal import NIOCore
internal import NIOPosix

/// A connection to a server's main port. Commands of one call are sent together and answered together.
final class RedisConnection: Sendable {
    /// How long a server may take for the commands of one call.
    private static let patience = TimeAmount.seconds(30)

    private let channel: any Channel
    private let server: String

    private init(_ channel: any Channel, server: String) {
        self.channel = channel
        self.server = server
    }

    /// - Throws: `ComparisonError` when nobody answers at the address, or the password is wrong.
    static func connect(_ address: ServerAddress) async throws -> RedisConnection {
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(.seconds(5))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Replies()) }
                }
                .connect(host: address.host, port: address.port).get()
        } catch {
            throw ComparisonError.unreachable("\(address)", "\(error)")
        }
        let connection = RedisConnection(channel, server: "\(address)")
        if let password = address.password {
            let reply = try await connection.send([["AUTH", password].map { Array($0.utf8) }])[0]
            guard case .status = reply else {
                throw ComparisonError.refused("\(address)", command: "AUTH", reply.text ?? "\(reply)")
            }
        }
        connection.stayAwake()
        return connection
    }

    func send(_ commands: [[[UInt8]]]) async throws -> [Reply] {
        if commands.isEmpty { return [] }
        let replies = channel.eventLoop.makePromise(of: [Reply].self)
        channel.writeAndFlush(Request(commands: commands, replies: replies), promise: nil)
        let late = channel.eventLoop.scheduleTask(in: Self.patience) { [channel] in
            replies.fail(ChannelError.connectTimeout(Self.patience))
            channel.close(promise: nil)
        }
        defer { late.cancel() }
        do {
            return try await replies.futureResult.get()
        } catch {
            throw ComparisonError.unreachable(server, "\(error)")
        }
    }

    /// A Pika closes clients that say nothing for a minute.
    private func stayAwake() {
        let channel = channel
        channel.eventLoop.scheduleRepeatedTask(initialDelay: .seconds(20), delay: .seconds(20)) { task in
            guard channel.isActive else { return task.cancel() }
            let answer = channel.eventLoop.makePromise(of: [Reply].self)
            channel.writeAndFlush(Request(commands: [[Array("PING".utf8)]], replies: answer), promise: nil)
        }
    }

    func close() { channel.close(promise: nil) }
}

private struct Request: Sendable {
    var commands: [[[UInt8]]]
    var replies: EventLoopPromise<[Reply]>
}

/// Writes requests and hands each one its replies.
private final class Replies: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Request
    typealias OutboundOut = ByteBuffer

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
            for word in command {
                bytes.writeString("$\(word.count)\r\n")
                bytes.writeBytes(word)
                bytes.writeString("\r\n")
            }
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
