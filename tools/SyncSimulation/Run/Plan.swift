/// What one run is like; all of it follows from the seed.
struct Plan {
    enum Fault: String, CaseIterable {
        /// A hub's process is killed and starts again soon. What was on its disk is still there.
        case hubKilled
        /// A hub's machine goes down without a word. What was not synced is gone.
        case hubLosesPower
        /// A hub's process stops, and goes on later as if nothing had happened.
        case hubFrozen
        /// A clean stop.
        case hubStopped
        /// An operator has the primary hand over.
        case hubFailsOver
        /// A hub cannot reach the other hubs, or they not it, or both.
        case hubCutOff
        /// A hub reaches nobody.
        case hubIsolated
        case hubsSplit
        /// The majority of the hubs is down for long, while writes go on.
        case hubsLost
        case raftDiskSlow
        /// Writes to the Raft log fail, which ends the process.
        case raftDiskFull
        /// Writes to the relay log fail, which ends the reign.
        case relayDiskFull
        case serverRestart
        case connectionBreak
        /// A server cannot be reached for a while, and its connections are gone.
        case serverCutOff
        case clockStep
        case clockStandsStill
        /// A server's workers do not get on.
        case workersStall
        /// A master dies for good; its slave is promoted and takes its place (TRANSFER).
        case serverMoved
        /// A slave becomes a server of its own (COPY).
        case serverCopied
        /// An operator adds a hub to the group.
        case hubAdded
        /// An operator takes a hub out of the group, maybe the primary.
        case hubRemoved
        /// A hub is gone with its disk; an operator takes it out and adds a new one.
        case hubReplaced
        /// A hub comes back under its old name with an empty disk. The others refuse it, until an operator takes it out and
        /// adds a new one.
        case hubWiped
        /// An operator pauses a server and resumes it.
        case serverPaused

        /// Kinds that have seeds of their own, so that what other seeds have found is still found by them.
        static let late: [Fault] = [.hubAdded, .hubRemoved, .hubReplaced, .hubWiped, .serverPaused]
        static let early = allCases.filter { !late.contains($0) }
    }

    /// Families of keys; each has its own commands (`Workload`).
    enum Family: UInt8, CaseIterable {
        /// SET and DEL only.
        case plain = 0x70
        /// Values and expiries far in the future.
        case string = 0x73
        /// INCR, DECR only.
        case counter = 0x63
        /// Values and deltas of the same keys.
        case mixed = 0x6D
        case list = 0x6C
        case sortedSet = 0x7A
        /// Expiries that pass during the run, whole values only.
        case expiring = 0x65
    }

    var serverCount: Int
    /// Hubs of the Raft group.
    var hubCount: Int
    /// Writes of all clients together.
    var writes: Int
    /// How long the writers and the faults go on.
    var activeSeconds: Double
    var families: [Family]
    var keysPerFamily: Int
    var binlogFileBytes: UInt64
    var linkDelay: ClosedRange<Double>
    /// Share of bytes that are under way much longer.
    var slowShare: Double
    /// Unix seconds that each server's clock is ahead of the true time.
    var clockOffsets: [Double]
    var workerDelay: ClosedRange<Double>
    var faults: [Fault]
    var faultInterval: Double
    var hubLinkDelay: ClosedRange<Double>
    /// Share of the messages between hubs that are lost.
    var hubLossShare: Double
    /// Share of the messages between hubs that arrive twice. Like the late kinds of faults.
    var hubRepeatShare = 0.0
    /// The relay log takes everything for bulk: the end of a process costs it what was not persisted. Like the late kinds.
    var isRelayBulk = false
    /// Unix seconds that each hub's clock is ahead of the true time.
    var hubClockOffsets: [Double]
    /// Applied entries that stay in the Raft log.
    var keptEntries: Int
    var snapshotChunkBytes: Int
    /// How far a slave is behind its master, in seconds.
    var replicaLag: Double
    /// Nil for the product's default, which no run reaches.
    var relayMaximumBytes: Int?
    /// Memory of the version table. With none it holds a dozen keys, and the others lie in the overflow.
    var versionBytes: Int

    /// - Parameter steps: writes of all clients together; nil for what the seed says.
    init(seed: UInt64, steps: Int?) {
        var random = SimulationRandom(seed: seed &* 0x5851_F42D_4C95_7F2D)
        serverCount = random.between(2...4)
        hubCount = random.pick([1, 2, 3, 3, 3, 3, 3, 5])
        writes = steps ?? random.between(40...400)
        activeSeconds = random.between(4.0...25)
        let count = random.between(1...3)
        families = (0..<count).map { _ in random.pick(Family.allCases) }
        keysPerFamily = random.between(1...12)
        binlogFileBytes = UInt64(random.pick([1024, 2048, 8192, 70_000]))
        linkDelay = random.pick([0.0002...0.002, 0.001...0.02, 0.01...0.15])
        slowShare = random.pick([0, 0.01, 0.05])
        workerDelay = random.pick([0...0.0001, 0.0001...0.001])
        let spread = random.pick([0, 0.5, 3, 300])
        clockOffsets = (0..<serverCount).map { _ in random.between(-spread...spread) }
        faults = []
        // A quarter of the runs is calm: there each record has to arrive exactly once.
        if !seed.isMultiple(of: 4) {
            let kinds = random.between(1...4)
            faults = (0..<kinds).map { _ in random.pick(Fault.early) }
        }
        faultInterval = random.between(0.5...6)
        hubLinkDelay = random.pick([0.0002...0.002, 0.001...0.02, 0.01...0.15])
        hubLossShare = random.pick([0, 0, 0.01, 0.05])
        hubClockOffsets = (0..<hubCount).map { _ in random.between(-spread...spread) }
        keptEntries = random.pick([3, 10, 5_000])
        snapshotChunkBytes = random.pick([100, 1_000, 64 << 10])
        replicaLag = random.pick([0, 0.2, 1.5])
        relayMaximumBytes = random.chance(0.2) ? random.between(1_000...20_000) : nil
        versionBytes = random.pick([0, 0, 64 << 10])
        guard !faults.isEmpty else { return }
        if seed % 22 == 1 { hubRepeatShare = 0.1 }
        if seed % 22 == 11 { faults.append(.hubWiped) }
        isRelayBulk = seed % 22 == 20
        switch seed % 11 {
        case 4: faults += [.hubAdded, .hubRemoved]
        case 5: faults.append(.hubReplaced)
        case 9: faults.append(.serverPaused)
        default: break
        }
    }

    var movesServers: Bool { faults.contains { [.serverMoved, .serverCopied].contains($0) } }

    /// No delivery can have been repeated and nothing can have been lost on the way.
    var isCalm: Bool {
        faults.allSatisfy { [.clockStep, .clockStandsStill, .workersStall].contains($0) }
    }

    var summary: String {
        "\(serverCount) servers, \(hubCount) hubs, \(writes) writes in \(Int(activeSeconds)) s, "
            + "\(families.count) families × \(keysPerFamily) keys (\(families.map { "\($0)" }.joined(separator: ", "))), files of \(binlogFileBytes) bytes, "
            + "links \(linkDelay), clocks \(clockOffsets.map { Int($0) }), hub links \(hubLinkDelay) losing \(hubLossShare), "
            + "\(keptEntries) entries kept, slaves \(replicaLag) s behind, relay log of \(relayMaximumBytes.map(String.init) ?? "any size"), \(versionBytes) bytes for versions, \(hubRepeatShare) of the hubs' messages twice, relay log \(isRelayBulk ? "in bulk" : "logged"), faults \(faults.map(\.rawValue).joined(separator: ", "))"
    }
}
