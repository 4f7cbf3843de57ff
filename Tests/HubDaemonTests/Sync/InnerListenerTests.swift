import NIOCore
import NIOPosix
import Testing

@testable import HubDaemon

@Suite struct InnerListenerTests {
    /// Within 20 s: the engine believes after 30 s that all has arrived.
    @Test func aConnectionThatDiesIsNoticed() async throws {
        let accepted = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: (any Channel).self)
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .noticingDeadConnections()
            .childChannelInitializer { channel in
                channel.eventLoop.makeSucceededVoidFuture().map { accepted.succeed(channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(listener.localAddress)
        let client = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(to: address).get()
        let channel = try await accepted.futureResult.get()
        #expect(try await channel.getOption(.socketOption(.so_keepalive)).get() != 0)
        #if os(Linux)
        var values: [CInt] = []
        for option in [CInt(4), 5, 6] {
            values.append(CInt(try await channel.getOption(.tcpOption(.init(rawValue: option))).get()))
        }
        #expect(values == [5, 5, 3])
        #endif
        try await client.close()
        try await listener.close()
    }
}
