internal import HubStore
internal import RaftLog
internal import SimulatedRaft

/// The Raft thread, as `RaftLoop` does its duties (`RaftLog.swift`), on a simulated disk that takes its time.
extension HubHost {
    func start() {
        guard !isUp, !isGone else { return }
        var configuration = CoreConfiguration(
            hub: id, group: GroupID(1), incarnation: incarnation, seed: world.random.next())
        configuration.limits.snapshotChunkBytes = world.plan.snapshotChunkBytes
        if let snapshot = disk.content.unrestored { restore(snapshot) }
        let applied = max(machine.applied, disk.base.index)
        guard applied <= disk.lastIndex, disk.hardState.commit <= disk.lastIndex else {
            return world.oracle.fail(
                "raft", "hub \(place + 1) has applied \(applied), but its log ends at \(disk.lastIndex)", key: nil)
        }
        note("starts: term \(disk.hardState.term), log \(disk.base.index)–\(disk.lastIndex)")
        core = RaftCore(configuration: configuration, storage: disk, applied: applied)
        process += 1
        for wire in lostWires { wire.reset() }
        lostWires = []
        dueTicks = 1
        tickLength = world.random.between(0.01...0.0105)
        nextTick = world.now + tickLength
        planTick(process)
        work()
    }

    private func planTick(_ number: Int) {
        world.timeline.at(nextTick) { [self] in
            guard isUp, process == number else { return }
            dueTicks += 1
            nextTick += tickLength
            planTick(number)
            work()
        }
    }

    func hand(_ input: Input) {
        guard isUp else { return }
        inbox.append(input)
        work()
    }

    func propose(_ command: HubCommand, _ done: @escaping (Outcome) -> Void) {
        hop { [self] in
            hand(.proposal(command, { [self] outcome in hop { done(outcome) } }))
        }
    }

    /// Ticks first, then what came in, then what the core wants done; nothing while the disk is busy.
    func work() {
        guard isRunning, writing == nil else { return }
        while dueTicks > 0 || !inbox.isEmpty {
            if dueTicks > 0 {
                let before = core?.term
                // Beyond this many ticks more of them make no difference.
                dueTicks = min(dueTicks, 400) - 1
                hasNews = true
                core?.tick()
                if dueTicks > 0, core?.term == before { continue }
            } else {
                var waiting: [Input] = []
                swap(&waiting, &inbox)
                for input in waiting { take(input) }
            }
            carryOut()
            if writing != nil || !isUp { return }
        }
        publish()
        announceLeading()
    }

    private func take(_ input: Input) {
        switch input {
        case .message(let message): core?.step(message)
        case .processEnded(let id): core?.processEnded(id)
        case .change(let change):
            if case .success? = core?.propose(change) { note("proposes \(change)") }
        case .proposal(let command, let done):
            guard case .success(let place)? = core?.propose(command.encoded()) else { return done(.failed) }
            proposals[place.index] = (place.term, done)
            after(5) { [self] in
                guard let waiting = proposals[place.index], waiting.term == place.term else { return }
                proposals[place.index] = nil
                done(.failed)
            }
        case .transfer(let id, let done):
            guard case .success? = core?.transferLeadership(to: id) else { return done(false) }
            let number = nextTransfer
            nextTransfer += 1
            transfers[number] = done
            after(5) { [self] in transfers.removeValue(forKey: number)?(false) }
        }
    }

    /// Carries out what the core wants, until a write begins.
    private func carryOut() {
        while let ready = nextReady() {
            if let change = ready.roleChange { roleChanged(change) }
            world.hubs.send(ready.messages)
            if ready.mustSync {
                writing = ready
                let number = process
                world.timeline.after(world.random.between(diskDelay)) { [self] in
                    guard process == number else { return }
                    inProcess { [self] in written() }
                }
                return
            }
            finish(ready)
        }
        compact()
        if leads { hasNews = true }
    }

    private func nextReady() -> Ready? {
        do throws(StoreError) { return try core?.ready() } catch {
            preconditionFailure("the simulated disk reads without errors: \(error)")
        }
    }

