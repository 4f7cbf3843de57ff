package import HubStore
package import Logging
package import NIOCore
internal import NIOPosix
package import RaftLog
internal import Synchronization

/// The hub-to-hub transport: listens on `floyd-local-port`, and keeps a `HubLink` to every other member.
///
/// Order of use: a hub without an identity listens and joins (`listen`, `join`); then the node is made with this as its
/// transport, `attach`, and the node is started. A hub that has an identity listens only then: until `attach` this
/// tells others that the hub belongs to no group, and those who have lost their disks would begin a second one with it.
package final class HubTransport: RaftTransport, HubTransportEvents {
    private struct State {
        var node: RaftNode?
        var links: [HubID: HubLink] = [:]
        var accepted: [HubID: any Channel] = [:]
        var serve: @Sendable ([UInt8]) async -> [UInt8] = { _ in [] }
        var listeners: [any Channel] = []
        var isStopped = false
        /// What hubs that are not let in were told last, so that it is logged once.
        var refusals: [Address: Refusal] = [:]
        /// What came of asking who this hub is.
        var joiningTroubles: [Address: String] = [:]
    }

    let own: Address
    let log: Logger
    let loop: any EventLoop
    /// Drawn at random; tells other hubs that this process is another one than the last.
    let process: UInt64
    private let wasRefused: @Sendable (Refusal) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - own: where the other hubs find this one.
    ///   - wasRefused: told when a hub does not let this one in for good.
    package init(
        own: Address, loop: any EventLoop, log: Logger, process: UInt64,
        wasRefused: @escaping @Sendable (Refusal) -> Void
    ) {
        self.own = own
        self.loop = loop
        self.log = log
        self.process = process
        self.wasRefused = wasRefused
    }

    /// Lets other hubs connect at `host` and `port`. May be called for several hosts.
    package func listen(host: String, port: Int) async throws {
        let listener = try await ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        HubFrameReader(), HubAcceptor(transport: self))
                }
            }
            .bind(host: host, port: port).get()
        state.withLock { $0.listeners.append(listener) }
    }

    /// - Parameter serve: answers requests of other hubs (`request`).
    package func attach(_ node: RaftNode, serve: @escaping @Sendable ([UInt8]) async -> [UInt8] = { _ in [] }) {
        state.withLock { ($0.node, $0.serve) = (node, serve) }
    }

    func serve(_ bytes: [UInt8]) async -> [UInt8] { await state.withLock({ $0.serve })(bytes) }

    package func stop() async {
        let (links, channels) = state.withLock { state in
            state.isStopped = true
            defer { (state.links, state.accepted) = ([:], [:]) }
            return (state.links.values, state.accepted.values + state.listeners)
        }
        for link in links { link.stop() }
        for channel in channels { channel.close(promise: nil) }
    }

    // MARK: For the node

    package func send(_ messages: [Message]) {
        guard !messages.isEmpty else { return }
        let links = state.withLock { $0.links }
        for message in messages { links[message.to]?.send(message) }
    }

    package func keepConnections(with membership: Membership) {
        let (links, channels) = state.withLock { state -> ([HubLink], [any Channel]) in
            for member in membership.members { connect(member.id, at: member.address, &state) }
            // A hub that is not in its own membership has an old one, or none, and cannot know who is gone.
            guard let own = state.node?.identity.hub, membership.member(own) != nil else { return ([], []) }
            let gone = state.links.filter { membership.member($0.key) == nil }
            var channels: [any Channel] = []
            for hub in gone.keys {
                state.links[hub] = nil
                if let channel = state.accepted.removeValue(forKey: hub) { channels.append(channel) }
            }
            return (Array(gone.values), channels)
        }
        guard !links.isEmpty else { return }
        // What was sent last may be what tells them that they are taken out. When they dial again they are refused.
        loop.scheduleTask(in: .seconds(1)) {
            for link in links { link.stop() }
            for channel in channels { channel.close(promise: nil) }
        }
    }

    /// Begins to keep a connection to a hub, unless there is one.
    private func connect(_ hub: HubID, at address: Address, _ state: inout State) {
        guard !state.isStopped, let identity = state.node?.identity, hub != identity.hub, state.links[hub] == nil
        else { return }
        let hello = Hello(identity: identity, process: process, address: own)
        state.links[hub] = HubLink(hub: hub, address: address, loop: loop, hello: hello, events: self, log: log)
    }

    /// Has another hub, the primary, do something for this one.
    package func request(_ bytes: [UInt8], from hub: HubID, timeout: TimeAmount) async throws(ProposalError) -> [UInt8]
    {
        guard let link = state.withLock({ $0.links[hub] }) else { throw .notPrimary(leader: nil) }
        return try await link.call(bytes, timeout: timeout)
    }

    // MARK: For people

    /// The hubs to which this one can send.
    var connected: Set<HubID> { Set(state.withLock { $0.links }.filter { $0.value.isConnected }.keys) }

    /// A hub of the group says that this one does not belong to it. Others may let it in, being out themselves.
    var isRefusedAsStranger: Bool { state.withLock { $0.links }.values.contains { $0.isRefusedAsStranger } }

    /// What is wrong with the connections to other hubs, one sentence each.
    var troubles: [String] {
        let (joining, links) = state.withLock { ($0.joiningTroubles, $0.links) }
        return (joining.map { "the hub at \($0.key) \($0.value)" } + links.values.compactMap(\.trouble)).sorted()
    }

    /// Logs what is wrong at an address, once until it is something else. Nil: nothing any more.
    func note(_ trouble: String?, at address: Address) {
        let isNews = state.withLock { state in
            defer { state.joiningTroubles[address] = trouble }
            return state.joiningTroubles[address] != trouble
        }
        if isNews, let trouble { log.warning("joining: the hub at \(address) \(trouble)") }
    }

    // MARK: From connections

    func answer(to hello: Hello) -> HelloAnswer {
        guard let node = state.withLock({ $0.node }) else { return .fresh }
        let status = node.status
        return Admission.answer(
            to: hello, identity: node.identity, membership: status.membership, hasLeader: status.leader != nil,
            process: process)
    }

    /// Logs a refusal, unless the same hub was refused for the same reason before.
    func refuse(_ address: Address, _ refusal: Refusal) {
        let isNews = state.withLock { state in
            if state.refusals.count > 100 { state.refusals = [:] }
            return state.refusals.updateValue(refusal, forKey: address) != refusal
        }
        guard isNews else { return }
        log.warning("hub-refused: the hub at \(address) is not let in; it is told: \(refusal)")
    }

    /// A hub has one connection to this one; an older one may hang in a network that was cut.
    func accepted(_ channel: any Channel, from hub: HubID) {
        let old = state.withLock { $0.accepted.updateValue(channel, forKey: hub) }
        if let old, old !== channel { old.close(promise: nil) }
    }

    func received(_ messages: [Message], from hub: HubID, at address: Address) {
        let node = state.withLock { state in
            // A hub that was just added knows the others only by this, until it has their membership.
            connect(hub, at: address, &state)
            return state.node
        }
        node?.receive(messages)
    }

    func processEnded(_ hub: HubID) {
        log.warning("hub-ended: the process of hub \(hub) has ended")
        state.withLock { $0.node }?.processEnded(hub)
    }

    func refused(_ refusal: Refusal) {
        if refusal.isFinal { wasRefused(refusal) }
    }
}
