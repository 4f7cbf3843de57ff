internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import RaftLog

/// The primary's part: the links to the servers, from the term's first entry to its end.
extension Hub {
    func begin(_ term: Term) async {
        guard let node, sync == nil else { return }
        let hasPredecessor = board.current.primary != nil
        do {
            try await propose(
                .announcePrimary(
                    hub: node.identity.hub, term: term.rawValue, adminAddress: configuration.adminAddress))
            let state = board.current
            guard let primary = state.primary, primary.hub == node.identity.hub, primary.term == term.rawValue
            else { return }
            if configuration.pikaServers.contains(where: { state.servers[$0.id] == nil }) {
                try await propose(.seed(servers: configuration.pikaServers))
            }
            let service = try await SyncService.start(
                configuration: configuration, eventLoop: syncLoop, directory: directory, primary: primary,
                generation: board.current.lastGeneration,
                suspects: Array(state.suspects.values), hasPredecessor: hasPredecessor, log: log, tails: tails,
                fence: Fence(
                    mayAct: { node.leadsForCertain },
                    passed: { [sink] in
                        sink.yield(.syncFailed("this hub has not heard of a majority for too long to act as primary"))
                    }),
                failed: { [sink] in sink.yield(.syncFailed("the relay log cannot be used: \($0)")) })
            guard reign.begin(service, in: term) else {
                service.stop()
                return try await service.stopped()
            }
            sync = service
            service.update(board.current)
            log.info("primary: this hub is the primary in term \(term)")
            for difference in board.current.differences(from: configuration.pikaServers) {
                log.warning("configuration-differs: \(difference)")
            }
            advancing = Task { await advance(service) }
        } catch {
            sink.yield(.syncFailed("cannot become primary in term \(term): \(error)"))
        }
    }

    /// Once a second, what was acknowledged becomes part of the replicated state.
    private func advance(_ service: SyncService) async {
        while !Task.isCancelled, sync === service {
            do {
                try await Task.sleep(for: .seconds(1))
                try await save(service, isLast: false)
            } catch is CancellationError {
                return
            } catch {
                log.warning("positions-not-saved: \(error)")
            }
        }
    }

    private func save(_ service: SyncService, isLast: Bool) async throws {
        let changes = try await service.takeAdvance()
        // As the links know them: a server that is replaced in between must not be credited with what the one before it
        // acknowledged.
        let generations = changes.generations.mapValues { Generation(rawValue: $0) }
        guard !changes.isEmpty || isLast else { return }
        let step = Advance(
            term: service.term, generations: generations, acknowledged: changes.acknowledged,
            repairedKeys: changes.repairedKeys, suspects: changes.suspects, cuts: changes.cuts,
            isLast: isLast)
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
        try await save(sync, isLast: false)
    }

    /// Reads nothing new, delivers what is under way, writes the last positions, and closes the links.
    func finish() async {
        advancing?.cancel()
        guard let service = sync else { return }
        do {
            let limit = TimeAmount.milliseconds(Int64(configuration.drainTimeoutMilliseconds))
            if try await !service.drain(limit) {
                log.warning("not-drained: some records are not acknowledged yet; they stay in the relay log")
            }
            try await save(service, isLast: true)
        } catch {
            log.error("positions-not-saved: \(error)")
        }
        await end()
    }

    /// Finishes, and lets another hub lead. When none takes over, this one begins again.
    ///
    /// - Parameter successor: a voter; nil for whichever is furthest.
    func handOver(to successor: HubID?) async throws(ProposalError) {
        guard let node else { throw .notPrimary(leader: nil) }
        let status = node.status
        guard status.role == .leader else { throw .notPrimary(leader: status.leader) }
        let timeout = Duration.milliseconds(configuration.raftElectionTimeoutMilliseconds)
        let isThere = status.peers.contains { peer in
            peer.role == .voter && (successor ?? peer.id) == peer.id && (peer.sinceContact ?? timeout) < timeout
        }
        guard isThere else { throw .noSuccessor }
        await finish()
        do throws(ProposalError) {
            try await node.transferLeadership(to: successor)
        } catch {
            sink.yield(.beginAgain(status.term))
            throw error
        }
    }

    /// Closes the links, if there are any.
    func end() async {
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

    /// Has a command committed and applied here, on the primary.
    @discardableResult
    func propose(_ command: HubCommand) async throws -> HubReply {
        guard let node else { throw ProposalError.notPrimary(leader: nil) }
        return try HubReply(reply: try await node.propose(command.encoded()))
    }
}
