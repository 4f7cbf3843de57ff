import HubStore
import RaftLog
import SimulatedRaft

/// What goes wrong, and the time after it, in which all has to come right again.
extension Simulation {
    mutating func fault() throws(Violation) {
        guard !areFaultsOver else { return }
        queue.add(.fault, at: now + pick(profile.faultInterval / 2...profile.faultInterval * 2))
        guard let fault = profile.faults.randomElement(using: &random) else { return }
        // The leader has most to lose.
        let victim = chance(percent: 40) ? leader : nil
        let hub = victim ?? hubs[Int(random.next() % UInt64(hubs.count))]
        switch fault {
        case .kill, .losePower:
            guard hub.core != nil else { return }
            note("\(hub.id) \(fault == .kill ? "is killed" : "loses power")")
            end(hub, losingPower: fault == .losePower)
        case .pause:
            guard hub.isRunning else { return }
            note("\(hub.id) is frozen")
            hub.isPaused = true
            queue.add(.resume(place: hub.place), at: now + pick(20...900))
        case .isolate: cut { from, to in from == hub.place || to == hub.place }
        case .oneWay:
            let isOutwards = chance(percent: 50)
            cut { from, to in (isOutwards ? from : to) == hub.place }
        case .split:
            let sides = (0..<hubs.count).map { _ in Bool.random(using: &random) }
            cut { from, to in sides[from] != sides[to] }
        case .slowDisk: hub.isDiskSlow.toggle()
        case .fullDisk: if hub.core != nil { hub.isDiskFull = true }
        case .addHub: try addSpare()
        case .removeHub:
            // An operator who takes out healthy hubs before a lost one can leave no majority.
            try changeOnLeader(.remove(wiped.first.map(Self.hubID) ?? hub.id))
        case .transfer: if let leader { try hand(.transfer(chance(percent: 50) ? hub.id : nil), to: leader) }
        case .wipe: wipe(hub)
        }
    }

    mutating func strike(_ hub: SimulatedHub, process: UInt64) {
        guard !areFaultsOver, hub.core != nil, hub.process == process else { return }
        note("\(hub.id) is struck")
        end(hub, losingPower: chance(percent: 50))
    }

    var leader: SimulatedHub? { hubs.last { $0.isRunning && $0.core?.role == .leader } }

    private mutating func changeOnLeader(_ change: MembershipChange) throws(Violation) {
        guard let leader else { return }
        try hand(.change(change), to: leader)
    }

    private mutating func cut(_ isBetween: (Int, Int) -> Bool) {
        let places = hubs.indices
        let cut = places.map { from in places.map { to in from != to && isBetween(from, to) } }
        isCut = cut
        note("cut: " + cut.map { row in row.map { $0 ? "x" : "." }.joined() }.joined(separator: " "))
        queue.add(.heal, at: now + pick(50...1_000))
    }

    mutating func heal() {
        isCut = [[Bool]](repeating: [Bool](repeating: false, count: hubs.count), count: hubs.count)
    }

    private mutating func addSpare() throws(Violation) {
        if let leader, let core = leader.core,
            let spare = hubs.first(where: { hub in hub.isSpare && core.membership.member(hub.id) == nil })
        {
            let member = Member(id: spare.id, address: Address(host: "hub", port: spare.place + 1))
            try hand(.change(.add(member)), to: leader)
            return
        }
        guard hubs.count < 8 else { return }
        addHub(hubs.count, membership: Membership())
        let hub = hubs[hubs.count - 1]
        hub.isSpare = true
        try start(hub)
    }

    /// A hub loses its disk and comes back under its old name. It must be refused. Only one at a time, and only one
    /// whose disk is named in the logs of all that know it, which comes about within moments (see `MembershipChange`).
    private mutating func wipe(_ hub: SimulatedHub) {
        guard wiped.isEmpty, let core = leader?.core, core.membershipIndex <= core.commit,
            core.membership.voterCount >= 3, core.membership.member(hub.id)?.incarnation == hub.incarnation
        else { return }
        let isKnown = hubs.allSatisfy { other in
            if other === hub { return true }
            let log = other.disk.durable
            guard core.membership.member(other.id) == nil else {
                // Not just any entry that names the disk: one that is committed, or it could be cut off again.
                if log.base.index >= core.membershipIndex { return true }
                // Neither log knows the term of what was cut off its front or lies behind its end.
                guard let term = core.term(at: core.membershipIndex) else { return false }
                return log.term(at: core.membershipIndex) == term
            }
            return log.membership.member(hub.id).map { $0.incarnation == hub.incarnation } ?? true
        }
        guard isKnown else { return }
        note("\(hub.id) loses its disk")
        wiped.insert(hub.place)
        for other in hubs { other.inbox.removeAll { if case .change = $0 { true } else { false } } }
        if hub.core != nil { end(hub, losingPower: true) }
        hub.lost = hub.disk.durable
        hub.isSpare = false
        oracle.forgetVotes(of: hub.id)
        hub.disk = SimulatedDisk(membership: core.membership, bug: options.driverBug)
        hub.machine = SimulatedMachine()
        hub.flushedMachine = SimulatedMachine()
        hub.incarnation = Incarnation(random.next() | 1)
        hub.highestTerm = .zero
        queue.add(.restart(place: hub.place), at: now + pick(20...200))
    }

    // MARK: Afterwards

    /// Faults are over: the group must take a write, and all members must come to the same state.
    mutating func recover() throws(Violation) {
        note("the faults are over")
        areFaultsOver = true
        profile.latency = 1...5
        heal()
        for hub in hubs {
            hub.isDiskFull = false
            hub.isDiskSlow = false
            if hub.isPaused { try resume(hub) }
            if hub.core == nil { try start(hub) }
        }
        let deadline = now + 20_000
        let before = oracle.lastCommitted
        while now < deadline {
            for _ in 0..<100 { try step() }
            if let place = wiped.first, let leader, leader.core?.membership.member(hubs[place].id) != nil {
                try hand(.change(.remove(hubs[place].id)), to: leader)
            } else if isRecovered(since: before) {
                return try checkAllEqual()
            }
        }
        throw Violation(
            description: "no progress within 20 s without faults: "
                + hubs.map { hub in
                    guard let core = hub.core else { return "\(hub.id) down" }
                    return "\(hub.id) \(core.role.rawValue) term \(core.term) log \(hub.disk.base.index)–"
                        + "\(core.lastIndex) commit \(core.commit) members \(core.membership.members.map(\.id))"
                }.joined(separator: "; "))
    }

    private func isRecovered(since before: LogIndex) -> Bool {
        guard let core = leader?.core, lastAcknowledged > before, core.commit > before else { return false }
        return core.membership.members.allSatisfy { member in
            (hubs[Int(member.id.rawValue) - 1].core?.applied ?? .zero) > before
        }
    }

    private func checkAllEqual() throws(Violation) {
        guard let membership = leader?.core?.membership else { return }
        var states: [LogIndex: [UInt32]] = [:]
        for member in membership.members {
            let machine = hubs[Int(member.id.rawValue) - 1].machine
            if let other = states.updateValue(machine.values, forKey: machine.applied), other != machine.values {
                throw Violation(description: "two states at \(machine.applied): \(other) and \(machine.values)")
            }
        }
    }
}
