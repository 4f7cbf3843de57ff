import HubStore

/// The driver's duties, in the order of the overview (`RaftLog.swift`).
extension RaftLoop {
    /// Carries out everything that the core wants done.
    mutating func work() throws(RaftFailure) {
        while let ready = try nextReady() {
            if let change = ready.roleChange { observer(.role(change)) }
            transport.send(ready.messages)
            do throws(RaftStorageError) { try log.persist(ready) } catch { throw .storage(error) }
            if let snapshot = ready.snapshot { try Self.restore(snapshot, into: &stateMachine, log: log) }
            core.didPersist(ready)
            transport.send(ready.messagesAfterPersisting)
            tellMembership()
            try apply(ready.committed)
            for token in ready.reads { pending.succeed(token) }
            if core.role != .leader { pending.failAll(with: .outcomeUnknown("this hub no longer leads")) }
            if ready.wantsSnapshot { try offerSnapshot() }
        }
        try compact()
    }

    private mutating func nextReady() throws(RaftFailure) -> Ready? {
        do throws(StoreError) { return try core.ready() } catch { throw .storage(.store(error)) }
    }

    static func restore(
        _ snapshot: Snapshot, into stateMachine: inout any ReplicatedStateMachine, log: RocksLog
    ) throws(RaftFailure) {
        do throws(StateMachineError) {
            try stateMachine.restore(snapshot.data, through: snapshot.metadata.index)
        } catch { throw .stateMachine(error) }
        do throws(RaftStorageError) { try log.didRestore() } catch { throw .storage(error) }
    }

    private mutating func apply(_ entries: [Entry]) throws(RaftFailure) {
        guard let last = entries.last else { return }
        let commands = entries.compactMap { entry in
            if case .command(let payload) = entry.payload {
                CommittedCommand(index: entry.index, term: entry.term, payload: payload)
            } else {
                nil
            }
        }
        var replies: [[UInt8]] = []
        if !commands.isEmpty {
            do throws(StateMachineError) { replies = try stateMachine.apply(commands) } catch {
                throw .stateMachine(error)
            }
            precondition(replies.count == commands.count, "\(replies.count) answers to \(commands.count) commands")
        }
        core.didApply(through: last.index)
        let now = ContinuousClock.now
        for (command, reply) in zip(commands, replies) {
            pending.succeed(command.index, term: command.term, with: reply, at: now)
        }
        for entry in entries {
            if case .membership = entry.payload { pending.succeed(entry.index, term: entry.term, with: [], at: now) }
        }
        observer(.applied(last.index))
    }

    private mutating func offerSnapshot() throws(RaftFailure) {
        do throws(StateMachineError) { core.offerSnapshot(try stateMachine.snapshot()) } catch {
            throw .stateMachine(error)
        }
    }

    /// Not while ticks are due: after a long write they may end the leadership.
    mutating func announceLeading() {
        guard core.role == .leader, announcedTerm != core.term, core.applied >= core.termStart else { return }
        announcedTerm = core.term
        observer(.leading(core.term))
    }

    /// Whoever is answered next must find the change in the status.
    private mutating func tellMembership() {
        guard toldMembership != core.membership else { return }
        toldMembership = core.membership
        publish(status)
        transport.keepConnections(with: core.membership)
        observer(.membership(core.membership))
    }

    /// Cuts the log, when it is long enough, behind what the state machine has on disk for good.
    private mutating func compact() throws(RaftFailure) {
        let length = log.base.index.distance(to: core.applied)
        guard length > configuration.keptEntries + configuration.compactionStep else { return }
        let durable: LogIndex
        do throws(StateMachineError) { durable = try stateMachine.flush() } catch { throw .stateMachine(error) }
        guard let point = core.compactionPoint(durable: durable, keeping: configuration.keptEntries) else { return }
        do throws(RaftStorageError) { try log.compact(to: point) } catch { throw .storage(error) }
        core.didCompact(through: point.index)
    }

    var status: RaftStatus {
        var status = RaftStatus(identity: identity)
        status.role = core.role
        status.term = core.term
        status.leader = core.leader
        status.membership = core.membership
        status.first = log.base.index.next
        status.last = core.lastIndex
        status.commit = core.commit
        status.applied = core.applied
        status.electionCount = core.electionCount
        status.proposals = pending.latency
        if let ticks = core.ticksOfCertainLeadership { status.leadsUntil = lastTick + configuration.tick * Int(ticks) }
        status.peers = core.membership.members.filter { $0.id != identity.hub }.map { member in
            let contact = core.contact(of: member.id)
            return RaftStatus.Peer(
                id: member.id, role: member.role, address: member.address, match: contact?.match,
                lag: contact?.match.map { $0.distance(to: core.lastIndex) },
                sinceContact: contact.map { configuration.tick * Int($0.ticksAgo) })
        }
        return status
    }
}
