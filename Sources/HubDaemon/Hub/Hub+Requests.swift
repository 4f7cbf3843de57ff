internal import HubStore
internal import HubSync
internal import Logging
internal import NIOCore
internal import RaftLog

/// What only the primary can do, asked on any hub.
extension Hub {
    /// How long a request may take, the wait for a primary included.
    static let requestLimit = Duration.seconds(5)

    /// Has the primary do something, wherever it is. While there is none, waits for one.
    nonisolated func ask(_ request: HubRequest) async -> CommandOutcome {
        let deadline = ContinuousClock.now + Self.requestLimit
        var outcome: CommandOutcome
        repeat {
            outcome = await askOnce(request, until: deadline)
            guard case .noPrimary = outcome else { return outcome }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { return outcome }
        } while ContinuousClock.now < deadline
        return outcome
    }

    private nonisolated func askOnce(
        _ request: HubRequest, until deadline: ContinuousClock.Instant
    ) async -> CommandOutcome {
        guard let node else { return .noPrimary(reason: whyNoPrimary) }
        let status = node.status
        if status.role == .leader { return await perform(request) }
        guard let leader = status.leader else { return .noPrimary(reason: whyNoPrimary) }
        do {
            let rest = max(.milliseconds(1), deadline - ContinuousClock.now)
            let answer = try await transport.request(request.encoded, from: leader, timeout: TimeAmount(rest))
            return try CommandOutcome(decoding: answer)
        } catch ProposalError.notPrimary {
            return .noPrimary(reason: "hub \(leader), the primary, cannot be reached")
        } catch {
            return .unknown(reason: "\(error)")
        }
    }

    /// Answers another hub. Never asks a third one: two hubs that take each other for the primary would go on for ever
    /// (redisraft #13).
    nonisolated func serve(_ bytes: [UInt8]) async -> [UInt8] {
        do {
            return await perform(try HubRequest(decoding: bytes)).encoded
        } catch {
            return CommandOutcome.failed("the primary cannot read the request: \(error)").encoded
        }
    }

    /// Why there is nobody to ask, as seen from here.
    nonisolated var whyNoPrimary: String {
        guard let node else { return "this hub has not joined a group yet" }
        let membership = node.status.membership
        guard membership.member(node.identity.hub) != nil else { return "this hub is not a member of its group" }
        let reached = membership.voters.filter { $0 == node.identity.hub || transport.connected.contains($0) }.count
        guard reached >= membership.quorum else {
            return "this hub reaches \(reached) of \(membership.voterCount) hubs, itself included, and "
                + "\(membership.quorum) are needed"
        }
        return "an election is under way"
    }

    // MARK: On the primary

    private func perform(_ request: HubRequest) async -> CommandOutcome {
        guard let node else { return .noPrimary(reason: whyNoPrimary) }
        guard node.status.role == .leader else { return .noPrimary(reason: "hub \(node.identity.hub) is not primary") }
        do {
            switch request {
            case .command(.addHub(let hub)): return try await register(hub, node)
            case .command(let command): return try await execute(command)
            case .addHub(let address): return try await addHub(at: address, node)
            case .removeHub(let address): return try await removeHub(at: address, node)
            case .failOver(let hub):
                if hub != node.identity.hub { try await handOver(to: hub) }
                return .done
            case .repair(let key, let winner): return try await repair(key, winner)
            }
        } catch let error as ProposalError {
            switch error {
            case .notPrimary: return .noPrimary(reason: "\(error)")
            case .outcomeUnknown(let reason): return .unknown(reason: reason)
            case .timedOut: return .unknown(reason: "\(error)")
            default: return .failed("\(error)")
            }
        } catch {
            return .unknown(reason: "\(error)")
        }
    }

    private func repair(_ key: [UInt8], _ winner: ServerID?) async throws -> CommandOutcome {
        guard let sync else { return .noPrimary(reason: "the primary has only just begun") }
        if let winner, board.current.servers[winner] == nil { return .refused(.serverNotFound(id: winner)) }
        switch try await sync.repair(key, winner: winner) {
        case .accepted: return .done
        case .noWinner: return .failed("nobody wrote that key lately: name the server whose state is right")
        case .full: return .failed("too many keys await repair already: try again later")
        }
    }

