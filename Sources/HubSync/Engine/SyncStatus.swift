public import HubStore

/// The data plane at one moment, for INFO and metrics.
public struct SyncStatus: Sendable {
    public struct Link: Sendable {
        public var id: ServerID
        public var address: Address
        /// 0 should connect, 1 connected, 2 error happened: the original's `sync_status`.
        public var syncStatus: Int
        /// What is wrong; nil when nothing is.
        public var trouble: String?
        /// Where its binlog was found to end although it had been read further, since the hub became primary.
        public var cutBinlog: BinlogPosition?
        /// Seconds by which its clock is ahead of the hub's, negative when behind; 0 while they are in step.
        public var clockOffset: Int
        public var dataConnections: Int
        public var senderConnection: LinkConnectionID?
        public var heartbeatConnection: LinkConnectionID?
        public var reconnects: UInt64
        public var takeovers: UInt64
        public var received: BinlogPosition
        public var source: SourceStatistics
        public var recordsSent: UInt64
        public var bytesSent: UInt64
        public var bytesInFlight: Int
        public var refusals: UInt64
        public var sent: ChunkSequence
        public var acknowledged: ChunkSequence
        /// The files before this one have been read to their ends, as far as is known.
        public var firstOpenFile: UInt32
        /// By the source's last report.
        public var kept: KeptBinlog?
        /// Records that were received and sent in the last second.
        public var receivedPerSecond: Double
        public var sentPerSecond: Double
    }

    /// What goes from one server to another.
    public struct Route: Sendable {
        public var source: ServerID
        public var destination: ServerID
        public var acknowledged: BinlogPosition?
        /// What is in the relay log and the destination has not acknowledged. Counted in steps of 16 MiB beyond the
        /// newest chunks, and without what a former primary had left there.
        public var lagRecords: Int
        public var lagBytes: Int
        /// For how long the destination has lacked something that the source had: 0 when it lacks nothing.
        public var lagSeconds: Double
        /// What it has acknowledged since the hub became primary, and in the last second.
        public var records: UInt64
        public var bytes: UInt64
        public var recordsPerSecond: Double
        public var bytesPerSecond: Double
        /// The oldest file of which it lacks something; nil while it has acknowledged nothing.
        public var neededFile: UInt32?
    }

    public var links: [Link]
    public var routes: [Route]
    public var counters: SyncCounters
    public var relayBytes: Int
    public var relayMaximumBytes: Int
    public var isRelayFull: Bool
    /// Binlog connections that wait for others to bring earlier files.
    public var heldConnections: Int
    public var nextChunk: ChunkSequence
    public var versions: Int
    public var versionBytes: Int
    /// Of `versions`, those that are in the overflow, and its bytes.
    public var overflowVersions: Int
    public var overflowBytes: Int
    public var forgottenVersions: UInt64
    public var suspects: Int
    public var repaired: UInt64
    public var unrepaired: UInt64
}

extension SyncEngine {
    public var status: SyncStatus {
        SyncStatus(
            links: servers.map(\.status), routes: servers.flatMap { routes(to: $0) }, counters: counters,
            relayBytes: window.keptBytes, relayMaximumBytes: settings.relayMaximumBytes, isRelayFull: isBlocked,
            heldConnections: held.count,
            nextChunk: window.next, versions: versions.count, versionBytes: versions.memoryBytes,
            overflowVersions: versions.overflowCount, overflowBytes: versions.overflowBytes,
            forgottenVersions: versions.forgottenUnsettled, suspects: repairs.count, repaired: repairs.repaired,
            unrepaired: repairs.unrepaired)
    }

    private func routes(to destination: ServerSync) -> [SyncStatus.Route] {
        let lags = window.lag(of: destination.id, after: destination.delivery.acknowledged)
        return servers.filter { $0.id != destination.id }.map { source in
            let lag = lags[source.id]
            let arrived = destination.arrived[source.id] ?? RouteCounter()
            let acknowledged = destination.acknowledged[source.id]
            let unacknowledged = lag?.since.map { lastTick - $0 } ?? 0
            return SyncStatus.Route(
                source: source.id, destination: destination.id, acknowledged: acknowledged?.newest,
                lagRecords: lag?.records ?? 0, lagBytes: lag?.bytes ?? 0,
                lagSeconds: max(unacknowledged, source.secondsBehind(now: lastTick, unixTime: unixTime)),
                records: arrived.records, bytes: arrived.bytes, recordsPerSecond: arrived.recordRate.perSecond,
                bytesPerSecond: arrived.byteRate.perSecond, neededFile: acknowledged?.firstOpenFile)
        }
    }
}

extension ServerSync {
    fileprivate var status: SyncStatus.Link {
        var read = reader.progress
        if let cutAt { read.cut(at: cutAt) }
        return SyncStatus.Link(
            id: id, address: description.address, syncStatus: link.syncStatus, trouble: link.trouble,
            cutBinlog: lastCut, clockOffset: clock.offset, dataConnections: dataConnections.count,
            senderConnection: connections[.sender],
            heartbeatConnection: connections[.heartbeat], reconnects: link.reconnects, takeovers: link.takeovers,
            received: read.newest, source: statistics, recordsSent: delivery.recordsSent,
            bytesSent: delivery.bytesSent, bytesInFlight: delivery.bytesInFlight, refusals: refusals,
            sent: delivery.cursor.previous, acknowledged: delivery.acknowledged,
            firstOpenFile: min(reader.firstOpenFile, cutAt?.file ?? .max), kept: kept,
            receivedPerSecond: receivedRate.perSecond,
            sentPerSecond: deliveredRate.perSecond)
    }
}
