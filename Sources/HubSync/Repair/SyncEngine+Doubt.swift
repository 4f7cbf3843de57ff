internal import HubStore

/// What is sent again, and may arrive twice.
extension SyncEngine {
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

    /// The chunk may arrive twice, or on top of something newer. A key that an operation of it changes is compared
    /// afterwards. Of a key that was set or deleted the version has to be known, so that a write which the destination
    /// made in between is not taken for one that follows it.
    mutating func doubt(_ chunk: RelayChunk, at index: Int) {
        let destination = servers[index].id
        let winner = otherHolder(of: chunk, than: destination)
        chunk.commands.withUnsafeBytes { bytes in
            forEachCommand(bytes) { rule, keys in
                for key in keys {
                    let hash = hasher.hash(bytes, key)
                    let known = versions.version(of: hash)
                    guard rule.effect == .value || rule.effect == .delete, known?.source != destination else {
                        suspect(bytes.slice(key), rule.type, winner: winner, now: lastTick)
                        continue
                    }
                    guard known == nil else { continue }
                    let version = KeyVersion(
                        seconds: chunk.execTime, counter: 0, effect: .whole, mayBeCovered: false, source: chunk.source,
                        file: 0, offset: 0, sequence: chunk.sequence)
                    versions.set(version, of: hash, settled: settled)
                }
            }
        }
    }

    /// A server that has what the chunk says, when it was not sent there.
    func otherHolder(of chunk: RelayChunk, than destination: ServerID) -> ServerID {
        server(chunk.source == destination ? .anyBut(destination) : .server(chunk.source))
    }

    /// The commands of a chunk: rules and keys. They were written by this hub, so they parse.
    func forEachCommand(
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
}
