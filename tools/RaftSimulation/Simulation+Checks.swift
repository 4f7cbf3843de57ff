import HubStore
import RaftLog
import SimulatedRaft

/// What is checked after every event, of the hub that it concerned.
extension Simulation {
    mutating func roleChanged(_ hub: SimulatedHub, _ change: RoleChange) throws(Violation) {
        note("\(hub.id) is \(change.role.rawValue) in term \(change.term): \(change.cause.rawValue)")
        if change.role == .leader, let core = hub.core {
            try oracle.leads(hub.id, core, hub.disk)
            if profile.strikesLeaders, !areFaultsOver, chance(percent: 80) {
                queue.add(.strike(place: hub.place, process: hub.process), at: now + pick(1...25))
            }
        } else {
            hub.announcedTerm = nil
            hub.leadsUntil = 0
        }
    }

    /// A primary begins only when every other one has ended, by its own clock.
    mutating func announceLeading(_ hub: SimulatedHub) throws(Violation) {
        guard let core = hub.core, core.role == .leader, hub.announcedTerm != core.term,
            core.applied >= core.termStart
        else { return }
        hub.announcedTerm = core.term
        for other in hubs where other !== hub && other.announcedTerm != nil && other.leadsUntil > now {
            throw Violation(
                description: "\(hub.id) begins as primary of term \(core.term) while \(other.id) still acts as that of "
                    + "term \(other.announcedTerm ?? .zero) until \(other.leadsUntil) ms")
        }
    }

    func updateLeadsUntil(_ hub: SimulatedHub) {
        guard let core = hub.core, core.role == .leader else { return }
        let lastTick = hub.nextTick - hub.tickLength * UInt64(1 + hub.dueTicks)
        let end = core.ticksOfCertainLeadership.map { (lastTick + $0 * hub.tickLength) / 100 }
        hub.leadsUntil = end ?? .max
    }

    mutating func check(_ hub: SimulatedHub) throws(Violation) {
        guard let core = hub.core else { return }
        let disk = hub.disk
        guard disk.base.index <= core.applied, core.applied <= core.commit, core.commit <= core.lastIndex else {
            throw Violation(
                description: "\(hub.id): snapshot \(disk.base.index), applied \(core.applied), commit \(core.commit), "
                    + "last \(core.lastIndex) are out of order")
        }
        guard core.term >= hub.highestTerm else {
            throw Violation(description: "\(hub.id) is back in term \(core.term) after \(hub.highestTerm)")
        }
        hub.highestTerm = core.term
        guard core.role == .leader else {
            hub.leadersLast = nil
            return
        }
        if let (term, last) = hub.leadersLast, term == core.term, core.lastIndex < last {
            throw Violation(description: "leader append-only: \(hub.id) cut its log at \(core.lastIndex)")
        }
        hub.leadersLast = (core.term, core.lastIndex)
        if core.commit > hub.highestCommitAsLeader.commit || core.term != hub.highestCommitAsLeader.term {
            hub.highestCommitAsLeader = (core.term, core.commit)
            if core.commit >= core.termStart { try checkQuorum(hub, core) }
        }
    }

    /// What a leader has committed is on the disks of a majority: of the newest membership or, for entries before a
    /// change that is not committed yet, of the one before it.
    private func checkQuorum(_ hub: SimulatedHub, _ core: RaftCore) throws(Violation) {
        let term = core.term(at: core.commit)
        func isCommitted(in membership: Membership) -> Bool {
            let holders = membership.voters.filter { voter in
                // A lost disk counts with what it held: its acknowledgements may still be under way.
                let hub = hubs[Int(voter.rawValue) - 1]
                let durable = hub.lost ?? hub.disk.durable
                return durable.base.index > core.commit || durable.term(at: core.commit) == term
            }
            return holders.count >= membership.quorum
        }
        if isCommitted(in: core.membership) { return }
        if core.membershipIndex > core.commit, let previous = core.previousMembership, isCommitted(in: previous) {
            return
        }
        throw Violation(
            description: "\(hub.id) has committed \(core.commit), which is on the disks of no majority "
                + "of \(core.membership.voters)")
    }

    mutating func send(_ messages: [Message]) throws(Violation) {
        for message in messages {
            if case .voteReply(granted: true) = message.body {
                try oracle.grants(message.from, to: message.to, in: message.term)
            }
            let (from, to) = (Int(message.from.rawValue) - 1, Int(message.to.rawValue) - 1)
            guard hubs.indices.contains(to), !isCut[from][to] else { continue }
            if !areFaultsOver && chance(percent: profile.lossPercent) { continue }
            transmit(message, to: to)
            if !areFaultsOver && chance(percent: profile.duplicatePercent) { transmit(message, to: to) }
        }
    }

    private mutating func transmit(_ message: Message, to place: Int) {
        var delay = pick(profile.latency)
        if !areFaultsOver && chance(percent: profile.latePercent) { delay += pick(20...600) }
        note("\(message.from) → \(message.to) +\(delay): \(message.term) \(message.body)")
        queue.add(.deliver(place: place, message), at: now + delay)
    }
}
