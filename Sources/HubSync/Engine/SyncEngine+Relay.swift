internal import HubStore

/// One record becomes commands for its destinations, or is beaten by what is known of its keys.
extension SyncEngine {
    mutating func relay(
        _ record: BinlogRecord, _ hash: KeyHash, _ rule: CommandRule?, _ bytes: UnsafeRawBufferPointer,
        verdict: SourceReader.Verdict, at index: Int, _ batch: inout ChunkBatch,
        now: Double
    ) {
        var audience = RelayChunk.Audience.others
        if case .except(let having) = verdict { audience = .except(having) }
        guard let rule else { return unrelayed(record, bytes, at: index, reason: "no such command is known") }
        if rule.effect == .value && record.argumentCount == 3 && record.name.count == 3 {
            let decision = decide(record, bytes, key: record.key, hash, effect: .whole, at: index, now: now)
            guard deliver(decision, audience, &batch, at: index, now: now) else { return }
            writer.command(argumentCount: 3, arguments: record.arguments, of: bytes)
            return
        }
        let arguments = record.argumentRanges(in: bytes)
        let name = CommandRule.lowercased(bytes[record.name])
        guard arguments.count >= rule.minimumArguments(name) else {
            return unrelayed(record, bytes, at: index, reason: "\(arguments.count) arguments")
        }
        switch rule.effect {
        case .delete:
            for key in arguments.dropFirst() {
                let decision = decide(
                    record, bytes, key: key, hasher.hash(bytes, key), effect: .whole, at: index, now: now)
                guard deliver(decision, audience, &batch, at: index, now: now) else { continue }
                writer.delete(bytes.slice(key))
            }
        case .value where name != "getset":
            guard
                let write = CommandTranslation.valueWrite(
                    name: name, arguments: arguments, of: bytes, execTime: record.execTime)
            else { return unrelayed(record, bytes, at: index, reason: "options that are not understood") }
            relay(write, record, bytes, audience, at: index, &batch, now: now)
        case .value:
            let decision = decide(
                record, bytes, key: record.key, hasher.hash(bytes, record.key), effect: .whole, at: index, now: now)
            guard deliver(decision, audience, &batch, at: index, now: now) else { return }
            writer.set(bytes.slice(record.key), bytes.slice(arguments[2]))
        case .expiry:
            let expiry = CommandTranslation.expiry(
                name: name, arguments: arguments, of: bytes, execTime: record.execTime)
            guard name == "persist" || expiry != nil else {
                return unrelayed(record, bytes, at: index, reason: "an expiry that is no number")
            }
            let decision = decide(
                record, bytes, key: record.key, hasher.hash(bytes, record.key), effect: .expiry, at: index, now: now)
            guard deliver(decision, audience, &batch, at: index, now: now) else { return }
            if let expiry {
                writer.expire(bytes.slice(record.key), at: expiry)
            } else {
                writer.command(argumentCount: 2, arguments: record.arguments, of: bytes)
            }
        case .operation:
            relayOperation(
                rule, name: name, arguments, record, bytes, audience, at: index, &batch, now: now)
        }
    }

    /// A value with an expiry, or under a condition. The expiry goes as a command of its own, absolute, so that it does
    /// not matter how long the record was under way.
    private mutating func relay(
        _ write: CommandTranslation.ValueWrite, _ record: BinlogRecord, _ bytes: UnsafeRawBufferPointer,
        _ audience: RelayChunk.Audience, at index: Int, _ batch: inout ChunkBatch, now: Double
    ) {
        let key = bytes.slice(record.key)
        guard let condition = write.condition else {
            let decision = decide(
                record, bytes, key: record.key, hasher.hash(bytes, record.key), effect: .whole, at: index, now: now)
            guard deliver(decision, audience, &batch, at: index, now: now) else { return }
            writer.set(key, bytes.slice(write.value))
            if let expiry = write.expiry { writer.expire(key, at: expiry) }
            return
        }
        let decision = decide(
            record, bytes, key: record.key, hasher.hash(bytes, record.key), effect: .operation, at: index, now: now)
        guard deliver(decision, audience, &batch, at: index, now: now) else { return }
        writer.header(4)
        writer.argument("SET")
        writer.argument(key)
        writer.argument(bytes.slice(write.value))
        writer.argument(condition)
        // Whether the condition held is not known, so the expiry cannot be stated apart from it: the key's state is
        // copied from its source afterwards.
        if write.expiry != nil { suspect(key, .string, winner: servers[index].id, now: now) }
    }

