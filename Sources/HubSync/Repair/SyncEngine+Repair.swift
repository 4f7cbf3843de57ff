internal import HubStore

/// Suspicion, and the comparing and copying of a key's state until all servers have the same.
extension SyncEngine {
    /// - Parameter isCertain: false when what is under way makes the servers equal, unless this hub ends before.
    mutating func suspect(
        _ key: UnsafeRawBufferPointer, _ type: CommandRule.ValueType, winner: ServerID, isCertain: Bool = true,
        now: Double
    ) {
        let hash = hasher.hash(key, 0..<key.count)
        let suspect = RepairQueue.Suspect(
            key: Array(key), type: type, winner: winner, touched: now, sequence: window.next)
        guard !repairs.add(suspect, hash: hash), isCertain else { return }
        repairs.countUnrepaired()
        log(.error, "repair-overflow", winner, "has more suspect keys than can be kept; some stay unrepaired")
    }

    /// The server that a decision names as the winner.
    func server(_ winner: WriteDecision.Winner) -> ServerID {
        switch winner {
        case .server(let id): return id
        case .anyBut(let id):
            let others = servers.filter { $0.id != id }
            return others.first { $0.link.isRunning }?.id ?? others.first?.id ?? id
        }
    }

    /// Reads the keys that have been quiet for long enough, and repairs those that were read.
    mutating func runRepairs(now: Double) {
        guard !repairs.isEmpty else { return }
        let running = servers.filter(\.link.isRunning)
        let readable = running.map { (id: $0.id, acknowledged: $0.delivery.acknowledged) }
        let reads = repairs.due(
            now: now, readable: readable, newest: window.next.previous, isEveryone: running.count == servers.count,
            isReadPast: { [servers] server, end, time in
                servers.first { $0.id == server }?.isReadPast(end, since: time, now: now) ?? true
            })
        for read in reads {
            guard let index = index(of: read.server) else { continue }
            for command in KeyCopy.requests(read.type, read.key) {
                perform(servers[index].link.read(token: read.token, command, now: now), at: index, now: now)
            }
        }
        while let (hash, suspect, answers) = repairs.takeComplete() { compare(hash, suspect, answers, now: now) }
    }

    /// Sends the winner's state to every server that shows another one, or could not be read.
    private mutating func compare(
        _ hash: KeyHash, _ suspect: RepairQueue.Suspect, _ answers: [ServerID: [Reply]], now: Double
    ) {
        let states = answers.compactMapValues { KeyCopy(suspect.type, answers: $0) }
        guard let state = states[suspect.winner], let source = index(of: suspect.winner) else {
            repairs.giveUp(hash)
            conflicts.add(.unrepaired(suspect.winner), key: suspect.key, unixSeconds: unixTime)
            let parts = (answers[suspect.winner] ?? []).dropFirst().map(\.summary).joined(separator: ", ")
            return log(
                .error, "unrepaired", suspect.winner,
                "has a key that cannot be copied to the others; it may differ. Its value: \(parts)")
        }
        let others = servers.map(\.id).filter { $0 != suspect.winner }
        let unread = others.filter { answers[$0] == nil }
        let differing = others.filter { answers[$0] != nil && states[$0]?.matches(state) != true }
        var comparison = RepairQueue.Comparison(
            sequence: window.next, seen: states.mapValues { .init(end: $0.end, second: $0.second) })
        if differing.isEmpty && (unread.isEmpty || suspect.waitsForAll) {
            return repairs.finish(hash, comparison, isVacant: state.mayHideExpiry)
        }
        let traces = states.mapValues(\.trace)
        guard suspect.first?.isConfirmed(by: traces) == true else { return repairs.readAgain(hash, traces, now: now) }
        guard suspect.rounds < RepairQueue.maximumRounds else {
            repairs.giveUp(hash)
            conflicts.add(.unrepaired(suspect.winner), key: suspect.key, unixSeconds: unixTime)
            return log(
                .error, "unrepaired", suspect.winner,
                "has a key that stays different at \(differing) whatever is sent to them")
        }
        comparison.restatedBy = suspect.winner
        let chunk = RelayChunk(
            sequence: window.next, source: suspect.winner, audience: .only((differing + unread).sorted()),
            progress: servers[source].reader.progress, recordCount: 1,
            execTime: UInt32(clamping: state.second), commands: state.commands(suspect.key))
        restate(hash, state, by: suspect.winner)
        if differing.isEmpty {
            repairs.waitForAll(hash, comparison)
        } else {
            repairs.sent(hash, comparison, now: now)
        }
        append(chunk, now: now)
        let servers = (differing + unread).sorted()
        conflicts.add(.repaired(from: suspect.winner, to: servers), key: suspect.key, unixSeconds: unixTime)
        pumpAll(now: now)
    }

    /// The key's version is what the winner had. It does not get younger by being said once more: whatever followed
    /// it before still does (`RepairQueue.Comparison`).
    private mutating func restate(_ hash: KeyHash, _ state: KeyCopy, by winner: ServerID) {
        // A version that is not known is settled: whatever comes follows it.
        var version =
            versions.version(of: hash)
            ?? KeyVersion(
                seconds: UInt32(clamping: state.second), counter: 0, effect: .whole, mayBeCovered: false,
                source: winner,
                file: 0, offset: 0, sequence: settled)
        version.source = winner
        // The winner's records below are part of it.
        (version.file, version.offset) = (state.end.file, state.end.offset)
        version.effect = .whole
        version.mayBeCovered = false
        versions.set(version, of: hash, settled: settled)
    }

    /// What a record's server knew of a version when it wrote the record, with regard to repairs of the key.
    func following(
        _ known: KeyVersion, _ hash: KeyHash, _ record: BinlogRecord, at index: Int
    ) -> OrderEvidence.Following {
        let evidence = servers[index].evidence
        let following = evidence.following(known.sequence, file: record.file, offset: record.offset)
        guard following == .yes, let compared = repairs.compared[hash], compared.sequence > known.sequence,
            let winner = compared.restatedBy, winner != servers[index].id
        else { return following }
        let isAbove = evidence.following(compared.sequence, file: record.file, offset: record.offset) == .yes
        return isAbove ? .yes : .covered
    }
}

extension ServerSync {
    /// A sender that has sent everything looks for more once a second. Longer than that, and the way.
    private static let senderPollSeconds = 1.25
    /// What was under way when the server said that it had sent everything.
    private static let transitSeconds = 0.2

    /// Whether everything has been read that the server had written to its binlog by `time`, when the binlog ended at
    /// `end`. A server without a link is not waited for: what it wrote meanwhile meets the repaired state as it comes.
    func isReadPast(_ end: BinlogPosition, since time: Double, now: Double) -> Bool {
        guard link.isRunning else { return true }
        guard reader.isInOrder, !isCutPending else { return false }
        if reader.progress.newest >= end { return true }
        guard isCaughtUp, let caughtUpAt else { return false }
        return caughtUpAt >= time + Self.senderPollSeconds && now >= lastReceived + Self.transitSeconds
    }
}

extension Reply {
    /// What an answer is, without what it holds.
    fileprivate var summary: String {
        switch self {
        case .status: "a status"
        case .error(let text): "the error \(text)"
        case .integer: "a number"
        case .bulk(let bytes): "\(bytes.count) bytes"
        case .null: "nothing"
        case .array(let elements): "\(elements.count) elements"
        }
    }
}
