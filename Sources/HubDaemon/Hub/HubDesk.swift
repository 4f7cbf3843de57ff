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

    var removal: String? { hub.removal }

    func execute(_ command: HubCommand) async -> CommandOutcome { await hub.ask(.command(command)) }

    func addHub(at address: Address) async -> CommandOutcome { await hub.ask(.addHub(address)) }

    func removeHub(at address: Address) async -> CommandOutcome { await hub.ask(.removeHub(address)) }

    func failOver(to successor: HubID?) async -> CommandOutcome { await hub.ask(.failOver(successor)) }

    func repair(_ key: [UInt8], winner: ServerID?) async -> CommandOutcome {
        await hub.ask(.repair(key: key, winner: winner))
    }

    func conflicts(limit: Int) async -> [ConflictLog.Entry] {
        do {
            return try await hub.sync?.conflicts(limit: limit) ?? []
        } catch {
            log.logger.warning("status: the data plane did not answer: \(error)")
            return []
        }
    }

    func shutDown() async { hub.stop() }

    func tail(source: ServerID, destination: ServerID) async -> AsyncStream<String>? {
        hub.tails.watch(source: source, destination: destination)
    }

    // MARK: Figures

    func info() async -> HubInfo {
        var info = HubInfo()
        info.state = hub.board.current
        info.process = process()
        if let status = hub.node?.status {
            info.raft = raft(status)
            info.members = members(status, info.state)
        }
        info.lastSavedUnixSeconds = await hub.lastSaved
        info.memory.residentBytes = ProcessFigures.residentBytes
        info.memory.maximumVersionTableBytes = configuration.current.versionTableMemoryBytes
        info.relay.maximumBytes = configuration.current.relayLogMaxSizeBytes
        info.conflicts.pending = info.state.suspects.count
        if let sync = await syncStatus() { info.show(sync) }
        if let removal = hub.removal {
            // Whoever led when this hub was removed; it will not hear of another.
            info.raft.leader = nil
            info.warnings.append(removal)
        } else if info.raft.leader == nil {
            info.warnings.append("no primary: \(hub.whyNoPrimary)")
        }
        info.warnings += hub.transport.troubles
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
