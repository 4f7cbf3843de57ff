internal import Logging
internal import NIOCore
internal import NIOPosix

/// The admin port. Decisions are in `RequestDecoder`, `AdminSession` and the command table; this moves bytes.
struct AdminServer: Sendable {
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 511

    private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private let context: AdminContext
    private let logger: Logger
    private let listeners: [NIOAsyncChannel<Connection, Never>]
    /// Where it listens, with the real port when it was asked for port 0.
    let addresses: [SocketAddress]

    /// Listens on every address of `hosts`.
    static func bind(
        hosts: [String], port: Int, context: AdminContext, group: any EventLoopGroup, logger: Logger
    ) async throws -> AdminServer {
        var listeners: [NIOAsyncChannel<Connection, Never>] = []
        for host in hosts {
            let bootstrap = ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: backlog)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            listeners.append(
                try await bootstrap.bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try Connection(wrappingChannelSynchronously: channel)
                    }
                })
        }
        return AdminServer(context: context, logger: logger, listeners: listeners)
    }

    private init(context: AdminContext, logger: Logger, listeners: [NIOAsyncChannel<Connection, Never>]) {
        self.context = context
        self.logger = logger
        self.listeners = listeners
        addresses = listeners.compactMap(\.channel.localAddress)
    }

    /// Serves until the task is cancelled, then closes every connection.
    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for listener in listeners {
                group.addTask {
                    try await listener.executeThenClose { connections in
                        try await withThrowingDiscardingTaskGroup { group in
                            for try await connection in connections {
                                group.addTask { await serve(connection) }
                            }
                        }
                    }
                }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(1))
                    let timeout = context.configuration.current.adminIdleTimeoutSeconds
                    context.clients.tick(now: context.now(), idleTimeoutSeconds: timeout)
                }
            }
        }
    }

    private func serve(_ connection: Connection) async {
        let channel = connection.channel
        do {
            try await connection.executeThenClose { inbound, outbound in
                let admitted = context.clients.admit(
                    host: channel.remoteAddress?.ipAddress ?? "", port: channel.remoteAddress?.port ?? 0,
                    configuration: context.configuration.current, now: context.now()
                ) { channel.close(promise: nil) }
                switch admitted {
                case .success(let session): try await answer(session, inbound, outbound)
                case .failure(let refusal): try await outbound.write(Self.encode(refusal.reply, version: .two))
                }
            }
        } catch {
            // The client went away; its session was taken out already.
            logger.debug("admin connection ended", metadata: ["reason": "\(error)"])
        }
    }

    private func answer(
        _ admitted: AdminSession, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        var session = admitted
        var decoder = RequestDecoder()
        var violated = false
        var watching: Task<Void, Never>?
        defer {
            watching?.cancel()
            context.clients.remove(session, afterProtocolError: violated)
        }
        for try await bytes in inbound {
            watching?.cancel()
            await watching?.value
            watching = nil
            decoder.feed(bytes.readableBytesView)
            do throws(RequestDecoder.Violation) {
                // Whoever sends many requests at once gets their replies one by one: a reader that is slow holds up
                // only itself, and nothing is kept for it but the request that is being answered.
                while let request = try decoder.next() {
                    session.watched = nil
                    guard await reply(to: request, &session, outbound), !session.closesAfterReply else { return }
                }
                if let route = session.watched { watching = Task { await show(route, outbound) } }
            } catch {
                violated = true
                let reply = RESPReply.failure("Protocol error: \(error)")
                try await outbound.write(Self.encode(reply, version: session.version))
                return
            }
        }
    }

    /// - Returns: false when the client is gone.
    private func reply(
        to request: [[UInt8]], _ session: inout AdminSession, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async -> Bool {
        let failuresBefore = session.failedLogins
        let reply = await AdminCommand.answer(request, session: &session, context: context)
        do {
            if session.failedLogins > failuresBefore {
                logger.warning("login-failed: wrong password", metadata: ["client": "\(session.host)"])
            }
            try await outbound.write(Self.encode(reply, version: session.version))
        } catch {
            return false
        }
        context.clients.update(session, now: context.now())
        return true
    }

    /// TAIL: writes lines until the task is cancelled or the client is gone.
    private func show(
        _ route: AdminSession.Route, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async {
        let lines = await context.control.tail(source: route.source, destination: route.destination)
        do {
            guard let lines else {
                let reply = RESPReply.failure("\(RouteTails.maximumCount) clients watch routes already")
                return try await outbound.write(Self.encode(reply, version: .two))
            }
            for await line in lines { try await outbound.write(Self.encode(.simple(line), version: .two)) }
        } catch {
            logger.debug("a watching client is gone", metadata: ["reason": "\(error)"])
        }
    }

    private static func encode(_ reply: RESPReply, version: RESPVersion) -> ByteBuffer {
        var bytes: [UInt8] = []
        reply.encode(into: &bytes, version: version)
        return ByteBuffer(bytes: bytes)
    }
}
