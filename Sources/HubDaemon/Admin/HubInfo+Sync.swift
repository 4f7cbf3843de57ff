internal import HubStore
internal import HubSync

extension HubInfo {
    /// Takes over what the data plane of a primary says of itself.
    mutating func show(_ sync: SyncStatus) {
        for link in sync.links { show(link) }
        routes = sync.routes.map { route in
            Route(source: route.source, destination: route.destination, lagRecords: route.lagRecords)
        }
        relay.nextChunk = Int(clamping: sync.nextChunk.rawValue)
        relay.bytes = sync.relayBytes
        relay.isFull = sync.isRelayFull
        memory.versions = sync.versions
        memory.versionTableBytes = sync.versionBytes
        memory.forgottenVersions = Int(clamping: sync.forgottenVersions)
        conflicts.detected = Int(clamping: sync.counters.conflicts)
        conflicts.repaired = Int(clamping: sync.repaired)
        conflicts.unrepaired = Int(clamping: sync.unrepaired)
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
        shown.deliveredRecords = Int(clamping: link.recordsSent)
        shown.deliveredBytes = Int(clamping: link.bytesSent)
        shown.refusedCommands = Int(clamping: link.refusals)
        links[link.id] = shown
        memory.inFlightBytes += link.bytesInFlight
        if let trouble = link.trouble { warnings.append("server_id \(link.id): \(trouble)") }
    }
}
