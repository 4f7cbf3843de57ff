internal import NIOCore
internal import NIOPosix

/// Listens on `sdk-port` + 1000, where the servers' binlog senders connect.
enum InnerListener {
    /// - Returns: the listening channel; its connections are on the shell's event loop.
    static func start(_ bound: NIOLoopBound<SyncShell>, on group: any EventLoop, host: String, port: Int) async throws
        -> any Channel
    {
        return try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 64 << 10, maximum: 256 << 10)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.accepted(channel) }
            }
            .bind(host: host, port: port).get()
    }
}
