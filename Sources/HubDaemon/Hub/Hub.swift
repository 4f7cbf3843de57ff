internal import HubStore
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RaftLog
internal import Synchronization

/// One hub: a member of the Raft group, and, while it leads, the primary that keeps the servers in sync.
///
/// What is replicated changes only through the group's log; the links are a function of the applied state.
actor Hub {
    nonisolated let configuration: Configuration
    nonisolated let log: Logger
    nonisolated let board: StateBoard
    nonisolated let transport: HubTransport
    nonisolated let tails = RouteTails()
    let directory: FloydPath
    private let lock: LockFile
    private let loops: MultiThreadedEventLoopGroup
    /// Everything of the data plane runs here, and nothing else does: a flood of records delays no heartbeat.
    let syncLoop: any EventLoop
    private let events: AsyncStream<Event>
    let sink: AsyncStream<Event>.Continuation
    /// At most one element waits: that the board shows a newer state than the links were told.
    private let newStates: AsyncStream<Void>
    let reign = Reign()
    /// Nil until this hub knows who it is.
    private let member = Mutex<RaftNode?>(nil)
    private var joining: Task<Void, Never>?
    private var introducing: Task<Void, Never>?
    /// Set while this hub is primary.
    var sync: SyncService?
    var advancing: Task<Void, Never>?
    /// When positions were last written to the Raft log; unix seconds.
    var lastSaved: Int?
    /// The log says that this hub was removed.
    var hasToldRemoval = false

    enum Event: Sendable {
        case joined
        case raft(RaftEvent)
        /// The data plane cannot go on, or could not begin.
        case syncFailed(String)
        case beginAgain(Term)
        /// This hub cannot go on.
        case failed(any Error)
        case stop
    }

    /// Opens `floyd-path` and listens for the other hubs. Nothing else runs before `run`.
    static func open(_ configuration: Configuration, log: Logger) async throws -> Hub {
        let (directory, lock) = try FloydPath.open(configuration.floydPath)
        // Of a process that was killed while it was primary.
        try OverflowDatabase.remove(directory.versions)
        let hub = Hub(configuration, log, directory, lock)
        let raftLog = try RocksLog(path: directory.raft)
        if raftLog.identity == nil, case .start(let identity, let membership)? = hub.newJoining().decision {
            try raftLog.initialise(identity, membership: membership)
        }
        if raftLog.identity != nil { try hub.becomeMember(raftLog) }
        // Not before it is clear whether this hub belongs to a group (`HubTransport`).
        try await hub.listen()
        return hub
    }

    private init(_ configuration: Configuration, _ log: Logger, _ directory: FloydPath, _ lock: LockFile) {
        self.configuration = configuration
        self.log = log
        self.directory = directory
        self.lock = lock
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        (self.events, self.sink) = (events, sink)
        let (newStates, newState) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        self.newStates = newStates
        board = StateBoard { newState.yield() }
        loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        syncLoop = loops.next()
        transport = HubTransport(
            own: configuration.raftAddress, loop: loops.next(), log: log, process: .random(in: 1 ... .max),
            wasRefused: { if $0.isFinal { sink.yield(.failed(HubFailure.refused($0))) } })
    }

    /// Nil while this hub has not joined a group.
    nonisolated var node: RaftNode? { member.withLock { $0 } }

    // MARK: Joining

    private nonisolated func newJoining() -> Joining {
        let own = configuration.raftAddress
        return Joining(
            own: own, addresses: configuration.floydServers.isEmpty ? [own] : configuration.floydServers,
            incarnation: Incarnation(.random(in: 1 ... .max)))
    }

    private func listen() async throws {
        for host in configuration.listenHosts {
            do {
                try await transport.listen(host: host, port: configuration.floydLocalPort)
            } catch {
                throw HubFailure.cannotListen(
                    Address(host: host, port: configuration.floydLocalPort),
                    use: "where the other hubs connect (floyd-local-port)", "\(error)")
            }
        }
    }

    private nonisolated func becomeMember(_ raftLog: sending RocksLog) throws {
        var raft = RaftConfiguration()
        raft.heartbeat = .milliseconds(configuration.raftHeartbeatMilliseconds)
        raft.electionTimeout = .milliseconds(configuration.raftElectionTimeoutMilliseconds)
        raft.proposalTimeout = Self.requestLimit
        let machine = try HubStateMachine(store: StateStore(path: directory.state), board: board)
        let node = try RaftNode(
            configuration: raft, log: raftLog, transport: transport, stateMachine: machine,
            seed: .random(in: .min ... .max)
        ) { [reign, sink] event in
            // At once, from Raft's own thread: links have to be closed before another hub can be elected.
            switch event {
            case .role(let change): change.role == .leader ? reign.open(change.term) : reign.end()
            case .failed: reign.end()
            case .leading, .membership: break
            case .applied: return
            }
            sink.yield(.raft(event))
        }
        transport.attach(node) { [self] in await serve($0) }
        member.withLock { $0 = node }
    }

    /// Asks the other hubs who this one is, which may take until an operator tells the group to ADD it.
    private func join() async {
        do {
            let (identity, membership) = try await transport.join(newJoining())
            let raftLog = try RocksLog(path: directory.raft)
            try raftLog.initialise(identity, membership: membership)
            try becomeMember(raftLog)
            sink.yield(.joined)
        } catch is CancellationError {
        } catch {
            sink.yield(.failed(error))
        }
    }

    // MARK: Life

    /// Takes part until `stop` is called or the hub cannot go on.
    /// - Throws: why it cannot go on. The process has to end then.
    func run() async throws {
        let following = Task { for await _ in newStates { sync?.update(board.current) } }
        defer { following.cancel() }
        if let node {
            start(node)
        } else {
            log.info("joining: floyd-path is empty; asking the other hubs of floyd-servers who this one is")
            joining = Task { await join() }
        }
        for await event in events {
            switch event {
            case .joined: if let node { start(node) }
            case .raft(let event): try await follow(event)
            case .syncFailed(let text):
                // What was not delivered is in the relay log, or still at its source.
                log.error("sync-failed: \(text)")
                await end()
                if let node { recover(node) }
            case .beginAgain(let term):
                guard sync == nil, let status = node?.status, status.role == .leader, status.term == term
                else { continue }
                await begin(term)
            case .failed(let error):
                await end()
                throw error
            case .stop:
                await close()
                return
            }
        }
    }

    /// Asks for a clean stop; `run` returns when it is done.
    nonisolated func stop() { sink.yield(.stop) }

    private func start(_ node: RaftNode) {
        log.info("member: this is hub \(node.identity.hub) of group \(node.identity.group)")
        node.start()
        introducing = Task { await introduce() }
    }

    private func follow(_ event: RaftEvent) async throws {
        switch event {
        case .leading(let term): await begin(term)
        case .role(let change):
            log.info("raft-role: \(change.role) in term \(change.term)")
            if change.role != .leader { await end() }
        case .membership(let membership):
            log.info("raft-members: \(membership.members.map { "\($0.address) \($0.role)" }.joined(separator: ", "))")
        case .failed(let failure):
            await end()
            throw failure
        case .applied: break
        }
    }

    /// After the data plane has failed: another hub may be better off; the only one tries again. Nobody waits for it,
    /// since a stop must not wait either.
    private func recover(_ node: RaftNode) {
        let status = node.status
        guard status.role == .leader else { return }
        Task { [sink, log] in
            do {
                try await Task.sleep(for: .seconds(status.peers.isEmpty ? 5 : 1))
                try await node.transferLeadership()
            } catch ProposalError.noSuccessor {
            } catch {
                log.warning("not-handed-over: \(error)")
            }
            sink.yield(.beginAgain(status.term))
        }
    }

    /// SIGTERM: nothing new is read, what is under way is delivered, the last positions are written, and another hub
    /// goes on.
    private func close() async {
        joining?.cancel()
        await joining?.value
        introducing?.cancel()
        if let node, node.status.role == .leader {
            do throws(ProposalError) {
                try await handOver(to: nil)
            } catch .noSuccessor {
                await finish()
            } catch {
                log.warning("not-handed-over: the other hubs will notice by themselves: \(error)")
            }
        }
        await end()
        await node?.stop()
        await transport.stop()
        do {
            try await loops.shutdownGracefully()
        } catch {
            log.error("stop-failed: \(error)")
        }
        log.info("stopped: pika_hub has stopped")
    }
}
