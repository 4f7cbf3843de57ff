internal import Dispatch
internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import NIOPosix

/// Performs what `SyncEngine` decides: sockets, the relay store, time. Lives on one event loop and is touched by
/// nothing else; every connection to a server, and every incoming one, is on that loop too, so that a chunk goes from
/// source to destinations without a hop.
final class SyncShell {
    let eventLoop: any EventLoop
    private var engine: SyncEngine
    private let relay: RelayWriter
    private let hubHost: SocketAddress
    let log: Logger
    private let tails: RouteTails
    private let fence: Fence
    var channels: [LinkConnectionID: any Channel] = [:]
    /// Bytes that were received and not consumed yet.
    private var leftOver: [LinkConnectionID: ByteBuffer] = [:]
    private var ticking: RepeatedTask?
    /// Of the binlog connections.
    var gatherings: [LinkConnectionID: Gathering] = [:]
    var isWatchingGathered = false
    var lastTick = 0.0
    private var isRunningActions = false
    private var isStopping = false
    private var isStopped = false

    init(
        eventLoop: any EventLoop, engine: SyncEngine, relay: RelayWriter, hubHost: SocketAddress, log: Logger,
        tails: RouteTails, fence: Fence
    ) {
        self.eventLoop = eventLoop
        self.engine = engine
        self.relay = relay
        self.hubHost = hubHost
        self.log = log
        self.tails = tails
        self.fence = fence
    }

    func start() {
        eventLoop.assertInEventLoop()
        let shell = NIOLoopBound(self, eventLoop: eventLoop)
        ticking = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { _ in
            let now = Self.now
            shell.value.with { $0.tick(now: now, unixTime: UInt32(clamping: Self.unixTime)) }
            shell.value.gather(now: now)
        }
    }

    /// Ends all links and ticks. Cursors that were not written yet are written.
    func stop() {
        guard !isStopped else { return }
        ticking?.cancel()
        isStopping = true
        with { $0.update([], acknowledged: [:], now: Self.now) }
        isStopped = true
    }

    /// Another hub may be primary already: nothing that the engine wants is done any more.
    private func closeAll() {
        isStopped = true
        ticking?.cancel()
        let open = channels.values
        (channels, leftOver) = ([:], [:])
        for channel in open { channel.close(promise: nil) }
        fence.passed()
    }

    /// Lets `body` work on the engine, then performs what it wants done.
    func with<Result>(_ body: (inout SyncEngine) -> Result) -> Result {
        eventLoop.assertInEventLoop()
        let result = body(&engine)
        runActions()
        return result
    }