    private func execute(_ command: HubCommand) async throws -> CommandOutcome {
        let isMove: Bool
        switch command {
        case .transfer, .copy: isMove = true
        default: isMove = false
        }
        // Who is online, and how far it has been read, only the links tell.
        guard sync != nil || !isMove else { return .noPrimary(reason: "the primary has only just begun") }
        let status = isMove ? try await sync?.status() : nil
        let online = Set((status?.links ?? []).filter { $0.syncStatus == 1 }.map(\.id))
        if let reply = board.current.replyWithoutProposing(command, online: online) { return CommandOutcome(reply) }
        // The new server goes on where the state says the old one was, so that has to be the latest.
        if isMove { try await savePositions() }
        return CommandOutcome(try await propose(completed(command, status)))
    }

    /// COPY says how far the binlog of the existing server has been read, which may be more than anyone has
    /// acknowledged; for the only server of a group it is all that is known.
    private func completed(_ command: HubCommand, _ status: SyncStatus?) -> HubCommand {
        guard case .copy(let existing, let new, let address, let password, _) = command,
            let link = status?.links.first(where: { $0.id == existing })
        else { return command }
        var read = BinlogProgress(firstOpenFile: link.firstOpenFile)
        if link.received > BinlogPosition(file: link.firstOpenFile, offset: 0) { read.cover(link.received) }
        return .copy(existing: existing, new: new, to: address, password: password, read: read)
    }

    // MARK: The group's hubs

    /// The hub is reached before it is added: one that nobody finds would count for the majority and never vote.
    private func addHub(at address: Address, _ node: RaftNode) async throws -> CommandOutcome {
        if node.status.membership.member(at: address) != nil { return .done }
        guard node.status.membership.members.count < HubState.maximumHubs else { return .refused(.tooManyHubs) }
        do {
            guard case .fresh = try await transport.greet(address, as: node.identity) else {
                return .failed("the hub at \(address) belongs to a group already: empty its floyd-path first")
            }
        } catch {
            return .failed("the hub at \(address) cannot be reached, start it first: \(error)")
        }
        // A hub that was removed never comes back under its old name.
        let member = Member(id: HubID(.random(in: 1 ... .max)), address: address)
        try await change(.add(member), node)
        return .done
    }

    private func removeHub(at address: Address, _ node: RaftNode) async throws -> CommandOutcome {
        guard let member = node.status.membership.member(at: address) else {
            return .failed("\(address) is not a hub of the group")
        }
        guard node.status.membership.members.count > 1 else { return .refused(.lastHub) }
        if member.id == node.identity.hub {
            // Whoever follows takes this hub out, with its own links up already.
            try await handOver(to: nil)
            return .noPrimary(reason: "the primary, which is to be removed, hands over")
        }
        try await change(.remove(member.id), node)
        if board.current.hubs[member.id] != nil { try await propose(.removeHub(hub: member.id)) }
        return .done
    }

    /// Waits for its turn: the primary makes changes of its own, such as making a learner a voter.
    private func change(_ change: MembershipChange, _ node: RaftNode) async throws {
        let deadline = ContinuousClock.now + Self.requestLimit / 2
        while true {
            do throws(ProposalError) {
                return try await node.changeMembership(change)
            } catch .membershipBusy where ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    // MARK: Addresses of hubs

    /// Tells the group this hub's admin address, until the state shows it.
    func introduce() async {
        guard let node else { return }
        let own = HubMember(
            id: node.identity.hub, raftAddress: configuration.raftAddress, adminAddress: configuration.adminAddress)
        var wasRemoved = false
        while !Task.isCancelled {
            let isRemoved = removal != nil
            // Seen twice: a hub that was added just now may hear first from one that does not know it yet.
            if isRemoved, wasRemoved, !hasToldRemoval { log.warning("removed: \(Self.removal)") }
            (wasRemoved, hasToldRemoval) = (isRemoved, isRemoved && wasRemoved)
            if node.status.membership.member(own.id) != nil, board.current.hubs[own.id] != own {
                if let text = await ask(.command(.addHub(hub: own))).errorText {
                    log.info("not-introduced: the group does not know this hub's admin address yet: \(text)")
                }
            }
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
        }
    }

    private func register(_ hub: HubMember, _ node: RaftNode) async throws -> CommandOutcome {
        let membership = node.status.membership
        guard membership.member(hub.id) != nil else { return .refused(.hubNotFound(id: hub.id)) }
        for id in board.current.hubs.keys where membership.member(id) == nil {
            try await propose(.removeHub(hub: id))
        }
        return CommandOutcome(try await propose(.addHub(hub: hub)))
    }
}
