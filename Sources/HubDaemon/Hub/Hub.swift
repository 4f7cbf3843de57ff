internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import RaftLog
internal import Synchronization

/// One hub: a member of the Raft group, and, while it leads, the primary that keeps the servers in sync.
///
/// What is replicated changes only through `propose`; the links are a function of the applied state.
actor Hub {
    let configuration: Configuration
    let log: Logger
    let node: RaftNode
    let board: StateBoard
    let tails = RouteTails()
    private let directory: FloydPath
    private let lock: LockFile
    private let loops: MultiThreadedEventLoopGroup
    private let events: AsyncStream<Event>
    private let reign: Reign
    /// Set while this hub is primary.
    private(set) var sync: SyncService?
    private var advancing: Task<Void, Never>?
    /// When positions were last written to the Raft log; unix seconds.
    private(set) var lastSaved: Int?
    private var seeding: Task<Void, Never>?

    enum Event: Sendable {
        case raft(RaftEvent)
        /// The board shows a newer state.
        case state
        /// The data plane cannot go on, or could not begin.
        case syncFailed(String)
        case beginAgain(Term)
        case stop
    }

    /// Opens `floyd-path` and gets ready to take part. Nothing runs before `run`.
    static func open(_ configuration: Configuration, log: Logger) async throws -> Hub {
        let (directory, lock) = try FloydPath.open(configuration.floydPath)
        let raftLog = try RocksLog(path: directory.raft)
        if raftLog.identity == nil {
            let own = configuration.raftAddress
            let addresses = configuration.floydServers.isEmpty ? [own] : configuration.floydServers
            guard
                let founding = HubIdentity.founding(
                    addresses, own: own, incarnation: Incarnation(.random(in: 1 ... .max)))
            else { throw HubFailure.notInGroup(own: own, group: addresses) }
            guard founding.membership.members.count == 1 else { throw HubFailure.groupOfSeveral(addresses) }
            try raftLog.initialise(founding.identity, membership: founding.membership)
        }
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        let reign = Reign()
        let board = StateBoard { sink.yield(.state) }
        let machine = try HubStateMachine(store: StateStore(path: directory.state), board: board)
        var raft = RaftConfiguration()
        raft.heartbeat = .milliseconds(configuration.raftHeartbeatMilliseconds)
        raft.electionTimeout = .milliseconds(configuration.raftElectionTimeoutMilliseconds)
        let node = try RaftNode(
            configuration: raft, log: raftLog, transport: NoTransport(), stateMachine: machine,
            seed: .random(in: .min ... .max)
        ) { event in
            // At once, from Raft's own thread: links have to be closed before another hub can be elected.
            switch event {
            case .role(let change): change.role == .leader ? reign.open() : reign.end()
            case .failed: reign.end()
            default: break
            }
            sink.yield(.raft(event))
        }
        return Hub(
            configuration: configuration, log: log, node: node, board: board, directory: directory, lock: lock,
            events: events, sink: sink, reign: reign)
    }

    private let sink: AsyncStream<Event>.Continuation

    private init(
        configuration: Configuration, log: Logger, node: RaftNode, board: StateBoard, directory: FloydPath,
        lock: LockFile, events: AsyncStream<Event>, sink: AsyncStream<Event>.Continuation, reign: Reign
    ) {
        self.configuration = configuration
        self.log = log
        self.node = node
        self.board = board
        self.directory = directory
        self.lock = lock
        self.events = events
        self.sink = sink
        self.reign = reign
        loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }

    /// Takes part until `stop` is called or the hub cannot go on.
    /// - Throws: why it cannot go on. The process has to end then.
    func run() async throws {
        node.start()
        for await event in events {
            switch event {
            case .raft(.leading(let term)): await begin(term)
            case .raft(.role(let change)):
                log.info("raft-role: \(change.role) in term \(change.term)")
                if change.role != .leader { await end() }
            case .raft(.failed(let failure)):
                await end()
                throw failure
            case .raft(.applied), .raft(.membership): break
            case .state: sync?.update(board.current)
            case .syncFailed(let text):
                // What was not delivered is in the relay log, or still at its source.
                log.error("sync-failed: \(text); beginning anew in 5 s")
                let term = node.status.term
                await end()
                // Not waited for here: a stop must not wait for it either.
                Task { [sink] in
                    do { try await Task.sleep(for: .seconds(5)) } catch { return }
                    sink.yield(.beginAgain(term))
                }
            case .beginAgain(let term):
                guard sync == nil, node.status.role == .leader, node.status.term == term else { continue }
                await begin(term)
            case .stop:
                await close()
                return
            }
        }
    }

    /// Asks for a clean stop; `run` returns when it is done.
    nonisolated func stop() { sink.yield(.stop) }

    // MARK: Primary

    private func begin(_ term: Term) async {
        let before = board.current.primary
        let own = node.identity.hub
        do {
            _ = try await propose(
                .announcePrimary(hub: own, term: term.rawValue, adminAddress: configuration.adminAddress))
            let state = board.current
            if configuration.pikaServers.contains(where: { state.servers[$0.id] == nil }) {
                _ = try await propose(.seed(servers: configuration.pikaServers))
            }
            let service = try await SyncService.start(
                configuration: configuration, eventLoop: loops.next(), relayPath: directory.relay,
                owner: Self.owner(own, term.rawValue), previousOwner: before.map { Self.owner($0.hub, $0.term) },
                suspects: Array(state.suspects.values),
                log: log, tails: tails,
                failed: { [sink] in sink.yield(.syncFailed("the relay log cannot be used: \($0)")) })
            guard reign.begin(service) else { return service.stop() }
            sync = service
            service.update(board.current)
            log.info("primary: this hub is the primary in term \(term)")
            for difference in board.current.differences(from: configuration.pikaServers) {
                log.warning("configuration-differs: \(difference)")
            }
            advancing = Task { await advance(service, term) }
        } catch {
            sink.yield(.syncFailed("cannot become primary in term \(term): \(error)"))
        }
    }

    /// Once a second, what was acknowledged becomes part of the replicated state.
    private func advance(_ service: SyncService, _ term: Term) async {
        while !Task.isCancelled, sync === service {
            do {
                try await Task.sleep(for: .seconds(1))
                try await save(service, term, isLast: false)
            } catch is CancellationError {
                return
            } catch {
                log.warning("positions-not-saved: \(error)")
            }
        }
    }

    private func save(_ service: SyncService, _ term: Term, isLast: Bool) async throws {
        // Before the positions are taken: a server that is replaced in between must not be credited with what the
        // one before it acknowledged.
        let generations = board.current.servers.mapValues(\.generation)
        let changes = try await service.takeAdvance()
        guard !changes.isEmpty || isLast else { return }
        let step = Advance(
            term: term.rawValue, generations: generations, acknowledged: changes.acknowledged,
            repairedKeys: changes.repairedKeys, suspects: changes.suspects, isLast: isLast)
        do {
            if case .refused(let reason) = try await propose(.advance(progress: step)) { throw reason }
        } catch {
            service.forgetAdvance()
            throw error
        }
        if board.current.servers.mapValues(\.generation) != generations { service.forgetAdvance() }
        lastSaved = SyncShell.unixTime
    }

    /// Makes the replicated positions exact, before a command that hands them on.
    func savePositions() async throws {
        guard let sync else { return }
        try await save(sync, node.status.term, isLast: false)
    }

    private func end() async {
        advancing?.cancel()
        advancing = nil
        guard let service = sync else { return }
        sync = nil
        service.stop()
        do {
            try await service.stopped()
        } catch {
            log.error("stop-failed: \(error)")
        }
    }

    /// SIGTERM: nothing new is read, what is under way is delivered, the last positions are written.
    private func close() async {
        advancing?.cancel()
        if let service = sync {
            do {
                let limit = TimeAmount.milliseconds(Int64(configuration.drainTimeoutMilliseconds))
                if try await !service.drain(limit) {
                    log.warning("not-drained: some records are not acknowledged yet; they stay in the relay log")
                }
                try await save(service, node.status.term, isLast: true)
            } catch {
                log.error("positions-not-saved: \(error)")
            }
        }
        await end()
        await node.stop()
        do {
            try await loops.shutdownGracefully()
        } catch {
            log.error("stop-failed: \(error)")
        }
        log.info("stopped: pika_hub has stopped")
    }

    // MARK: Proposals

    /// Has a command committed and applied here, on the primary.
    func propose(_ command: HubCommand) async throws -> HubReply {
        let reply = try await node.propose(command.encoded())
        return try HubReply(reply: reply)
    }

    static func owner(_ hub: HubID, _ term: UInt64) -> String { "\(hub) \(term)" }
}

