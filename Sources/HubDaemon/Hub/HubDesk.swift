internal import Glibc
internal import HubStore
internal import HubSync
internal import Logging
internal import RaftLog

/// Answers for a hub on its admin port.
struct HubDesk: HubControl {
    let hub: Hub
    let configuration: LiveConfiguration
    let log: LogSink
    private let startedMicroseconds = unixMicroseconds()

    init(hub: Hub, configuration: LiveConfiguration, log: LogSink) {
        self.hub = hub
        self.configuration = configuration
        self.log = log
    }

    // MARK: Commands

    func execute(_ command: HubCommand) async -> CommandOutcome {
        guard hub.node.status.role == .leader else { return noPrimary(nil) }
        let status = await syncStatus()
        let online = Set((status?.links ?? []).filter { $0.syncStatus == 1 }.map(\.id))
        if let reply = hub.board.current.replyWithoutProposing(command, online: online) { return CommandOutcome(reply) }
        do {
            // The new server goes on where the state says the old one was, so that has to be the latest.
            switch command {
            case .transfer, .copy: try await hub.savePositions()
            default: break
            }
            return CommandOutcome(try await hub.propose(completed(command, status)))
        } catch let error as ProposalError {
            return outcome(of: error)
        } catch {
            return .unknown(reason: "\(error)")
        }
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

    func addHub(at address: Address) async -> CommandOutcome {
        .failed("hubs cannot be added yet")
    }

    func removeHub(at address: Address) async -> CommandOutcome {
        let status = hub.node.status
        guard let member = status.membership.member(at: address) else {
            return .failed("\(address) is not a hub of the group")
        }
        return await attempt { () throws(ProposalError) in try await hub.node.changeMembership(.remove(member.id)) }
    }

    func failOver(to successor: HubID?) async -> CommandOutcome {
        await attempt { () throws(ProposalError) in try await hub.node.transferLeadership(to: successor) }
    }

    func conflicts(limit: Int) async -> [ConflictReport] { [] }

    func shutDown() async { hub.stop() }

    func tail(source: ServerID, destination: ServerID) async -> AsyncStream<String>? {
        hub.tails.watch(source: source, destination: destination)
    }

    private func attempt(_ body: () async throws(ProposalError) -> Void) async -> CommandOutcome {
        do throws(ProposalError) {
            try await body()
            return .done
        } catch {
            return outcome(of: error)
        }
    }

    private func outcome(of error: ProposalError) -> CommandOutcome {
        switch error {
        case .notPrimary: noPrimary(error)
        case .outcomeUnknown(let reason): .unknown(reason: reason)
        case .timedOut: .unknown(reason: "\(error)")
        default: .failed("\(error)")
        }
    }

    private func noPrimary(_ error: ProposalError?) -> CommandOutcome {
        let status = hub.node.status
        return .noPrimary(reason: "\(error ?? .notPrimary(leader: status.leader))")
    }

    // MARK: Figures

    func info() async -> HubInfo {
        var info = HubInfo()
        let status = hub.node.status
        info.state = hub.board.current
        info.process = process()
        info.raft = raft(status)
        info.members = members(status, info.state)
        info.lastSavedUnixSeconds = await hub.lastSaved
        info.memory.residentBytes = ProcessFigures.residentBytes
        info.memory.maximumVersionTableBytes = configuration.current.versionTableMemoryBytes
        info.relay.maximumBytes = configuration.current.relayLogMaxSizeBytes
        if let sync = await syncStatus() { info.show(sync) }
        info.warnings += info.state.differences(from: configuration.current.pikaServers)
        return info
    }

    /// Nil unless this hub is the primary.
    private func syncStatus() async -> SyncStatus? {
        do {
            return try await hub.sync?.status()
        } catch {
            log.logger.warning("status: the data plane did not answer: \(error)")
            return nil
        }
    }

    private func process() -> HubInfo.Process {
        var process = HubInfo.Process()
        let settings = configuration.current
        process.nowMicroseconds = unixMicroseconds()
        process.startedMicroseconds = startedMicroseconds
        process.builtUnixSeconds = ProcessFigures.builtUnixSeconds
        process.pid = getpid()
        process.configurationFile = configuration.file
        process.raftAddress = settings.raftAddress
        process.adminAddress = settings.adminAddress
        (process.userCPUSeconds, process.systemCPUSeconds) = ProcessFigures.cpuSeconds
        (process.lostLogLines, process.suppressedLogLines) = log.losses
        process.logMessages = log.messages
        process.openDescriptors = ProcessFigures.openDescriptors
        return process
    }

    private func raft(_ status: RaftStatus) -> HubInfo.Raft {
        var raft = HubInfo.Raft()
        raft.role = status.role == .leader ? .primary : .secondary
        raft.hub = status.identity.hub
        raft.leader = status.leader
        raft.term = Int(clamping: status.term.rawValue)
        raft.firstIndex = Int(clamping: status.first.rawValue)
        raft.lastIndex = Int(clamping: status.last.rawValue)
        raft.commitIndex = Int(clamping: status.commit.rawValue)
        raft.appliedIndex = Int(clamping: status.applied.rawValue)
        raft.elections = status.electionCount
        raft.proposals = HubInfo.Histogram(status.proposals)
        if let contact = status.peers.first(where: { $0.id == status.leader })?.sinceContact {
            let left = configuration.current.raftElectionTimeoutMilliseconds - contact.milliseconds
            raft.leaseDeadlineMicroseconds = unixMicroseconds() + left * 1000
        }
        return raft
    }

    private func members(_ status: RaftStatus, _ state: HubState) -> [HubInfo.Member] {
        status.membership.members.map { member in
            let peer = status.peers.first { $0.id == member.id }
            var shown = HubInfo.Member(
                id: member.id, raftAddress: member.address, adminAddress: state.hubs[member.id]?.adminAddress)
            if member.id == state.primary?.hub { shown.adminAddress = state.primary?.adminAddress }
            if member.id == status.identity.hub { shown.adminAddress = configuration.current.adminAddress }
            shown.isLearner = member.role == .learner
            shown.lagEntries = peer?.lag
            shown.lastContactMilliseconds = peer?.sinceContact?.milliseconds
            return shown
        }
    }
}

extension HubInfo.Histogram {
    /// Classes up to 8 s; what took longer is in `count` only.
    fileprivate init(_ figures: LatencyFigures) {
        let places = 0..<min(18, figures.counts.count)
        bounds = places.map { LatencyFigures.bound($0).seconds }
        counts = places.map { figures.counts[$0] }
        count = figures.count
        sum = figures.total.seconds
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }

    fileprivate var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
