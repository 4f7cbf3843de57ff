internal import HubStore
internal import HubSync
internal import RaftLog

/// The primary's part, as `Hub` does it: one event after the other, each until it is done.
extension HubHost {
    private static let drainSeconds = 3.0

    func tell(_ event: Event) {
        hop { [self] in
            events.append(event)
            handleNext()
        }
    }

    private func handleNext() {
        guard !isHandling, !events.isEmpty else { return }
        isHandling = true
        let done = { [self] in
            isHandling = false
            handleNext()
        }
        switch events.removeFirst() {
        case .leading(let term): begin(term, done)
        case .leadsNoMore: close(done)
        case .syncFailed(let text):
            note("sync-failed: \(text)")
            close { [self] in
                recover()
                done()
            }
        case .beginAgain(let term):
            guard plane == nil, let core, core.role == .leader, core.term == term else { return done() }
            begin(term, done)
        case .stop: stop()
        }
    }

    // MARK: Beginning

    private func begin(_ term: Term, _ done: @escaping () -> Void) {
        guard plane == nil else { return done() }
        let hasPredecessor = machine.state.primary != nil
        let address = Address(host: name, port: HubGroup.port)
        propose(.announcePrimary(hub: id, term: term.rawValue, adminAddress: address)) { [self] outcome in
            guard case .reply = outcome else {
                tell(.syncFailed("cannot become primary in term \(term)"))
                return done()
            }
            guard let primary = machine.state.primary, primary.hub == id, primary.term == term.rawValue else {
                return done()
            }
            seed(term) { [self] in
                startPlane(primary, hasPredecessor: hasPredecessor, done)
            } failed: {
                done()
            }
        }
    }

    private func seed(_ term: Term, _ done: @escaping () -> Void, failed: @escaping () -> Void) {
        let configured = world.hubs.configuredServers
        let known = machine.state
        guard configured.contains(where: { known.servers[$0.id] == nil && known.dropped[$0.id] == nil }) else {
            return done()
        }
        propose(.seed(servers: configured)) { [self] outcome in
            if case .reply = outcome { return done() }
            tell(.syncFailed("cannot become primary in term \(term)"))
            failed()
        }
    }

    /// As `SyncService.start`: the relay store is opened, which takes the disk its time.
    private func startPlane(_ primary: Primary, hasPredecessor: Bool, _ done: @escaping () -> Void) {
        let suspects = Array(machine.state.suspects.values)
        after(world.random.between(0.001...0.05) + diskDelay.upperBound) { [self] in
            guard world.now >= relayDiskFullUntil else {
                tell(.syncFailed("the relay log cannot be opened"))
                return done()
            }
            let generation = machine.state.lastGeneration
            if files.owner?.isContinued(by: primary, generation: generation) != true { files.relay.startOver() }
            files.owner = RelayOwner(primary, generation: generation)
            let started = DataPlane(
                host: self, term: Term(primary.term), files: files, suspects: suspects, hasPredecessor: hasPredecessor)
            guard isReignOpen else { return done() }
            reigning = started
            plane = started
            open = started
            let from = "\(files.relay.first) to \(files.relay.next.previous)"
            note("is primary in term \(primary.term), relay log \(from)")
            world.hubs.begins(started)
            started.start()
            started.update(machine.state)
            advancing += 1
            advanceLater(started, advancing)
            done()
        }
    }

    func stateChanged() {
        hop { [self] in plane?.update(machine.state) }
    }

    // MARK: Positions

    /// Once a second, what was acknowledged becomes part of the replicated state.
    private func advanceLater(_ saved: DataPlane, _ number: Int) {
        after(1) { [self] in
            guard advancing == number, plane === saved else { return }
            save(saved, isLast: false) { [self] _ in
                if advancing == number, plane === saved { advanceLater(saved, number) }
            }
        }
    }

    private func save(_ saved: DataPlane, isLast: Bool, _ done: @escaping (Bool) -> Void) {
        let term = saved.term
        hop { [self] in
            let changes = saved.takeAdvance()
            let generations = changes.generations.mapValues { Generation(rawValue: $0) }
            guard !changes.isEmpty || isLast else { return done(true) }
            if machine.state.primary?.term == term.rawValue {
                world.hubs.checkForwards(changes, generations, machine.state)
            }
            let step = Advance(
                term: term.rawValue, generations: generations, acknowledged: changes.acknowledged,
                repairedKeys: changes.repairedKeys, suspects: changes.suspects, cuts: changes.cuts,
                isLast: isLast)
            propose(.advance(progress: step)) { [self] outcome in
                switch outcome {
                case .reply(.ok):
                    if machine.state.servers.mapValues(\.generation) != generations { saved.forgetAdvance() }
                    done(true)
                case .reply(.refused(let reason)):
                    saved.forgetAdvance()
                    // The term may have ended meanwhile; nothing else can be wrong with it.
                    if leads, core?.term == term, plane === saved {
                        world.oracle.fail("refused", "an advance was refused: \(reason)", key: nil)
                    }
                    done(false)
                case .failed:
                    saved.forgetAdvance()
                    done(false)
                }
            }
        }
    }