/// Why a hub cannot start.
enum HubFailure: Error, CustomStringConvertible {
    case notInGroup(own: Address, group: [Address])
    /// Hubs cannot talk to each other yet; a hub that waited for the others would wait for ever.
    case groupOfSeveral([Address])
    case cannotListen(Address, String)

    var description: String {
        switch self {
        case .groupOfSeveral(let group):
            "floyd-servers names \(group.count) hubs; this version runs a group of one only: give it this hub's own "
                + "address (floyd-local-ip:floyd-local-port) or leave it out"
        case .cannotListen(let address, let text):
            "cannot listen on \(address), where the servers send their binlogs (sdk-port + 1000): \(text)"
        case .notInGroup(let own, let group):
            "floyd-servers (\(group.map(\.description).joined(separator: ","))) does not contain this hub's own address "
                + "\(own) (floyd-local-ip and floyd-local-port)"
        }
    }
}

/// Whether this hub leads, and the service that it runs as primary. Opened and ended on Raft's own thread, in the order
/// in which that happens, so that a service never starts, or goes on, after its hub has stopped leading.
final class Reign: Sendable {
    private let state = Mutex<(isOpen: Bool, service: SyncService?)>((false, nil))

    func open() { state.withLock { $0.isOpen = true } }

    /// False when the hub has stopped leading meanwhile.
    func begin(_ service: SyncService) -> Bool {
        state.withLock { state in
            if state.isOpen { state.service = service }
            return state.isOpen
        }
    }

    /// Closes every link, without waiting.
    func end() {
        let service = state.withLock { state in
            defer { state = (false, nil) }
            return state.service
        }
        service?.stop()
    }
}
