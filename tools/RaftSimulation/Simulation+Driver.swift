import HubStore
import RaftLog
import SimulatedRaft

/// The driver's duties, as `RaftLoop` does them, on a simulated disk that takes its time.
extension Simulation {
    mutating func addHub(_ place: Int, membership: Membership) {
        let hub = SimulatedHub(
            place: place, id: Self.hubID(place), incarnation: Incarnation(random.next() | 1),
            disk: SimulatedDisk(membership: membership, bug: options.driverBug))
        hubs.append(hub)
        for row in isCut.indices { isCut[row].append(false) }
        isCut.append([Bool](repeating: false, count: hubs.count))
    }

    mutating func start(_ hub: SimulatedHub) throws(Violation) {
        var configuration = CoreConfiguration(
            hub: hub.id, group: GroupID(1), incarnation: hub.incarnation, seed: random.next())
        configuration.timing.heartbeat = 4
        configuration.timing.electionMinimum = 24
        configuration.timing.electionMaximum = 48
        configuration.timing.quorumTimeout = 18
        configuration.limits.appendCost = profile.appendCost
        configuration.limits.windowAppends = 4
        configuration.limits.applyCost = 400
        configuration.limits.snapshotChunkBytes = 5
        configuration.limits.snapshotWindowBytes = 10
        configuration.limits.promotionLag = 4
        configuration.sabotage = options.sabotage
        if let snapshot = hub.disk.content.unrestored { restore(snapshot, into: hub) }
        let applied = max(hub.machine.applied, hub.disk.base.index)
        guard applied <= hub.disk.lastIndex, hub.disk.hardState.commit <= hub.disk.lastIndex else {
            throw Violation(description: "\(hub.id) has applied \(applied), but its log ends at \(hub.disk.lastIndex)")
        }
        hub.core = RaftCore(configuration: configuration, storage: hub.disk, applied: applied)
        hub.process += 1
        hub.isPaused = false
        hub.dueTicks = 1
        hub.leadersLast = nil
        // Clocks run at rates that differ by up to 5 %.
        hub.tickLength = 1_000 + random.next() % 101
        note("\(hub.id) starts: term \(hub.disk.hardState.term), log \(hub.disk.base.index)–\(hub.disk.lastIndex)")
        hub.nextTick = now * 100 + hub.tickLength
        queue.add(.tick(place: hub.place, process: hub.process), at: hub.nextTick / 100)
        try process(hub)
    }

    mutating func tick(_ hub: SimulatedHub, process number: UInt64) throws(Violation) {
        guard hub.core != nil, hub.process == number else { return }
        hub.dueTicks += 1
        hub.nextTick += hub.tickLength
        queue.add(.tick(place: hub.place, process: number), at: hub.nextTick / 100)
        try process(hub)
    }

    mutating func hand(_ input: SimulatedHub.Input, to hub: SimulatedHub) throws(Violation) {
        guard hub.core != nil else { return }
        hub.inbox.append(input)
        try process(hub)
    }

    mutating func resume(_ hub: SimulatedHub) throws(Violation) {
        guard hub.isPaused else { return }
        hub.isPaused = false
        note("\(hub.id) goes on")
        try process(hub)
    }

    /// Ticks first, then what came in, then what the core wants done; nothing while the disk is busy.
    mutating func process(_ hub: SimulatedHub) throws(Violation) {
        guard hub.isRunning, hub.writing == nil else { return }
        while hub.dueTicks > 0 || !hub.inbox.isEmpty {
            if hub.dueTicks > 0 {
                for _ in 0..<hub.dueTicks { hub.core?.tick() }
                hub.dueTicks = 0
            } else {
                var inbox: [SimulatedHub.Input] = []
                swap(&inbox, &hub.inbox)
                for input in inbox { take(input, on: hub) }
            }
            try work(hub)
            if hub.writing != nil || hub.core == nil { return }
        }
        try announceLeading(hub)
    }

    private mutating func take(_ input: SimulatedHub.Input, on hub: SimulatedHub) {
        switch input {
        case .message(let message): hub.core?.step(message)
        case .processEnded(let id): hub.core?.processEnded(id)
        case .write(let operation): write(operation, on: hub)
        case .read(let operation): read(operation, on: hub)
        case .change(let change):
            if case .success? = hub.core?.propose(change) { note("\(hub.id) proposes \(change)") }
        case .transfer(let id):
            if case .success? = hub.core?.transferLeadership(to: id) { note("\(hub.id) hands over") }
        }
    }

