internal import Glibc
internal import HubStore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RaftLog
internal import Synchronization

/// The connection that this hub keeps to another one, to send to it. Dials again, slower and slower, when it is lost.
///
/// Everything but the queue belongs to the event loop.
final class HubLink: Sendable {
    /// Bytes that may wait for one hub, about; beyond it messages are dropped, which Raft stands.
    static let maximumQueuedCost = 16 << 20

    private struct State {
        var address: Address
        var channel: (any Channel)?
        var queue: [Message] = []
        var queuedCost = 0
        var isFlushing = false
        var isStopped = false
        /// Of the other hub, when it last let this one in.
        var process: UInt64?
        /// The connection to that process was lost, and what became of the process is not known yet.
        var isProcessInDoubt = false
        var failures = 0
        var lastTrouble: String?
        /// The other hub said last that this one is no member.
        var isRefusedAsStranger = false
        var calls: [UInt64: CheckedContinuation<Result<[UInt8], ProposalError>, Never>] = [:]
        var nextCall: UInt64 = 1
    }

    let hub: HubID
    private let state: Mutex<State>
    private let loop: any EventLoop
    private let hello: Hello
    private let events: any HubTransportEvents
    private let log: Logger

    init(
        hub: HubID, address: Address, loop: any EventLoop, hello: Hello, events: any HubTransportEvents, log: Logger
    ) {
        self.hub = hub
        self.loop = loop
        self.hello = hello
        self.events = events
        self.log = log
        state = Mutex(State(address: address))
        loop.execute { self.dial() }
    }

    // MARK: From any thread

    var isConnected: Bool { state.withLock { $0.channel != nil } }

    var isRefusedAsStranger: Bool { state.withLock { $0.isRefusedAsStranger } }

    /// What is wrong, in a sentence; nil when nothing is.
    var trouble: String? {
        state.withLock { state in state.lastTrouble.map { "hub \(hub) at \(state.address) \($0)" } }
    }

    func send(_ message: Message) {
        let isFirst = state.withLock { state in
            let cost = message.cost
            guard state.channel != nil, state.queuedCost + cost <= Self.maximumQueuedCost else { return false }
            state.queue.append(message)
            state.queuedCost += cost
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
        if isFirst { loop.execute { self.flush() } }
    }

    /// Asks the other hub for something. It may have been done although the answer is lost.
    func call(_ bytes: [UInt8], timeout: TimeAmount) async throws(ProposalError) -> [UInt8] {
        let result = await withCheckedContinuation { continuation in
            let (number, channel) = state.withLock { state in
                guard let channel = state.channel else { return (0 as UInt64, nil as (any Channel)?) }
                defer { state.nextCall += 1 }
                state.calls[state.nextCall] = continuation
                return (state.nextCall, channel)
            }
            guard let channel else {
                continuation.resume(returning: .failure(.notPrimary(leader: nil)))
                return
            }
            var buffer = ByteBuffer()
            HubFrame.write(to: &buffer) { writer in
                writer.put(4) { HubFrame.encode(number: number, bytes: bytes, to: &$0) }
            }
            channel.writeAndFlush(buffer, promise: nil)
            loop.scheduleTask(in: timeout) {
                self.finish(number, .failure(.outcomeUnknown("the primary did not answer in time")))
            }
        }
        return try result.get()
    }

    func stop() {
        let channel = state.withLock { state in
            state.isStopped = true
            return state.channel
        }
        channel?.close(promise: nil)
    }

    // MARK: On the event loop

    private func finish(_ number: UInt64, _ result: Result<[UInt8], ProposalError>) {
        state.withLock { $0.calls.removeValue(forKey: number) }?.resume(returning: result)
    }

    private func flush() {
        let (channel, messages) = state.withLock { state in
            defer { (state.queue, state.queuedCost, state.isFlushing) = ([], 0, false) }
            return (state.channel, state.queue)
        }
        guard let channel, !messages.isEmpty else { return }
        guard channel.isWritable else {
            // Its buffers are full. What is dropped here Raft sends again.
            return
        }
        var buffer = ByteBuffer()
        var rest = messages[...]
        while !rest.isEmpty {
            // A frame holds as many messages as stay well below its bound.
            var cost = 0
            let count = max(
                1,
                rest.prefix { message in
                    cost += message.cost
                    return cost < HubFrame.maximumBodyBytes / 4
                }.count)
            HubFrame.write(to: &buffer) { writer in
                for message in rest.prefix(count) { writer.put(3) { message.encode(to: &$0) } }
            }
            rest = rest.dropFirst(count)
        }
        channel.writeAndFlush(buffer, promise: nil)
    }

    private func dial() {
        let address = state.withLock { $0.isStopped ? nil : $0.address }
        guard let address else { return }
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(1))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .hubTimeout()
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(HubFrameReader(), HubLinkHandler(link: self))
                }
            }
            .connect(host: address.host, port: address.port)
            .whenFailure { error in
                // Not only at the first attempt: while a process ends, its host may still take a connection and close it.
                let hasEnded =
                    error.isRefusal
                    && self.state.withLock { state in
                        defer { state.isProcessInDoubt = false }
                        return state.isProcessInDoubt
                    }
                if hasEnded { self.events.processEnded(self.hub) }
                self.state.withLock { $0.isRefusedAsStranger = false }
                self.note("cannot be reached: \(error)")
                self.retry()
            }
    }

    private func retry() {
        let delay = state.withLock { state -> TimeAmount? in
            guard !state.isStopped else { return nil }
            state.failures += 1
            return .milliseconds(min(1_000, 25 << min(state.failures, 6)))
        }
        if let delay { loop.scheduleTask(in: delay) { self.dial() } }
    }

    /// Logs what is wrong, once until it is something else.
    private func note(_ trouble: String, isExpected: Bool = false) {
        state.withLock { state in
            let isNews = state.lastTrouble != trouble
            state.lastTrouble = trouble
            guard isNews else { return }
            if isExpected {
                log.info("hub-link: hub \(hub) at \(state.address) \(trouble)")
            } else {
                log.warning("hub-link: hub \(hub) at \(state.address) \(trouble)")
            }
        }
    }

    fileprivate func connected(_ channel: any Channel) {
        var buffer = ByteBuffer()
        HubFrame.write(to: &buffer) { writer in writer.put(1) { self.hello.encode(to: &$0) } }
        channel.writeAndFlush(buffer, promise: nil)
    }

    fileprivate func received(_ frame: HubFrame, on channel: any Channel) {
        if let (number, bytes) = frame.response { finish(number, .success(bytes)) }
        guard let answer = frame.answer else { return }
        switch answer {
        case .welcome(let hub, let process) where hub == self.hub:
            let isNewProcess = state.withLock { state in
                defer {
                    state.process = process
                    state.isProcessInDoubt = false
                    state.failures = 0
                    state.isRefusedAsStranger = false
                    state.lastTrouble = nil
                    if !state.isStopped { state.channel = channel }
                }
                return state.process != nil && state.process != process
            }
            if isNewProcess { events.processEnded(hub) }
            log.info("hub-link: connected to hub \(hub)")
        case .refusal(let refusal):
            state.withLock { $0.isRefusedAsStranger = refusal == .notMember }
            note("refuses this hub: \(refusal)")
            events.refused(refusal)
            channel.close(promise: nil)
        case .fresh:
            // So it is for a moment with every hub that is added, or that starts first with an empty disk.
            note(answer.mismatch, isExpected: true)
            channel.close(promise: nil)
        case .welcome, .adopt:
            note(answer.mismatch)
            channel.close(promise: nil)
        }
    }

    fileprivate func closed(_ channel: any Channel) {
        let (wasUp, calls) = state.withLock { state in
            let wasUp = state.channel === channel
            if wasUp { (state.channel, state.isProcessInDoubt) = (nil, true) }
            (state.queue, state.queuedCost) = ([], 0)
            defer { state.calls = [:] }
            return (wasUp, state.calls.values)
        }
        for call in calls { call.resume(returning: .failure(.outcomeUnknown("the connection to the primary ended"))) }
        // Whether the process has ended, or only the connection, the next attempt tells.
        if wasUp { dial() } else { retry() }
    }
}