    private mutating func relayOperation(
        _ rule: CommandRule, name: String, _ arguments: [Range<Int>], _ record: BinlogRecord,
        _ bytes: UnsafeRawBufferPointer, _ audience: RelayChunk.Audience, at index: Int,
        _ batch: inout ChunkBatch, now: Double
    ) {
        let effect: KeyVersion.Effect = CommandRule.commuting.contains(name) ? .commuting : .operation
        var isWanted = false
        for key in rule.keyRanges(arguments) {
            let decision = decide(record, bytes, key: key, hasher.hash(bytes, key), effect: effect, at: index, now: now)
            if deliver(decision, audience, &batch, at: index, now: now, counts: !isWanted) {
                isWanted = true
            }
        }
        guard isWanted else { return }
        switch name {
        case "setnx" where arguments.count == 3:
            // A Pika damages its own binlog when it takes SETNX, MSET or MSETNX on the hub's port.
            writer.command([
                Array("SET".utf8), Array(bytes.slice(arguments[1])), Array(bytes.slice(arguments[2])), Array("nx".utf8),
            ])
        case "mset", "msetnx":
            for pair in stride(from: 1, to: arguments.count - 1, by: 2) {
                writer.set(bytes.slice(arguments[pair]), bytes.slice(arguments[pair + 1]))
            }
        default:
            writer.command(argumentCount: record.argumentCount, arguments: record.arguments, of: bytes)
        }
        if rule.spansWorkers {
            // The other keys' earlier writes may not have been applied yet when this runs: a Pika's workers are chosen
            // by the first key.
            for key in rule.keyRanges(arguments) {
                suspect(bytes.slice(key), rule.type, winner: servers[index].id, now: now)
            }
        }
    }

    /// Takes the write into the version table and tells what is to become of it.
    private mutating func decide(
        _ record: BinlogRecord, _ bytes: UnsafeRawBufferPointer, key: Range<Int>, _ hash: KeyHash,
        effect: KeyVersion.Effect, at index: Int, now: Double
    ) -> WriteDecision {
        var version = KeyVersion(
            seconds: record.execTime, counter: 0, effect: effect, mayBeCovered: false, source: servers[index].id,
            file: record.file, offset: record.offset, sequence: window.next)
        if !repairs.isEmpty { repairs.touch(hash, now: now, sequence: window.next) }
        // What a repair's comparison left decides differently about what follows.
        let canSkip = effect == .whole && repairs.compared[hash] == nil
        let known = versions.version(of: hash, within: canSkip ? reach : .everything)
        let place = BinlogPosition(file: record.file, offset: record.offset)
        let isUnopposed = known.map { $0.source == version.source } ?? true
        if isUnopposed || effect != .whole, let unwatched = servers[index].unwatched, place < unwatched {
            // The writer's own state has whatever was delivered to it before.
            suspect(key, of: record, bytes, winner: .server(version.source), now: now)
        }
        if let seen = repairs.compared[hash]?.seen[version.source],
            place < seen.end || record.execTime <= seen.second
        {
            // The state that was compared may have held it, or what replaced it, while it was not known here.
            let winner = version.source
            suspect(key, of: record, bytes, winner: effect == .whole ? .anyBut(winner) : .server(winner), now: now)
        }
        if repairs.fill(hash) { suspect(key, of: record, bytes, winner: .server(version.source), now: now) }
        guard let known else {
            versions.set(version, of: hash, settled: settled)
            return .deliver
        }
        let following = following(known, hash, record, at: index)
        let decision = WriteDecision.decide(version, against: known, following: following)
        if decision.isConflict {
            counters.conflicts += 1
            conflicts.add(
                .conflict(
                    write: ConflictLog.Version(version), known: ConflictLog.Version(known),
                    action: ConflictLog.Action(decision, source: version.source)),
                key: bytes[key], unixSeconds: unixTime)
            if counters.conflicts <= 10 || counters.conflicts.isMultiple(of: 1000) {
                log(
                    .info, "conflict", servers[index].id,
                    "and server \(known.source) wrote the same key at once; \(counters.conflicts) such conflicts so far"
                )
            }
        }
        if let winner = decision.suspectWinner {
            suspect(
                key, of: record, bytes, winner: winner, isCertain: decision.fate != .deliverAndEcho, now: now)
        }
        guard decision.fate != .superseded else { return decision }
        version.succeed(known, following, isSettled: known.sequence <= settled)
        versions.set(version, of: hash, settled: settled)
        return decision
    }