    /// Carries out what the core wants, until a write begins.
    private mutating func work(_ hub: SimulatedHub) throws(Violation) {
        while let ready = nextReady(hub) {
            if let change = ready.roleChange { try roleChanged(hub, change) }
            try send(ready.messages)
            if ready.mustSync {
                hub.writing = ready
                let duration = hub.isDiskSlow ? pick(20...400) : pick(0...3)
                queue.add(.written(place: hub.place, process: hub.process), at: now + duration)
                return
            }
            try finish(ready, on: hub)
        }
        compact(hub)
        updateLeadsUntil(hub)
        try check(hub)
    }

    private func nextReady(_ hub: SimulatedHub) -> Ready? {
        do throws(StoreError) { return try hub.core?.ready() } catch {
            preconditionFailure("the simulated disk reads without errors: \(error)")
        }
    }

    mutating func written(_ hub: SimulatedHub, process number: UInt64) throws(Violation) {
        guard hub.process == number, let ready = hub.writing else { return }
        if hub.isPaused {
            queue.add(.written(place: hub.place, process: number), at: now + 10)
            return
        }
        hub.writing = nil
        if hub.isDiskFull {
            if options.driverBug == .ignoresFailedWrites {
                hub.core?.didPersist(ready)
                try send(ready.messagesAfterPersisting)
                return
            }
            note("\(hub.id) ends: its disk is full")
            end(hub, losingPower: false)
            return
        }
        try finish(ready, on: hub)
        guard hub.core != nil else { return }
        try work(hub)
        try process(hub)
    }

    private mutating func finish(_ ready: Ready, on hub: SimulatedHub) throws(Violation) {
        hub.disk.persist(ready)
        try oracle.writes(hub.id, ready.entries, on: hub.disk)
        if let snapshot = ready.snapshot { restore(snapshot, into: hub) }
        hub.core?.didPersist(ready)
        try send(ready.messagesAfterPersisting)
        try apply(ready.committed, on: hub)
        for token in ready.reads { finishRead(token, on: hub) }
        if hub.core?.role != .leader { dropOperations(of: hub) }
        if ready.wantsSnapshot { hub.core?.offerSnapshot(hub.machine.snapshot) }
    }

    private mutating func restore(_ snapshot: Snapshot, into hub: SimulatedHub) {
        hub.machine = SimulatedMachine(restoring: snapshot.data, through: snapshot.metadata.index)
        hub.flushedMachine = hub.machine
        hub.disk.didRestore()
        note("\(hub.id) installs a snapshot at \(snapshot.metadata.index)")
    }

    private mutating func apply(_ entries: [Entry], on hub: SimulatedHub) throws(Violation) {
        for entry in entries {
            guard let core = hub.core else { return }
            try oracle.applies(hub.id, entry, after: core.applied)
            if case .command(let command) = entry.payload {
                if options.driverBug == .appliedIndexApart { hub.flushedMachine.applied = entry.index }
                hub.machine.apply(command, at: entry.index)
            }
            hub.core?.didApply(through: entry.index)
            try finishWrite(entry, on: hub)
        }
    }

    private mutating func compact(_ hub: SimulatedHub) {
        guard let core = hub.core,
            hub.disk.base.index.distance(to: core.applied) > 2 * profile.compactionStep
        else { return }
        hub.flushedMachine = hub.machine
        guard
            let point = core.compactionPoint(durable: hub.machine.applied, keeping: profile.compactionStep)
        else { return }
        hub.disk.compact(to: point)
        hub.core?.didCompact(through: point.index)
        note("\(hub.id) cuts its log at \(point.index)")
    }

    /// The process ends. What was being written is there or not; what was not synced is lost only with the power.
    mutating func end(_ hub: SimulatedHub, losingPower: Bool) {
        if let ready = hub.writing, !hub.isDiskFull, chance(percent: 50) { hub.disk.persist(ready) }
        if losingPower {
            hub.disk.losePower()
            hub.machine = hub.flushedMachine
        }
        hub.core = nil
        hub.isPaused = false
        hub.isDiskFull = false
        hub.writing = nil
        hub.inbox = []
        hub.writes = [:]
        hub.reads = [:]
        hub.announcedTerm = nil
        hub.leadsUntil = 0
        for other in hubs where other.core != nil && chance(percent: 70) {
            queue.add(.processEnded(place: other.place, ended: hub.place), at: now + pick(1...10))
        }
        queue.add(.restart(place: hub.place), at: now + pick(20...900))
    }
}
