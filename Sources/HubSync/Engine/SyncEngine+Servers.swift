public import HubStore

/// Which servers there are, and from where each of them is read for whom.
extension SyncEngine {
    /// Brings the links in line with the replicated state. `acknowledged[source][destination]` counts for servers that
    /// are new here, or stand for another server than before.
    public mutating func update(
        _ wanted: [Server], acknowledged: [ServerID: [ServerID: BinlogProgress]], now: Double
    ) {
        // With the places of those that are taken out.
        write()
        let before = Set(servers.map(\.id))
        for server in servers {
            let same = wanted.first { $0.id == server.id }
            if same?.generation == server.description.generation, same?.address == server.description.address {
                continue
            }
            if same != nil { suspectLost(at: server.id) }
            if let same, same.address == server.description.address, same.password == server.description.password,
                let end = server.cutAt
            {
                cut(same, at: end, now: now)
                continue
            }
            if server.cutAt != nil { versions.startOver(server.id) }
            remove(server.id, now: now)
        }
        var fresh: Set<ServerID> = []
        for description in wanted.sorted(by: { $0.id < $1.id }) {
            if let index = index(of: description.id) {
                servers[index].description = description
                continue
            }
            fresh.insert(description.id)
            // What a new server lacks is read again from its source. Of the relay log it gets what comes from now on:
            // the last chunks are kept although everyone had them, so it would get those twice.
            let cursor = hasBegun ? nil : recovered.cursors[description.id]
            let start = cursor.map { max($0.acknowledged, window.droppedThrough) } ?? window.next.previous
            servers.append(
                ServerSync(
                    description, settings: settings, delivery: Delivery(server: description.id, acknowledged: start),
                    applied: hasBegun ? start : window.droppedThrough, run: cursor?.run))
            if hasBegun || !recovered.hasPredecessor {
                servers[servers.count - 1].unwatched = BinlogPosition(file: 0, offset: 0)
            }
            let isCopy = acknowledged.values.contains { $0[description.id] != nil }
            if hasBegun, isCopy, !before.contains(description.id) { servers[servers.count - 1].beginCopyWindow() }
        }
        servers.sort { $0.id < $1.id }
        if !fresh.isEmpty { placeNew(fresh, acknowledged: acknowledged, now: now) }
        hasBegun = true
        repairs.keepWinners(among: servers.map(\.id))
        for index in servers.indices where servers[index].description.isPaused && servers[index].link.isRunning {
            perform(servers[index].link.fail("paused by an operator", now: now), at: index, now: now)
        }
    }

    /// Gives new servers their places in every route, and the sources that have to be read from an earlier place for
    /// their sake a new beginning.
    private mutating func placeNew(
        _ fresh: Set<ServerID>, acknowledged: [ServerID: [ServerID: BinlogProgress]], now: Double
    ) {
        for index in servers.indices {
            let source = servers[index].id
            var bases: [ServerID: BinlogProgress] = [:]
            var lacksPlace = false
            for destination in servers.indices where servers[destination].id != source {
                let id = servers[destination].id
                if fresh.contains(id) || fresh.contains(source) {
                    servers[destination].acknowledged[source] = acknowledged[source]?[id]
                }
                var base = servers[destination].acknowledged[source]
                // What was read with the relay log is on its way to whoever was there then.
                if !hasBegun, let received = recovered.received[source], recovered.cursors[id] != nil {
                    base = base ?? BinlogProgress()
                    base?.formUnion(received)
                }
                if !fresh.contains(id) && !fresh.contains(source) {
                    base = servers[index].reader.covered(for: id)
                }
                bases[id] = base ?? BinlogProgress()
                lacksPlace = lacksPlace || base == nil
            }
            let readsAgain = servers[index].reader.place(bases)
            // What has been asked for already may be early enough for everyone.
            if servers[index].link.hasAsked && !readsAgain { continue }
            servers[index].hasUnplacedDestination = servers[index].hasUnplacedDestination || lacksPlace
            servers[index].link.wantedFile = servers[index].wantedFile
            if servers[index].link.hasAsked {
                let actions = servers[index].link.fail("read again from an earlier place for a new server", now: now)
                perform(actions, at: index, now: now)
            }
        }
    }

    private mutating func remove(_ id: ServerID, now: Double) {
        guard let index = index(of: id) else { return }
        perform(servers[index].link.fail("taken out of the sync", now: now), at: index, now: now)
        servers.remove(at: index)
        outdated[id] = (window.next.previous, BinlogPosition(file: 0, offset: 0))
        movedCursors.remove(id)
        for index in servers.indices {
            servers[index].reader.remove(id)
            servers[index].acknowledged[id] = nil
        }
    }
}