    /// Seconds of a clock that never goes backwards.
    static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    static var unixTime: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec
    }

    // MARK: Actions

    private func runActions() {
        // An action may bring about an event at once, whose actions have to wait for their turn.
        guard !isRunningActions, !isStopped else { return }
        // A service that stops says nothing to the servers.
        guard isStopping || fence.mayAct() else { return closeAll() }
        isRunningActions = true
        defer { isRunningActions = false }
        var written: Set<LinkConnectionID> = []
        var actions = engine.takeActions()
        while !actions.isEmpty, !isStopped {
            for action in actions where !isStopped && !(isStopping && action.goesOn) { run(action, &written) }
            actions = engine.takeActions()
        }
        for connection in written { channels[connection]?.flush() }
    }

    private func run(_ action: SyncEngine.Action, _ written: inout Set<LinkConnectionID>) {
        switch action {
        case .send(let connection, let bytes):
            send(bytes, on: connection, &written)
        case .deliver(let connection, let destination, let chunk):
            tails.show(chunk, to: destination)
            send(chunk.commands, on: connection, &written)
        case .write(let write):
            relay.write(write)
        case .connect(let connection, let address, let fromHubHost):
            connect(connection, to: address, fromHubHost: fromHubHost)
        case .close(let connection):
            leftOver[connection] = nil
            gatherings[connection] = nil
            channels.removeValue(forKey: connection)?.close(promise: nil)
        case .resume(let connection):
            resume(connection)
        case .read(let server, let from, let maximumBytes):
            read(server, from: from, maximumBytes: maximumBytes)
        case .log(let event):
            write(event)
        }
    }

    private func send(_ bytes: [UInt8], on connection: LinkConnectionID, _ written: inout Set<LinkConnectionID>) {
        guard let channel = channels[connection] else { return }
        channel.write(channel.allocator.buffer(bytes: bytes), promise: nil)
        written.insert(connection)
    }

    private func read(_ server: ServerID, from: ChunkSequence, maximumBytes: Int) {
        let shell = NIOLoopBound(self, eventLoop: eventLoop)
        relay.read(from: from, maximumBytes: maximumBytes) { [eventLoop] chunks in
            eventLoop.execute { shell.value.with { $0.loaded(server, chunks, from: from, now: Self.now) } }
        }
    }

    private func write(_ event: LinkEvent) {
        let level: Logger.Level =
            switch event.level {
            case .info: .info
            case .warning: .warning
            case .error: .error
            }
        log.log(level: level, "\(event.kind): \(event.text)")
    }

    // MARK: Connections

    private func connect(_ connection: LinkConnectionID, to address: Address, fromHubHost: Bool) {
        let shell = NIOLoopBound(self, eventLoop: eventLoop)
        var bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(3))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 256 << 10)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LinkHandler(connection, shell.value))
                }
            }
        if fromHubHost { bootstrap = bootstrap.bind(to: hubHost) }
        bootstrap.connect(host: address.host, port: address.port).whenComplete { result in
            let shell = shell.value
            switch result {
            case .success(let channel):
                guard !shell.isStopped else { return channel.close(promise: nil) }
                shell.channels[connection] = channel
                let host = Self.host(of: channel)
                shell.with { $0.connected(connection, host: host, now: Self.now) }
                if !channel.isActive { shell.ended(connection, reason: "closed at once") }
            case .failure(let error):
                shell.with { $0.closed(connection, reason: "cannot connect: \(error)", now: Self.now) }
            }
        }
    }

    /// A server dialled the inner port.
    func accepted(_ channel: any Channel) throws {
        let host = Self.host(of: channel)
        guard !isStopped, let connection = with({ $0.accepted(host: host, now: Self.now) }) else {
            return channel.close(promise: nil)
        }
        channels[connection] = channel
        gatherings[connection] = Gathering()
        try channel.pipeline.syncOperations.addHandler(LinkHandler(connection, self))
    }

    /// The address at the other end, in the same form whether the socket is one of IPv6 or not.
    private static func host(of channel: any Channel) -> String {
        let host = channel.remoteAddress?.ipAddress ?? ""
        let mapped = "::ffff:"
        return host.hasPrefix(mapped) ? String(host.dropFirst(mapped.count)) : host
    }

    func received(_ connection: LinkConnectionID, _ bytes: ByteBuffer) {
        guard channels[connection] != nil else { return }
        gatherings[connection]?.read(bytes.readableBytes)
        var buffer = leftOver.removeValue(forKey: connection) ?? ByteBuffer()
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            var bytes = bytes
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
        consume(connection, buffer)
    }

    private func resume(_ connection: LinkConnectionID) {
        guard let channel = channels[connection] else { return }
        if let buffer = leftOver.removeValue(forKey: connection), buffer.readableBytes > 0 {
            guard consume(connection, buffer) else { return }
        }
        setReading(true, channel)
    }

    @discardableResult
    private func consume(_ connection: LinkConnectionID, _ buffer: ByteBuffer) -> Bool {
        var buffer = buffer
        let consumption = buffer.withUnsafeReadableBytes { engine.received(connection, $0, now: Self.now) }
        buffer.moveReaderIndex(forwardBy: consumption.bytes)
        if channels[connection] != nil {
            if buffer.readableBytes > 0 { leftOver[connection] = buffer }
            if !consumption.readsOn, let channel = channels[connection] { setReading(false, channel) }
        }
        runActions()
        return consumption.readsOn
    }

    private func setReading(_ isReading: Bool, _ channel: any Channel) {
        do {
            try channel.syncOptions?.setOption(.autoRead, value: isReading)
        } catch {
            log.debug("a connection closed while its reading was switched: \(error)")
        }
    }

    func ended(_ connection: LinkConnectionID, reason: String) {
        leftOver[connection] = nil
        gatherings[connection] = nil
        guard channels.removeValue(forKey: connection) != nil else { return }
        with { $0.closed(connection, reason: reason, now: Self.now) }
    }
}

/// Hands a connection's bytes and its end to the shell.
private final class LinkHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connection: LinkConnectionID
    private let shell: SyncShell
    private var reason = "closed by the other side"

    init(_ connection: LinkConnectionID, _ shell: SyncShell) {
        self.connection = connection
        self.shell = shell
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        shell.received(connection, unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        shell.ended(connection, reason: reason)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        reason = "\(error)"
        context.close(promise: nil)
    }
}
