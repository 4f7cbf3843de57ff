internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import NIOPosix

public func benchMain(port: Int, pikas: [(Int, UInt32)], dir: String) async throws {
    ProcessMemory.keepFreedBuffers()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let loop = group.next()
    let relay = try RelayStore(path: dir)
    let engine = SyncEngine(
        settings: .init(hubHost: "127.0.0.1", hubPort: port, isStrict: false, seed: 42),
        recovered: .init(
            first: relay.first, next: relay.next, bytes: 0, cursors: relay.cursors, received: relay.received))
    let shellBox = try await loop.submit {
        let shell = SyncShell(
            eventLoop: loop, engine: engine, relay: relay, hubHost: try SocketAddress(ipAddress: "127.0.0.1", port: 0),
            log: Logger(label: "hub"), failed: { _ in })
        return NIOLoopBound(shell, eventLoop: loop)
    }.get()
    let listener = try await loop.flatSubmit {
        loop.makeFutureWithTask {
            try await InnerListener.start(shellBox, on: loop, host: "127.0.0.1", port: port + 1000)
        }
    }.get()
    try await loop.submit {
        let shell = shellBox.value
        shell.start()
        shell.with {
            $0.update(
                pikas.map { .init(id: ServerID($0.1), address: Address(host: "127.0.0.1", port: $0.0), password: "") },
                acknowledged: [:], now: SyncShell.now)
        }
        loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
            shellBox.value.with { _ = $0.takeAdvance() }
        }
    }.get()
    try await listener.closeFuture.get()
}
