package import HubStore

/// The consensus algorithm as a value: Raft with PreVote and CheckQuorum, decisions only. Events go in through
/// `step`, `tick`, `propose` and their like; `ready` says what has to be done about them, and `didPersist` and
/// `didApply` that it is done. No clock, no disk, no network, no randomness of its own.
///
/// The methods throw what the storage throws when an entry cannot be read; the core must not be used after that.
package struct RaftCore {
    package let configuration: CoreConfiguration
    var log: LogView
    var history: MembershipHistory

    package internal(set) var hardState: HardState
    /// What `hardState` was when it last went to disk.
    var persistedState: HardState
    package internal(set) var role = Role.follower
    package internal(set) var leader: HubID?
    package internal(set) var applied: LogIndex

    var random: SplitMix
    /// Ticks since the start.
    var now: UInt64 = 0
    /// Ticks until this hub campaigns, unless it hears from a leader.
    var electionCountdown: UInt64 = 0
    /// Ticks for which this hub has promised not to vote for another leader.
    var promiseTicks: UInt64

    // Of a candidate; empty otherwise.
    var granted: [HubID] = []
    var refused: [HubID] = []
    /// When the campaign began.
    var ballotTick: UInt64 = 0

    // Of a leader; empty otherwise.
    var peers: [Progress] = []
    /// The last of the leader's own entries that is on its disk.
    var ownMatch = LogIndex.zero
    /// The first entry of the leader's term.
    package internal(set) var termStart = LogIndex.zero
    /// Entries of this leader that are not handed out for applying yet.
    var uncommittedCost = 0
    var heartbeatCountdown: UInt64 = 0
    var round: UInt64 = 0
    var pendingReads: [PendingRead] = []
    var successor: (hub: HubID?, deadline: UInt64)?

    // Of a follower.
    var incoming: IncomingSnapshot?

    var readCounter: UInt64 = 0
    var messages: [Message] = []
    var messagesAfterPersisting: [Message] = []
    var roleChange: RoleChange?
    package internal(set) var electionCount = 0

    /// - Parameters:
    ///   - storage: what is on disk.
    ///   - applied: the last entry that the state machine has on disk; at least `storage.base.index`.
    package init(configuration: CoreConfiguration, storage: any LogStorage, applied: LogIndex) {
        precondition(
            applied >= storage.base.index && applied <= storage.lastIndex,
            "applied \(applied) outside the log \(storage.base.index)–\(storage.lastIndex)")
        self.configuration = configuration
        log = LogView(storage: storage)
        history = MembershipHistory(base: storage.base, later: storage.memberships)
        persistedState = storage.hardState
        hardState = storage.hardState
        hardState.commit = max(hardState.commit, applied)
        precondition(hardState.commit <= storage.lastIndex, "commit \(hardState.commit) beyond \(storage.lastIndex)")
        self.applied = applied
        random = SplitMix(seed: configuration.seed)
        // What was promised before the process ended still holds.
        promiseTicks = hardState.term == .zero ? 0 : configuration.timing.electionMinimum
        resetElectionCountdown()
        if membership.voters == [configuration.hub] {
            electionCountdown = 1
        } else if hardState.term == .zero {
            electionCountdown = 1 + random.next(upperBound: configuration.timing.electionMinimum)
        }
        roleChange = RoleChange(role: .follower, term: term, leader: nil, cause: .started)
    }

    package var hub: HubID { configuration.hub }
    package var term: Term { hardState.term }
    package var commit: LogIndex { hardState.commit }
    package var lastIndex: LogIndex { log.lastIndex }
    /// The membership that this hub acts by: the newest in its log.
    package var membership: Membership { history.latest }
    /// The membership before it, unless the log was cut between them.
    package var previousMembership: Membership? { history.previous }
    package var membershipIndex: LogIndex { history.latestIndex }

    func isSabotaged(_ bug: Sabotage) -> Bool { configuration.sabotage.contains(bug) }

    // MARK: Time

    /// A tick has passed. After a pause of the process the driver hands in all ticks that have passed *before* it
    /// hands in anything else, so that a leader that slept too long knows it first.
    package mutating func tick() {
        now += 1
        if promiseTicks > 0 { promiseTicks -= 1 }
        if role == .leader {
            tickAsLeader()
            return
        }
        if electionCountdown > 0 { electionCountdown -= 1 }
        if electionCountdown == 0 { campaign(cause: .electionTimeout) }
    }

    mutating func resetElectionCountdown() {
        let timing = configuration.timing
        electionCountdown =
            timing.electionMinimum + random.next(upperBound: timing.electionMaximum - timing.electionMinimum)
        if !membership.isVoter(hub) { electionCountdown *= 4 }
    }

    // MARK: Messages

    /// A message has arrived. What comes from another group, for another hub or from a lost disk is ignored.
    package mutating func step(_ message: Message) {
        guard message.group == configuration.group, message.to == hub, message.from != hub else { return }
        guard admits(message.from, message.incarnation) else { return }
        switch message.body {
        case .preVote(let lastIndex, let lastTerm):
            answerPreVote(message, lastIndex: lastIndex, lastTerm: lastTerm)
            return
        case .preVoteReply(let proposed, let granted):
            countPreVote(message, proposed: proposed, granted: granted)
            return
        case .vote(_, _, let isTransfer) where message.term > term && !isTransfer && isPromised:
            return
        default:
            break
        }
        if message.term > term {
            // A hub that is no member any more cannot depose the leader (etcd #9333).
            if role == .leader, !message.isFromCandidate, !message.isFromLeader, peer(message.from) == nil { return }
            become(.follower, term: message.term, leader: nil, cause: .higherTerm)
        } else if message.term < term {
            answerEarlierTerm(message)
            return
        }
        switch message.body {
        case .vote(let lastIndex, let lastTerm, _):
            answerVote(message, lastIndex: lastIndex, lastTerm: lastTerm)
        case .voteReply(let granted): countVote(message.from, granted: granted)
        case .append(let append): follow(message.from, append)
        case .heartbeat(let commit, let round, let sent):
            follow(message.from, commit: commit, round: round, sent: sent)
        case .snapshot(let chunk): follow(message.from, chunk)
        case .timeoutNow: takeOver(from: message.from)
        case .appendAccepted, .appendRejected, .heartbeatReply, .snapshotReply: receiveAnswer(message)
        case .preVote, .preVoteReply, .staleTerm: break
        }
    }

    /// False for a hub whose disk is not the one it joined with (etcd #13066).
    package func admits(_ hub: HubID, _ incarnation: Incarnation) -> Bool {
        guard let known = membership.member(hub)?.incarnation else { return true }
        return known == incarnation
    }

    /// Without an answer a candidate whose term is higher could neither be elected nor follow (etcd #8334).
    private mutating func answerEarlierTerm(_ message: Message) {
        if message.isFromLeader {
            send(.staleTerm, to: message.from)
        } else if message.isFromCandidate {
            send(.voteReply(granted: false), to: message.from)
        }
    }

    mutating func send(_ body: Message.Body, to peer: HubID, beforePersisting: Bool = false) {
        let message = Message(
            group: configuration.group, from: hub, incarnation: configuration.incarnation, to: peer, term: term,
            body: body)
        if beforePersisting || isSabotaged(.acknowledgesBeforePersisting) {
            messages.append(message)
        } else {
            messagesAfterPersisting.append(message)
        }
    }
}

extension Message {
    var isFromLeader: Bool {
        switch body {
        case .append, .heartbeat, .snapshot, .timeoutNow: true
        default: false
        }
    }

    var isFromCandidate: Bool { if case .vote = body { true } else { false } }
}