    private func written() {
        guard let ready = writing else { return }
        guard world.now >= raftDiskFullUntil else {
            note("ends: its disk is full")
            return end(silently: false)
        }
        writing = nil
        finish(ready)
        guard isUp else { return }
        carryOut()
        work()
        if writing == nil { publish() }
    }

    private func finish(_ ready: Ready) {
        disk.persist(ready)
        world.hubs.check { oracle throws(RaftViolation) in try oracle.writes(id, ready.entries, on: disk) }
        if let snapshot = ready.snapshot { restore(snapshot) }
        core?.didPersist(ready)
        world.hubs.send(ready.messagesAfterPersisting)
        apply(ready.committed)
        if !leads { failAll() }
        if ready.wantsSnapshot { core?.offerSnapshot(machine.state.encoded()) }
    }

    private func restore(_ snapshot: Snapshot) {
        note("installs a snapshot at \(snapshot.metadata.index)")
        do {
            machine = Machine(state: try HubState(snapshot: snapshot.data), applied: snapshot.metadata.index)
        } catch {
            world.oracle.fail("raft", "a snapshot does not read back: \(error)", key: nil)
        }
        flushedMachine = machine
        disk.didRestore()
        stateChanged()
    }

    private func apply(_ entries: [Entry]) {
        guard let last = entries.last, let applied = core?.applied else { return }
        var after = applied
        var replies: [(Entry, HubReply)] = []
        let before = machine.state
        for entry in entries {
            world.hubs.check { oracle throws(RaftViolation) in try oracle.applies(id, entry, after: after) }
            after = entry.index
            guard case .command(let bytes) = entry.payload else { continue }
            do {
                replies.append((entry, try machine.state.apply(entry: bytes)))
            } catch {
                world.oracle.fail("raft", "hub \(place + 1) cannot apply entry \(entry.index): \(error)", key: nil)
            }
            machine.applied = entry.index
        }
        core?.didApply(through: last.index)
        world.hubs.applied(machine)
        if before != machine.state { stateChanged() }
        for (entry, reply) in replies {
            guard let proposal = proposals.removeValue(forKey: entry.index) else { continue }
            proposal.done(proposal.term == entry.term ? .reply(reply) : .failed)
        }
    }

    private func failAll() {
        guard !proposals.isEmpty || !transfers.isEmpty else { return }
        let failed = proposals.sorted { $0.key < $1.key }
        proposals = [:]
        for (_, proposal) in failed { proposal.done(.failed) }
        let done = transfers.sorted { $0.key < $1.key }
        transfers = [:]
        for (_, transfer) in done { transfer(true) }
    }

    private func compact() {
        let kept = world.plan.keptEntries
        guard let core, disk.base.index.distance(to: core.applied) > kept + max(1, kept / 5) else { return }
        flushedMachine = machine
        guard let point = core.compactionPoint(durable: machine.applied, keeping: kept) else { return }
        disk.compact(to: point)
        self.core?.didCompact(through: point.index)
    }

    // MARK: Leading

    private func roleChanged(_ change: RoleChange) {
        if change.cause != .started {
            note("is \(change.role.rawValue) in term \(change.term): \(change.cause.rawValue)")
        }
        guard change.role != .leader else {
            if let core { world.hubs.check { oracle throws(RaftViolation) in try oracle.leads(id, core, disk) } }
            isReignOpen = true
            return
        }
        announcedTerm = nil
        endReign()
        tell(.leadsNoMore)
    }

    /// The data plane may rely on this for as long as the hub's clock says so.
    private func publish() {
        guard hasNews, let core else { return }
        hasNews = false
        published.role = core.role
        guard core.role == .leader else { return }
        let lastTick = nextTick - tickLength * Double(1 + dueTicks)
        published.leadsUntil = core.ticksOfCertainLeadership.map { lastTick + Double($0) * tickLength } ?? .infinity
    }

    var leadsForCertain: Bool { published.role == .leader && world.now < published.leadsUntil }

    private func announceLeading() {
        guard let core, core.role == .leader, announcedTerm != core.term, core.applied >= core.termStart else { return }
        announcedTerm = core.term
        tell(.leading(core.term))
    }
}
