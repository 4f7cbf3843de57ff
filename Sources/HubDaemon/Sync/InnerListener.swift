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
            .noticingDeadConnections()
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

extension ServerBootstrap {
    /// Has the kernel ask, after 5 s of silence, whether the other side still knows the connection, and give it up after
    /// three questions without an answer: within 20 s, and so before what the source says of its files counts as proof
    /// that everything has arrived (`FileEvidence`). The hub sends nothing on these connections, and a connection that
    /// only brings bytes may otherwise be dead for ever.
    func noticingDeadConnections() -> ServerBootstrap {
        let keepsAlive = childChannelOption(.socketOption(.so_keepalive), value: 1)
        #if os(Linux)
        // TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT.
        let options: [(CInt, Int)] = [(4, 5), (5, 5), (6, 3)]
        return options.reduce(keepsAlive) { bootstrap, option in
            bootstrap.childChannelOption(.tcpOption(NIOBSDSocket.Option(rawValue: option.0)), value: option.1)
        }
        #else
        return keepsAlive
        #endif
    }
}
