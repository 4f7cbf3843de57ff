extension HubState {
    /// Copies `existing` to the new server that has been its slave (the manual's procedure for a new Pika).
    ///
    /// Positions, with E for the existing server, D for the new one, `own` for how far E's own binlog is known to
    /// have been read by anyone:
    ///
    /// | cell | becomes | since |
    /// |---|---|---|
    /// | source S to D | S to E | what E had of S, E's slave has |
    /// | E to D | `own` | D got E's own writes as its slave; the original's rule too |
    /// | D to any destination | `own` | a slave's binlog runs along its master's, file by file |
    ///
    /// (What D's binlog holds before `own` are copies of what E wrote, which are not meant for the hub. Asking for what
    /// a destination lacks of E would name a file that a young slave does not have.)
    ///
    /// Nothing is lost as long as D stays E's slave until it has caught up with where E was when COPY was said: then
    /// D holds all that these cells claim, and its first write of its own lies behind them in its binlog. (Taking
    /// less, such as what *every* destination has of E, would be safe even without that, but would apply increments
    /// twice that D already has from E.) What E wrote after `own` reaches D through the hub, and again through E
    /// while D is still its slave, so D is to be detached soon after.
    mutating func copy(
        _ existing: ServerID, to new: ServerID, at address: Address, password: String?, read: BinlogProgress?
    ) throws(HubRefusal) {
        if let known = servers[new], known.address == address { return }
        guard let source = servers[existing] else { throw .existingServerNotFound(id: existing) }
        guard servers[new] == nil else { throw .newServerExists(id: new) }
        let description = ServerDescription(
            id: new, kind: source.kind, address: address, password: password ?? source.password)
        try check(description)
        insert(description)

        var own = read
        for progress in (acknowledged[existing] ?? [:]).values { Self.merge(progress, into: &own) }
        for other in servers.keys where other != existing && other != new {
            acknowledged[other, default: [:]][new] = acknowledged[other]?[existing]
        }
        acknowledged[existing, default: [:]][new] = own
        for other in servers.keys where other != new { acknowledged[new, default: [:]][other] = own }
    }

    /// Merges what the primary's links have got acknowledged. Positions never go backwards but where a binlog was cut,
    /// whose server counts as another one then.
    mutating func advance(_ step: Advance) throws(HubRefusal) {
        guard let current = primary, step.term == current.term else { throw .staleTerm(term: step.term) }
        func isCurrent(_ id: ServerID) -> Bool {
            guard let server = servers[id] else { return false }
            return step.generations[id] == server.generation
        }
        for (source, end) in (step.cuts ?? [:]).sorted(by: { $0.key < $1.key }) where isCurrent(source) {
            for destination in (acknowledged[source] ?? [:]).keys { acknowledged[source]?[destination]?.cut(at: end) }
            let generation = newGeneration()
            servers[source]?.generation = generation
        }
        for (source, row) in step.acknowledged where isCurrent(source) {
            for (destination, progress) in row where destination != source && isCurrent(destination) {
                Self.merge(progress, into: &acknowledged[source, default: [:]][destination])
            }
        }
        for key in step.repairedKeys { suspects[key] = nil }
        for suspect in step.suspects {
            let isKnown = suspect.winner.map { servers[$0] != nil } ?? false
            suspects[Base64Bytes(suspect.key)] =
                isKnown ? suspect : Suspect(key: suspect.key, type: suspect.type, winner: nil)
        }
        var keyBytes = 0
        for key in suspects.keys { keyBytes += key.bytes.count }
        if suspects.count > Self.maximumSuspects || keyBytes > Self.maximumSuspectKeyBytes {
            throw .tooManySuspects
        }
        if step.isLast { primary?.hasStopped = true }
    }

    /// Writes down by hand what a destination has of a source, forwards or backwards. A rescue, and no command: the
    /// caller answers for every hub of the group having the same state afterwards.
    ///
    /// Servers that the state doesn't know yet may have positions already, which count once they join.
    ///
    /// - Parameters:
    ///   - file: every record of the binlog files before this one is taken for delivered.
    ///   - offset: so is every record of the file that begins before this offset, in bytes.
    public mutating func setAcknowledged(source: ServerID, destination: ServerID, file: UInt32, offset: UInt64) {
        var marks: [UInt32: BinlogProgress.Mark] = [:]
        if offset > 0 { marks[file] = BinlogProgress.Mark(offset: offset - 1, index: .max) }
        acknowledged[source, default: [:]][destination] = BinlogProgress(firstOpenFile: file, marks: marks)
    }

    private static func merge(_ progress: BinlogProgress, into known: inout BinlogProgress?) {
        known?.formUnion(progress)
        known = known ?? progress
    }
}
