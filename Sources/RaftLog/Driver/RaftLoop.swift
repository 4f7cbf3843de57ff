import Dispatch
import HubStore

/// What the node's thread owns: the core, the log, the state machine, and those who wait for an answer.
struct RaftLoop {
    let configuration: RaftConfiguration
    let identity: HubIdentity
    let log: RocksLog
    let transport: any RaftTransport
    var stateMachine: any ReplicatedStateMachine
    let observer: @Sendable (RaftEvent) -> Void
    let publish: @Sendable (RaftStatus) -> Void
    var core: RaftCore

    var pending = PendingRequests()
    /// The term of which `.leading` was told.
    var announcedTerm: Term?
    var toldMembership: Membership?
    var lastTick = ContinuousClock.now
    private var isStopping = false
    private var publishedAt: ContinuousClock.Instant?
    private var publishedRole = Role.follower

    init(
        configuration: RaftConfiguration, identity: HubIdentity, log: RocksLog, transport: any RaftTransport,
        stateMachine: any ReplicatedStateMachine, seed: UInt64, observer: @escaping @Sendable (RaftEvent) -> Void,
        publish: @escaping @Sendable (RaftStatus) -> Void
    ) throws(RaftFailure) {
        self.configuration = configuration
        self.identity = identity
        self.log = log
        self.transport = transport
        self.stateMachine = stateMachine
        self.observer = observer
        self.publish = publish
        if let snapshot = log.unrestored {
            try Self.restore(snapshot, into: &self.stateMachine, log: log)
        }
        // Entries without a command are in no state machine, so its index may lie before the log's beginning.
        let applied = max(self.stateMachine.appliedIndex, log.base.index)
        guard applied <= log.lastIndex else {
            throw .stateWithoutLog(applied: applied, first: log.base.index.next, last: log.lastIndex)
        }
        var settings = CoreConfiguration(
            hub: identity.hub, group: identity.group, incarnation: identity.incarnation, seed: seed)
        settings.timing = configuration.timing
        settings.limits = configuration.limits
        core = RaftCore(configuration: settings, storage: log, applied: applied)
    }

    // MARK: The thread

    mutating func run(mailbox: Mailbox<RaftRequest>) {
        do throws(RaftFailure) {
            // A group of one leads at once.
            core.tick()
            try work()
            announceLeading()
            while !isStopping {
                if publishedAt != lastTick || core.role != publishedRole {
                    (publishedAt, publishedRole) = (lastTick, core.role)
                    publish(status)
                }
                let requests = mailbox.take(until: nextTick)
                try tick()
                for request in requests { handle(request) }
                try work()
                if ContinuousClock.now < lastTick + configuration.tick { announceLeading() }
            }
            pending.failAll(with: .outcomeUnknown("the hub has stopped"))
            publish(status)
        } catch {
            var last = status
            last.failure = error
            last.role = .follower
            publish(last)
            pending.failAll(with: .outcomeUnknown("the hub has stopped: \(error)"))
            observer(.failed(error))
        }
        for request in mailbox.close() { refuse(request) }
    }

    private var nextTick: DispatchTime {
        let rest = (lastTick + configuration.tick) - ContinuousClock.now
        return .now() + .nanoseconds(max(0, Int(rest / .nanoseconds(1))))
    }

    /// Hands the core all ticks that are due, before anything that came in meanwhile: a leader that was frozen must
    /// find out first (see `RaftCore.tick`).
    private mutating func tick() throws(RaftFailure) {
        let now = ContinuousClock.now
        let due = Int((now - lastTick) / configuration.tick)
        guard due > 0 else { return }
        let mostThatMatter = Int(2 * configuration.timing.electionMaximum)
        lastTick = due > mostThatMatter ? now : lastTick + configuration.tick * due
        for _ in 0..<min(due, mostThatMatter) {
            let term = core.term
            core.tick()
            // A campaign's requests go out before more time passes for it.
            if core.term != term { try work() }
        }
        pending.failOverdue(now)
        try work()
    }

    private mutating func handle(_ request: RaftRequest) {
        switch request {
        case .propose(let command, let reply):
            switch core.propose(command) {
            case .success(let place): pending.add(reply, at: place.index, term: place.term, deadline: deadline)
            case .failure(let refusal): reply.resume(returning: .failure(ProposalError(refusal)))
            }
        case .change(let change, let reply):
            switch core.propose(change) {
            case .success(let place): pending.add(reply, at: place.index, term: place.term, deadline: deadline)
            case .failure(let refusal): reply.resume(returning: .failure(ProposalError(refusal)))
            }
        case .read(let reply):
            switch core.readIndex() {
            case .success(let token): pending.add(reply, for: token, deadline: deadline)
            case .failure(let refusal): reply.resume(returning: .failure(ProposalError(refusal)))
            }
        case .transfer(let hub, let reply):
            switch core.transferLeadership(to: hub) {
            case .success: pending.addTransfer(reply, deadline: deadline)
            case .failure(let refusal): reply.resume(returning: .failure(ProposalError(refusal)))
            }
        case .messages(let messages): for message in messages { core.step(message) }
        case .processEnded(let hub): core.processEnded(hub)
        case .stop: isStopping = true
        }
    }

    private func refuse(_ request: RaftRequest) {
        switch request {
        case .propose(_, let reply), .change(_, let reply), .read(let reply), .transfer(_, let reply):
            reply.resume(returning: .failure(.stopped))
        case .messages, .processEnded, .stop: break
        }
    }

    private var deadline: ContinuousClock.Instant { .now + configuration.proposalTimeout }
}
