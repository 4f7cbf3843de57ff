public import HubStore

/// What is watched for operators: rates, how far behind a source is read, what a source may soon have purged. Nothing
/// here costs anything per record.
extension SyncEngine {
    static let watchSeconds = 1.0

    /// Once a second.
    mutating func watch(now: Double) {
        guard now >= nextWatch else { return }
        nextWatch = now + Self.watchSeconds
        for index in servers.indices {
            servers[index].receivedRate.sample(servers[index].statistics.records, now: now)
            servers[index].deliveredRate.sample(servers[index].delivery.recordsSent, now: now)
            for source in servers[index].arrived.keys { servers[index].arrived[source]?.sample(now: now) }
            let report = servers[index].link.report
            if let newest = report.producerFile, let count = report.keptFiles {
                servers[index].kept = KeptBinlog(newestFile: newest, fileCount: count)
            }
        }
        for index in servers.indices { watchPurge(of: index) }
    }

    /// Says it once per route, each time that the source comes near to purging what the destination lacks.
    private mutating func watchPurge(of index: Int) {
        guard let kept = servers[index].kept else { return }
        let source = servers[index].id
        for destination in servers.indices where destination != index {
            let id = servers[destination].id
            guard let file = servers[destination].acknowledged[source]?.firstOpenFile, kept.isNearPurge(file) else {
                servers[index].nearPurge.remove(id)
                continue
            }
            guard servers[index].nearPurge.insert(id).inserted else { continue }
            log(.warning, "purge-near", source, kept.warning(destination: id, file: file))
        }
    }

    /// A source has told how its senders stand.
    mutating func noteProgress(of index: Int, _ status: BinlogSenderStatus, now: Double) {
        let isReading = isReading(index) && held.isDisjoint(with: servers[index].dataConnections)
        let isAtEnd = status.senders.contains { $0.file == status.producerFile && ($0.isWaiting || $0.isAtEnd) }
        servers[index].isCaughtUp = isReading && (isAtEnd || status.window == nil)
        if servers[index].isCaughtUp { servers[index].caughtUpAt = now }
    }
}

extension KeptBinlog {
    /// A sentence, after the name of the source.
    public func warning(destination: ServerID, file: UInt32) -> String {
        let left = filesUntilPurge(of: file)
        let end = left == 0 ? "may have purged it already" : "purges it \(left) files from now"
        return "keeps \(fileCount) binlog files and writes file \(newestFile); server \(destination) has acknowledged "
            + "it up to file \(file) only, and the source \(end): let the destination catch up, or raise "
            + "expire-logs-nums"
    }
}

extension ServerSync {
    /// Seconds for which something may be at this source that the hub has not received.
    ///
    /// Between two reports of the source that say otherwise, the newest record's exec_time may know better; it is by
    /// the source's clock, so only whichever is less counts.
    func secondsBehind(now: Double, unixTime: UInt32) -> Double {
        if link.isRunning && isCaughtUp { return 0 }
        let sinceCaughtUp = caughtUpAt.map { now - $0 }
        guard link.isRunning, statistics.execTime > 0 else { return sinceCaughtUp ?? 0 }
        let byClock = max(0, Double(unixTime) - Double(statistics.execTime))
        return min(sinceCaughtUp ?? byClock, byClock)
    }
}
