import NIOCore
import NIOPosix

/// A running stand-in for one Pika 2.3.8 server. Everything happens on one event loop of its own.
public final class PikaSim: Sendable {
    /// P. P+1100 is the hub's.
    public let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let core: NIOLoopBound<ServerCore>
    private let listeners: [any Channel]
    private let stopped: EventLoopPromise<Void>

    private init(
        port: Int, group: MultiThreadedEventLoopGroup, core: NIOLoopBound<ServerCore>, listeners: [any Channel],
        stopped: EventLoopPromise<Void>
    ) {
        self.port = port
        self.group = group
        self.core = core
        self.listeners = listeners
        self.stopped = stopped
    }

    /// Opens the data and listens. Throws a `DiskError` (also when another process uses the directory), or NIO's
    /// error when a port is taken.
    public static func start(_ options: PikaSimOptions) async throws -> PikaSim {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        do {
            let core = try await loop.submit {
                try NIOLoopBound(ServerCore(options: options, loop: loop), eventLoop: loop)
            }.get()
            let (port, listeners) = try await listen(options, group: group, core: core)
            let stopped = loop.makePromise(of: Void.self)
            try await loop.submit {
                core.value.port = port
                core.value.onShutdown = { stopped.succeed() }
                scheduleChores(core)
            }.get()
            return PikaSim(port: port, group: group, core: core, listeners: listeners, stopped: stopped)
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }

    /// Binds P and P+1100; with port 0, the first free pair.
    private static func listen(
        _ options: PikaSimOptions, group: MultiThreadedEventLoopGroup, core: NIOLoopBound<ServerCore>
    ) async throws -> (Int, [any Channel]) {
        let timeout = options.timeoutSeconds
        let clients = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if timeout > 0 {
                        try pipeline.addHandler(IdleStateHandler(readTimeout: .seconds(Int64(timeout))))
                    }
                    try pipeline.addHandler(ClientConnection(core: core.value))
                }
            }
        let hubs = ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HubConnection(core: core.value))
                }
            }
        let attempts = options.port == 0 ? 100 : 1
        var attempt = 0
        while true {
            attempt += 1
            let first = try await clients.bind(host: options.bind, port: options.port).get()
            let port = first.localAddress?.port ?? options.port
            do {
                guard port + 1100 <= 65535 else { throw ChannelError.unknownLocalAddress }
                return (port, [first, try await hubs.bind(host: options.bind, port: port + 1100).get()])
            } catch {
                try await first.close().get()
                if attempt == attempts { throw error }
            }
        }
    }

    private static func scheduleChores(_ core: NIOLoopBound<ServerCore>) {
        func every(_ milliseconds: Int, _ chore: @escaping (ServerCore) throws -> Void) {
            let bound = NIOLoopBound(chore, eventLoop: core.value.loop)
            let amount = TimeAmount.milliseconds(Int64(milliseconds))
            core.value.loop.scheduleRepeatedTask(initialDelay: amount, delay: amount) { _ in
                do { try bound.value(core.value) } catch { core.value.fail(error) }
            }
        }
        every(core.value.options.waitMilliseconds) { $0.closeCondemnedConnections() }
        every(core.value.options.purgeMilliseconds) { try $0.purge() }
        every(10) { try $0.pumpSlaves() }
    }

    /// Waits for SHUTDOWN, or for a disk that fails.
    public func waitForShutdown() async throws { try await stopped.futureResult.get() }

    /// Closes everything after what the workers still hold has been applied.
    public func stop() async throws {
        try await group.next().submit { [core] in try core.value.finish() }.get()
        try await kill()
    }

    /// As after `kill -9`: connections break, and what the workers' queues hold is lost.
    public func kill() async throws {
        stopped.succeed()
        for listener in listeners { try await listener.close().get() }
        try await group.next().submit { [core] in core.value.release() }.get()
        try await group.shutdownGracefully()
    }
}
