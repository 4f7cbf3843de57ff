internal import HubStore

/// Suspicion, and the copying of a key's state from the server that won to all others.
extension SyncEngine {
    mutating func suspect(
        _ key: UnsafeRawBufferPointer, _ type: CommandRule.ValueType, winner: ServerID, now: Double
    ) {
        let hash = hasher.hash(key, 0..<key.count)
        let suspect = RepairQueue.Suspect(
            key: Array(key), type: type, winner: winner, touched: now, sequence: window.next)
        guard !repairs.add(suspect, hash: hash) else { return }
        log(.error, "repair-overflow", winner, "has more suspect keys than can be kept; some stay unrepaired")
    }

    /// Whatever was sent from after `from` may have arrived or not: all of it is sent again.
    mutating func doubt(_ index: Int, from: ChunkSequence) {
        let sent = servers[index].delivery.sent.map(\.chunk).filter { $0.sequence > from }
        for chunk in sent where chunk.audience.includes(servers[index].id, source: chunk.source) {
            doubt(chunk, at: index)
        }
        var sequence = from.next
        while sequence <= servers[index].delivery.acknowledged {
            if let chunk = window.chunk(sequence), chunk.audience.includes(servers[index].id, source: chunk.source) {
                doubt(chunk, at: index)
            }
            sequence = sequence.next
        }
    }

    /// The chunk may arrive twice, or on top of something newer. A key that an operation of it changes is copied from
    /// its source afterwards. A key that was set or deleted counts as delivered only now, so that a write which its
    /// destination made in between is seen as concurrent with it.
    mutating func doubt(_ chunk: RelayChunk, at index: Int) {
        let destination = servers[index].id
        chunk.commands.withUnsafeBytes { bytes in
            forEachCommand(bytes) { rule, keys in
                for key in keys {
                    let hash = hasher.hash(bytes, key)
                    guard rule.effect == .value || rule.effect == .delete else {
                        suspect(bytes.slice(key), rule.type, winner: chunk.source, now: lastTick)
                        continue
                    }
                    var version =
                        versions.version(of: hash)
                        ?? KeyVersion(
                            seconds: chunk.execTime, counter: 0, effect: .whole, wasEchoed: false,
                            source: chunk.source, file: 0, offset: 0, sequence: window.next)
                    if version.source == destination {
                        suspect(bytes.slice(key), rule.type, winner: chunk.source, now: lastTick)
                    } else {
                        version.sequence = window.next
                        versions.set(version, of: hash, settled: settled)
                    }
                }
            }
        }
    }

    /// The commands of a chunk: rules and keys. They were written by this hub, so they parse.
    private func forEachCommand(
        _ bytes: UnsafeRawBufferPointer, _ body: (CommandRule, [Range<Int>]) -> Void
    ) {
        var cursor = RecordCursor(bytes: bytes, position: 0)
        do {
            while let count = try cursor.number(after: UInt8(ascii: "*")) {
                var arguments: [Range<Int>] = []
                while arguments.count < count, let argument = try cursor.argument() { arguments.append(argument) }
                guard arguments.count == count, let name = arguments.first else { return }
                cursor = RecordCursor(bytes: bytes, position: cursor.position)
                guard let rule = CommandRule.of(bytes[name]), count > 1 else { continue }
                body(rule, rule.keyRanges(arguments))
            }
        } catch {
            preconditionFailure("a chunk holds what is no command: \(error)")
        }
    }

    /// Starts reading the keys that have been quiet for long enough.
    mutating func runRepairs(now: Double) {
        lastTick = now
        guard !repairs.isEmpty, let acknowledged = servers.map(\.delivery.acknowledged).min() else { return }
        let running = Set(servers.filter(\.link.isRunning).map(\.id))
        for (token, suspect) in repairs.due(
            now: now, acknowledged: acknowledged, newest: window.next.previous, isReadable: { running.contains($0) })
        {
            guard let index = index(of: suspect.winner) else { continue }
            for command in KeyCopy.requests(suspect.type, suspect.key) {
                perform(servers[index].link.read(token: token, command, now: now), at: index, now: now)
            }
        }
        let complete = repairs.complete { winner, end, since in
            guard let index = index(of: winner), servers[index].reader.isInOrder else { return false }
            // A write that is part of the value and arrives as a record afterwards would be applied twice.
            return servers[index].reader.progress.newest >= end
                || now - max(since, servers[index].lastReceived) >= Self.silenceSeconds
        }
        for suspect in complete { repair(suspect, now: now) }
    }

    /// A sender that is not behind sends at least once a second what there is.
    private static let silenceSeconds = 1.3

    /// The state of a key goes to every server but the one that it was read from.
    private mutating func repair(_ suspect: RepairQueue.Suspect, now: Double) {
        guard let reading = suspect.reading, let source = index(of: suspect.winner) else { return }
        guard let commands = KeyCopy.commands(suspect.type, suspect.key, answers: reading.answers) else {
            repairs.finish(reading.token, wasRepaired: false)
            conflicts.add(.unrepaired(suspect.winner), key: suspect.key, unixSeconds: unixTime)
            return log(
                .error, "unrepaired", suspect.winner,
                "has a key that cannot be copied to the others; it may differ. Its value: "
                    + reading.answers.dropLast(3).map(\.summary).joined(separator: ", "))
        }
        let others = servers.map(\.id).filter { $0 != suspect.winner }
        let hash = suspect.key.withUnsafeBytes { hasher.hash($0, 0..<$0.count) }
        let chunk = RelayChunk(
            sequence: window.next, source: suspect.winner, audience: .only(others),
            progress: servers[source].reader.progress, recordCount: 1, execTime: 0, commands: commands)
        if var version = versions.version(of: hash) {
            version.sequence = chunk.sequence
            version.source = suspect.winner
            // Deltas that do not follow it are replaced by it at their own servers.
            version.effect = .whole
            versions.set(version, of: hash, settled: settled)
        } else {
            versions.set(
                KeyVersion(
                    seconds: unixTime, counter: 0, effect: .whole, wasEchoed: false, source: suspect.winner, file: 0,
                    offset: 0, sequence: chunk.sequence), of: hash, settled: settled)
        }
        append(chunk, now: now)
        repairs.finish(reading.token, wasRepaired: true)
        conflicts.add(.repaired(from: suspect.winner, to: others), key: suspect.key, unixSeconds: unixTime)
        pumpAll(now: now)
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
