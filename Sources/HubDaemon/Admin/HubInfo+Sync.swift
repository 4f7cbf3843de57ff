internal import HubStore
internal import HubSync

extension HubInfo {
    /// Takes over what the data plane of a primary says of itself.
    mutating func show(_ sync: SyncStatus) {
        for link in sync.links { show(link) }
        let kept = Dictionary(uniqueKeysWithValues: sync.links.map { ($0.id, $0.kept) })
        for route in sync.routes.sorted(by: { ($0.source, $0.destination) < ($1.source, $1.destination) }) {
            show(route, kept: kept[route.source] ?? nil)
        }
        relay.nextChunk = Int(clamping: sync.nextChunk.rawValue)
        relay.bytes = sync.relayBytes
        relay.isFull = sync.isRelayFull
        relay.rejectedConnections = Int(clamping: sync.counters.rejectedConnections)
        relay.protocolErrors = Int(clamping: sync.counters.protocolErrors)
        memory.versions = sync.versions
        memory.versionTableBytes = sync.versionBytes
        memory.overflowVersions = sync.overflowVersions
        memory.overflowBytes = sync.overflowBytes
        memory.forgottenVersions = Int(clamping: sync.forgottenVersions)
        conflicts.detected = Int(clamping: sync.counters.conflicts)
        conflicts.repaired = Int(clamping: sync.repaired)
        conflicts.unrepaired = Int(clamping: sync.unrepaired)
        conflicts.pending = sync.suspects
        unrelayedCommands = sync.counters.unrelayed.mapValues { Int(clamping: $0) }
    }

    private mutating func show(_ link: SyncStatus.Link) {
        var shown = Link()
        shown.status = Link.Status(rawValue: link.syncStatus) ?? .errorHappened
        shown.problem = link.trouble ?? ""
        shown.receiveConnections = link.dataConnections
        shown.sendConnection = link.senderConnection.map { Int(clamping: $0.rawValue) }
        shown.heartbeatConnection = link.heartbeatConnection.map { Int(clamping: $0.rawValue) }
        shown.received = link.received
        shown.sentChunk = Int(clamping: link.sent.rawValue)
        shown.reconnects = Int(clamping: link.reconnects)
        shown.takeovers = Int(clamping: link.takeovers)
        shown.receivedRecords = Int(clamping: link.source.records)
        shown.receivedBytes = Int(clamping: link.source.bytes)
        shown.receivedPerSecond = link.receivedPerSecond
        shown.clockOffset = link.clockOffset
        shown.deliveredRecords = Int(clamping: link.recordsSent)
        shown.deliveredBytes = Int(clamping: link.bytesSent)
        shown.deliveredPerSecond = link.sentPerSecond
        shown.refusedCommands = Int(clamping: link.refusals)
        links[link.id] = shown
        memory.inFlightBytes += link.bytesInFlight
        if let trouble = link.trouble { warnings.append("server_id \(link.id): \(trouble)") }
        if let end = link.cutBinlog {
            warnings.append(
                "server_id \(link.id): its binlog ended at \(end) although it had been read further; what the server had "
                    + "lost may be at the others only")
        }
    }

    private mutating func show(_ route: SyncStatus.Route, kept: KeptBinlog?) {
        var shown = Route(source: route.source, destination: route.destination)
        shown.lagRecords = route.lagRecords
        shown.lagBytes = route.lagBytes
        shown.lagSeconds = route.lagSeconds
        shown.records = Int(clamping: route.records)
        shown.bytes = Int(clamping: route.bytes)
        shown.recordsPerSecond = route.recordsPerSecond
        shown.bytesPerSecond = route.bytesPerSecond
        if let kept, let file = route.neededFile {
            shown.purge = Purge(
                filesAhead: kept.filesAhead(of: file), filesLeft: kept.filesUntilPurge(of: file),
                isNear: kept.isNearPurge(file))
            if kept.isNearPurge(file) {
                warnings.append("server_id \(route.source) \(kept.warning(destination: route.destination, file: file))")
            }
        }
        routes.append(shown)
    }
}
