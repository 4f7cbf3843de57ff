internal import HubStore

/// A server whose binlog ends before what was read of it: a slave that was promoted before it had everything, a server
/// from a backup, one whose machine went down with the newest part of its binlog. What it writes from there on stands
/// where other records were read, and is new all the same.
extension SyncEngine {
    /// A record begins before the end of its binlog; if one that had been read before this epoch does not, the binlog is
    /// another or was cut. The two numbers of `INFO log` are read without a lock, and may be off as a file ends; they are
    /// right when the next report names the same file. Nothing is read until then, and until the group knows.
    mutating func watchEnd(of index: Int, _ status: BinlogSenderStatus, now: Double) {
        guard servers[index].cutAt == nil else { return }
        let end = BinlogPosition(file: status.producerFile, offset: status.producerOffset)
        if let first = servers[index].shortEnd, first.file == end.file, first <= end {
            return cutSoon(index, at: first)
        }
        let newest = servers[index].newestBefore
        let isShort = newest >= end && newest.offset > 0
        servers[index].shortEnd = isShort ? end : nil
        if isShort { servers[index].link.pollSoon() }
    }

    /// The link cannot come up, since the binlog ends in a file before the one that is wanted. One that has only its first
    /// file has begun anew: nothing in it was read.
    mutating func endsEarlier(_ index: Int, at end: BinlogPosition) {
        guard servers[index].cutAt == nil else { return }
        cutSoon(index, at: end.file == 0 ? BinlogPosition(file: 0, offset: 0) : end)
    }

    private mutating func cutSoon(_ index: Int, at end: BinlogPosition) {
        servers[index].shortEnd = nil
        servers[index].cutAt = end
        log(
            .error, "binlog-short", servers[index].id,
            "has a binlog that ends at \(end), before \(servers[index].reader.newest), up to where it was read: a slave "
                + "that lagged was promoted, it was restored from a backup, or it lost its newest records. What it writes "
                + "from there on is taken for new; what it has lost is only at the others")
    }

    /// The group knows of the cut.
    mutating func cut(_ description: Server, at end: BinlogPosition, now: Double) {
        guard let index = index(of: description.id) else { return }
        let id = description.id
        servers[index].description = description
        servers[index].cutAt = nil
        servers[index].lastCut = end
        outdated[id] = (window.next.previous, min(end, outdated[id]?.at ?? end))
        servers[index].reader.cut(at: end)
        for other in servers.indices where other != index {
            servers[other].acknowledged[id]?.cut(at: end)
            servers[other].proposed[id] = nil
        }
        versions.startOver(id)
        servers[index].evidence = OrderEvidence()
        servers[index].unwatched = BinlogPosition(file: 0, offset: 0)
        let actions = servers[index].link.fail("read again from \(end), where its binlog ended", now: now)
        perform(actions, at: index, now: now)
    }

    /// Another server, or another state of it, goes on under this id. What the one before had acknowledged shortly before
    /// its link ended, and what it wrote then, may be missing there: those keys are compared.
    mutating func suspectLost(at id: ServerID) {
        guard let index = index(of: id) else { return }
        let acknowledged = servers[index].delivery.acknowledged
        var sequence = max(servers[index].trail.through.next, window.firstInMemory)
        while sequence < window.next {
            if let chunk = window.chunk(sequence), chunk.source == id || sequence <= acknowledged {
                suspectKeys(of: chunk, at: id)
            }
            sequence = sequence.next
        }
    }

    private mutating func suspectKeys(of chunk: RelayChunk, at id: ServerID) {
        guard chunk.source == id || chunk.audience.includes(id, source: chunk.source) else { return }
        let winner = otherHolder(of: chunk, than: id)
        chunk.commands.withUnsafeBytes { bytes in
            forEachCommand(bytes) { rule, keys in
                for key in keys { suspect(bytes.slice(key), rule.type, winner: winner, now: lastTick) }
            }
        }
    }
}
