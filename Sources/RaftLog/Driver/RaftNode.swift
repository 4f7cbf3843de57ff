import Dispatch
public import HubStore
import Synchronization

/// A running member of the group: a thread that drives a `RaftCore` (see the overview, `RaftLog.swift`).
public final class RaftNode: Sendable {
    public let identity: HubIdentity
    private let mailbox = Mailbox<RaftRequest>()
    private let board: StatusBoard
    /// Nil when the thread has ended, so that the log and the state machine are closed by then.
    private let loop: Mutex<RaftLoop?>
    private let queue = DispatchQueue(label: "raft", qos: .userInitiated)
    private let end = Completion()

    /// Brings the state machine up to date with what is on disk. Nothing runs before `start`.
    ///
    /// - Parameters:
    ///   - log: opened and initialised.
    ///   - seed: random; only spreads election timeouts.
    ///   - observer: called on the node's thread; must not block.
    public init(
        configuration: RaftConfiguration = RaftConfiguration(), log: sending RocksLog, transport: any RaftTransport,
        stateMachine: sending any ReplicatedStateMachine, seed: UInt64,
        observer: @escaping @Sendable (RaftEvent) -> Void
    ) throws(RaftFailure) {
        guard let identity = log.identity else { preconditionFailure("the log has no identity yet") }
        self.identity = identity
        let board = StatusBoard(RaftStatus(identity: identity))
        self.board = board
        let loop = try RaftLoop(
            configuration: configuration, identity: identity, log: log, transport: transport,
            stateMachine: stateMachine, seed: seed, observer: observer, publish: { board.show($0) })
        self.loop = Mutex(loop)
    }

    /// Starts the thread. To be called once. A group of one leads when its first write is on disk.
    public func start() {
        queue.async { [self] in
            loop.withLock { loop in
                loop?.run(mailbox: mailbox)
                loop = nil
            }
            end.complete()
        }
    }

    /// Ends the thread and closes the log and the state machine; pending requests end with `stopped` or
    /// `outcomeUnknown`. Hand over first when others should not have to wait for an election.
    public func stop() async {
        _ = mailbox.put(.stop)
        await end.wait()
    }

    public var status: RaftStatus { board.current }

    /// Whether this hub leads and nobody else can have been elected yet, by the clock and whatever the node's thread
    /// does meanwhile: false at once when a frozen process wakes up. Cheap enough to ask before every write.
    public var leadsForCertain: Bool { board.leadsForCertain(at: .now) }

    // MARK: Requests

    /// Has a command committed and applied, and returns the state machine's answer.
    public func propose(_ command: [UInt8]) async throws(ProposalError) -> [UInt8] {
        try await ask { .propose(command, $0) }
    }

    /// Returns when the state machine shows everything that was committed anywhere before the call.
    public func readIndex() async throws(ProposalError) {
        _ = try await ask { .read($0) }
    }

    /// Hands over and returns when this hub leads no more. Who leads next is told by the events.
    public func transferLeadership(to hub: HubID? = nil) async throws(ProposalError) {
        _ = try await ask { .transfer(hub, $0) }
    }

    /// Has a change of the membership committed.
    public func changeMembership(_ change: MembershipChange) async throws(ProposalError) {
        _ = try await ask { .change(change, $0) }
    }

    private func ask(_ request: (Reply) -> RaftRequest) async throws(ProposalError) -> [UInt8] {
        let result = await withCheckedContinuation { (continuation: Reply) in
            if !mailbox.put(request(continuation)) { continuation.resume(returning: .failure(.stopped)) }
        }
        return try result.get()
    }

    // MARK: From the transport

    public func receive(_ messages: [Message]) { _ = mailbox.put(.messages(messages)) }

    /// The process of a hub has ended for certain: its host refuses connections, or another process answers there.
    public func processEnded(_ hub: HubID) { _ = mailbox.put(.processEnded(hub)) }
}

typealias Reply = CheckedContinuation<Result<[UInt8], ProposalError>, Never>

enum RaftRequest: Sendable {
    case propose([UInt8], Reply)
    case read(Reply)
    case transfer(HubID?, Reply)
    case change(MembershipChange, Reply)
    case messages([Message])
    case processEnded(HubID)
    case stop
}

/// Something that happens once and that several tasks may wait for.
private final class Completion: Sendable {
    private let state = Mutex<(isDone: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func complete() {
        let waiting = state.withLock { state in
            state.isDone = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if !state.isDone { state.waiting.append(continuation) }
                return state.isDone
            }
            if isDone { continuation.resume() }
        }
    }
}

/// The newest status, from the node's thread to everyone who looks.
private final class StatusBoard: Sendable {
    private let status: Mutex<RaftStatus>

    init(_ status: RaftStatus) { self.status = Mutex(status) }

    var current: RaftStatus { status.withLock { $0 } }

    func leadsForCertain(at now: ContinuousClock.Instant) -> Bool { status.withLock { $0.leadsForCertain(at: now) } }

    func show(_ next: RaftStatus) { status.withLock { $0 = next } }
}