    /// A command of an operator; true when it is done.
    func execute(_ command: HubCommand, _ done: @escaping (Bool) -> Void) {
        inProcess { [self] in
            guard let asked = plane, leads else { return done(false) }
            let status = asked.status
            let online = Set(status.links.filter { $0.syncStatus == 1 }.map(\.id))
            if let reply = machine.state.replyWithoutProposing(command, online: online) { return done(reply == .ok) }
            // The new server goes on where the state says the old one was, so that has to be the latest.
            save(asked, isLast: false) { [self] isSaved in
                guard isSaved else { return done(false) }
                propose(completed(command, status)) { outcome in
                    if case .reply(.ok) = outcome { done(true) } else { done(false) }
                }
            }
        }
    }

    /// COPY says how far the binlog of the existing server has been read.
    private func completed(_ command: HubCommand, _ status: SyncStatus) -> HubCommand {
        guard case .copy(let existing, let new, let address, let password, _) = command,
            let link = status.links.first(where: { $0.id == existing })
        else { return command }
        var read = BinlogProgress(firstOpenFile: link.firstOpenFile)
        if link.received > BinlogPosition(file: link.firstOpenFile, offset: 0) { read.cover(link.received) }
        return .copy(existing: existing, new: new, to: address, password: password, read: read)
    }

    // MARK: Ending

    /// On the Raft thread, as soon as this hub leads no more.
    func endReign() {
        isReignOpen = false
        guard let ending = reigning else { return }
        reigning = nil
        if world.bug != .linksKept { hop { ending.stop() } }
    }

    /// Closes the links, if there are any.
    private func close(_ done: @escaping () -> Void) {
        advancing += 1
        guard let ending = plane, world.bug != .linksKept || isStopping else { return done() }
        plane = nil
        hop { [self] in
            ending.stop()
            hop { [self] in
                files = ending.files
                files.relay.persist()
                open = nil
                done()
            }
        }
    }

    /// After the data plane has failed: another hub may be better off; the only one tries again.
    private func recover() {
        guard let core, core.role == .leader else { return }
        let term = core.term
        after(core.membership.members.count == 1 ? 5 : 1) { [self] in
            hand(.transfer(nil) { [self] _ in tell(.beginAgain(term)) })
        }
    }

    /// Reads nothing new, delivers what is under way, writes the last positions, and closes the links.
    private func finish(_ done: @escaping () -> Void) {
        advancing += 1
        guard let finished = plane else { return done() }
        finished.stopReading()
        drain(finished, until: world.now + Self.drainSeconds) { [self] in
            save(finished, isLast: true) { [self] _ in close(done) }
        }
    }

    private func drain(_ drained: DataPlane, until end: Double, _ done: @escaping () -> Void) {
        guard !drained.isDrained, world.now < end else { return done() }
        after(0.01) { [self] in drain(drained, until: end, done) }
    }

    /// Finishes, and lets another hub lead. When none takes over, this one begins again.
    func handOver(to successor: HubID?, _ done: @escaping (Bool) -> Void) {
        guard let core, core.role == .leader else { return done(false) }
        let term = core.term
        let isThere = core.membership.members.contains { member in
            guard member.role == .voter, member.id != id, (successor ?? member.id) == member.id else { return false }
            return (core.contact(of: member.id)?.ticksAgo ?? 100) < 100
        }
        guard isThere else { return done(false) }
        note("hands over")
        finish { [self] in
            hand(
                .transfer(successor) { [self] isDone in
                    if !isDone { tell(.beginAgain(term)) }
                    done(isDone)
                })
        }
    }

    /// SIGTERM.
    private func stop() {
        note("is told to stop")
        isStopping = true
        let last = { [self] in
            close { [self] in
                note("has stopped")
                end(silently: false)
            }
        }
        handOver(to: nil) { [self] isDone in isDone ? last() : finish(last) }
    }
}