/// Turns what happens on the channel into calls of the link.
private final class HubLinkHandler: ChannelInboundHandler {
    typealias InboundIn = [HubFrame]

    private let link: HubLink

    init(link: HubLink) { self.link = link }

    func channelActive(context: ChannelHandlerContext) { link.connected(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        for frame in unwrapInboundIn(data) { link.received(frame, on: context.channel) }
    }

    func channelInactive(context: ChannelHandlerContext) { link.closed(context.channel) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

/// What a transport tells its owner.
protocol HubTransportEvents: Sendable {
    /// The process of a hub has ended for certain.
    func processEnded(_ hub: HubID)
    /// A hub does not let this one in.
    func refused(_ refusal: Refusal)
}

extension ClientBootstrap {
    /// Gives a connection up when nothing that was sent was acknowledged for two seconds. Without it the kernel would
    /// wait longer and longer after a cut network, for minutes after it is whole again.
    func hubTimeout() -> ClientBootstrap {
        #if os(Linux)
        let userTimeout = NIOBSDSocket.Option(rawValue: 18)
        return channelOption(.tcpOption(userTimeout), value: 2_000)
        #else
        return self
        #endif
    }
}

extension HelloAnswer {
    /// What is the matter when a hub does not answer as the one that is expected at its address: what follows "hub X at
    /// ip:port" in a sentence.
    var mismatch: String {
        switch self {
        case .welcome(let hub, _):
            "is expected there, but hub \(hub) answers: see what floyd-local-ip, floyd-local-port and floyd-path the hub "
                + "that runs there has; a floyd-path must not be copied from one hub to another"
        case .fresh:
            "is expected there, but the hub that answers has an empty floyd-path and belongs to no group yet; it goes on "
                + "asking the hubs of its floyd-servers who it is. If this stays, none of those is a hub of this group "
                + "that it reaches"
        case .adopt(let group, let hub):
            "is expected there, but the hub that answers takes this one for hub \(hub) of group \(group) with an empty "
                + "floyd-path, although this one has given its name"
        case .refusal(let refusal): "refuses this hub: \(refusal)"
        }
    }
}

extension Error {
    /// The host itself said that nobody listens there.
    fileprivate var isRefusal: Bool {
        if let error = self as? IOError { return error.errnoCode == ECONNREFUSED }
        if let error = self as? NIOConnectionError {
            return !error.connectionErrors.isEmpty && error.connectionErrors.allSatisfy { $0.error.isRefusal }
        }
        return false
    }
}

extension Message {
    /// About how many bytes it takes.
    fileprivate var cost: Int {
        switch body {
        case .append(let append): 128 + append.entries.reduce(0) { $0 + $1.cost }
        case .snapshot(let chunk): 256 + chunk.bytes.count + 64 * chunk.metadata.membership.members.count
        default: 128
        }
    }
}
