internal import HubStore
internal import HubSync
internal import PikaSim

extension World {
    /// Nothing is under way, pending or broken, as far as can be seen at this moment.
    var isQuiet: Bool { unrest.isEmpty }

    /// Why it is not quiet; empty when it is.
    var unrest: String {
        guard let process = hubs.primary else { return "no hub is primary" }
        if isMoving { return "a server is being moved, copied or paused" }
        if isChangingGroup { return "a hub is being added or removed" }
        if let away = hubs.present.first(where: { !$0.isRunning }) { return "hub \(away.place + 1) is down or frozen" }
        if let busy = servers.first(where: { !$0.isIdle }) { return "server \(busy.id) is down or busy" }
        if let busy = servers.first(where: { !$0.hasSentAll }) { return "server \(busy.id) has not sent all" }
        let status = process.status
        if let link = status.links.first(where: { $0.syncStatus != 1 }) {
            return "the link to server \(link.id) is not running: \(link.trouble ?? "")"
        }
        if status.heldConnections > 0 { return "\(status.heldConnections) binlog connections are held" }
        if status.suspects > 0 { return "\(status.suspects) keys are suspect" }
        if !process.isDrained { return "not all that was read is acknowledged" }
        return ""
    }

    /// Takes note of which servers have nothing that is not everywhere. After a TRANSFER of a destination the hub reads
    /// again at the source what the destination lacks, and not in its relay log; so that is lost when the source is too.
    func noteCaughtUp() {
        guard let primary = hubs.primary, primary.isDrained else { return }
        let status = primary.status
        guard status.heldConnections == 0, status.links.allSatisfy({ $0.syncStatus == 1 }) else { return }
        for server in servers {
            let last = server.lastOwn.map { BinlogPosition(file: $0.file, offset: $0.offset) }
            guard let link = status.links.first(where: { $0.id.rawValue == server.id }) else { continue }
            if last.map({ link.received >= $0 }) ?? true { server.lastCaughtUp = now }
        }
    }

    /// What every destination has need not stay in a server's binlog. A Pika may also purge a file in the second between
    /// a hub's request and its own sender's look at it, which ends that thread for good; no hub can keep it from that.
    func purge() {
        for server in servers {
            let (stage, window) = (server.stage.stage, server.stage.window)
            let asked = stage == .stopped ? .max : UInt32(clamping: window.left)
            server.binlog.purge(below: min(asked, hubs.firstOpenFile(of: server.id)))
        }
    }
}

extension SimulatedPika {
    /// Its senders have read the binlog to its end.
    var hasSentAll: Bool { !senders.isEmpty && senders.allSatisfy { $0.isDead || $0.isCaughtUp || !$0.hasFile } }
}