    private mutating func suspect(
        _ key: Range<Int>, of record: BinlogRecord, _ bytes: UnsafeRawBufferPointer, winner: WriteDecision.Winner,
        isCertain: Bool = true, now: Double
    ) {
        let type = CommandRule.of(bytes[record.name])?.type ?? .any
        suspect(bytes.slice(key), type, winner: server(winner), isCertain: isCertain, now: now)
    }

    /// Opens the chunk that the record belongs into. False when it goes nowhere.
    private mutating func deliver(
        _ decision: WriteDecision, _ audience: RelayChunk.Audience, _ batch: inout ChunkBatch, at index: Int,
        now: Double, counts: Bool = true
    ) -> Bool {
        var audience = audience
        switch decision.fate {
        case .superseded:
            servers[index].statistics.superseded += 1
            return false
        case .deliverAndEcho:
            counters.echoes += 1
            audience = .everyone
        case .deliver:
            break
        }
        if batch.audience != audience {
            finish(&batch, at: index, now: now)
            batch.audience = audience
        }
        if counts { batch.recordCount += 1 }
        return true
    }

    /// A record that all destinations have: it only says what the source has written (`design/convergence.md`,
    /// "Deliver").
    mutating func remember(
        _ record: BinlogRecord, _ hash: KeyHash, _ rule: CommandRule?, _ bytes: UnsafeRawBufferPointer, at index: Int,
        now: Double
    ) {
        guard let rule, rule.effect == .value || rule.effect == .delete, record.argumentCount <= 3 else { return }
        let version = KeyVersion(
            seconds: record.execTime, counter: 0, effect: .whole, mayBeCovered: false, source: servers[index].id,
            file: record.file, offset: record.offset, sequence: recovered.next.previous)
        if let known = versions.version(of: hash) {
            if known.isRedelivered, known.source != version.source {
                // It may have come on top of this record, or of one that is still to come, at its server only.
                suspect(bytes.slice(record.key), rule.type, winner: server(.anyBut(version.source)), now: now)
            }
            // What this process has relayed is no older, whatever the clocks say.
            if known.sequence > version.sequence || !known.isBeaten(byTime: version) { return }
        }
        versions.set(version, of: hash, settled: settled)
    }

    private mutating func unrelayed(
        _ record: BinlogRecord, _ bytes: UnsafeRawBufferPointer, at index: Int, reason: String
    ) {
        let name = String(CommandRule.lowercased(bytes[record.name]).prefix(32))
        counters.unrelayed[name, default: 0] += 1
        // A bound on what a server can make the hub remember.
        guard unrelayedLogged.count < 256, unrelayedLogged.insert(name).inserted else { return }
        log(.error, "command-not-relayed", servers[index].id, "sent \(name), which cannot be relayed: \(reason)")
    }
}

extension UnsafeRawBufferPointer {
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}
