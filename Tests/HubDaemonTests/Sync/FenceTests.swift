import Foundation
import HubStore
import HubSync
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import HubDaemon

/// A primary that may not act any more, and whose Raft thread has not said so yet.
@Suite struct FenceTests {
    @Test(.timeLimit(.minutes(1))) func nothingIsSentOnceTheHubMayNotAct() async throws {
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = loops.next()
        // A server that only counts what it hears.
        let heard = Mutex(0)
        let server = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Ear { bytes in heard.withLock { $0 += bytes } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let mayAct = Mutex(true)
        let (fenced, fence) = AsyncStream.makeStream(of: Void.self)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("fence-\(UUID().uuidString)").path
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path) } }
        let store = try RelayStore(path: path)
        let shell = try await loop.submit {
            let shell = SyncShell(
                eventLoop: loop,
                engine: SyncEngine(
                    settings: .init(
                        hubHost: "127.0.0.1", hubPort: 6868, relayMaximumBytes: 1 << 20, versionBytes: 0, seed: 1),
                    recovered: .init(), overflow: OverflowMemory()),
                relay: RelayWriter(store) { _ in },
                hubHost: try SocketAddress(ipAddress: "127.0.0.1", port: 0),
                log: Logger(label: "fence", factory: { _ in SwiftLogNoOpLogHandler() }), tails: RouteTails(),
                fence: Fence(mayAct: { mayAct.withLock { $0 } }, passed: { fence.yield() }))
            shell.start()
            shell.with {
                $0.update(
                    [.init(id: ServerID(1), address: Address(host: "127.0.0.1", port: port), password: "")],
                    acknowledged: [:], now: SyncShell.now)
            }
            return NIOLoopBound(shell, eventLoop: loop)
        }.get()
        while heard.withLock({ $0 }) == 0 { try await loop.submit {}.get() }
        mayAct.withLock { $0 = false }
        // The next tick finds out.
        for await _ in fenced { break }
        let before = heard.withLock { $0 }
        try await loop.submit {
            shell.value.with { $0.tick(now: SyncShell.now + 10, unixTime: 2000) }
            shell.value.stop()
        }.get()
        // A server that dials meanwhile would have its records swallowed.
        let late = try await ClientBootstrap(group: loop).connect(host: "127.0.0.1", port: port).get()
        try await loop.submit { try shell.value.accepted(late) }.get()
        try await late.closeFuture.get()
        try await server.close()
        try await loops.shutdownGracefully()
        #expect(heard.withLock { $0 } == before)
    }
}

private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let hear: (Int) -> Void
    init(_ hear: @escaping (Int) -> Void) { self.hear = hear }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { hear(unwrapInboundIn(data).readableBytes) }
}
