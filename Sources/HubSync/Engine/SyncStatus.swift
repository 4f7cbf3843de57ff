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
        /// The newest file of its binlog that a purge may take; nil while it has too few.
        public var purgeableFile: UInt32?
        public var firstOpenFile: UInt32
    }

    /// What goes from one server to another.
    public struct Route: Sendable {
        public var source: ServerID
        public var destination: ServerID
        public var acknowledged: BinlogPosition?
        /// Records in the relay log that the destination has not acknowledged.
        public var lagRecords: Int
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
    public var forgottenVersions: UInt64
    public var suspects: Int
    public var repaired: UInt64
    public var unrepaired: UInt64
}

extension SyncEngine {
    public var status: SyncStatus {
        SyncStatus(
            links: servers.map(\.status), routes: servers.flatMap { routes(of: $0) }, counters: counters,
            relayBytes: window.keptBytes, relayMaximumBytes: settings.relayMaximumBytes, isRelayFull: isBlocked,
            heldConnections: held.count,
            nextChunk: window.next, versions: versions.count, versionBytes: versions.memoryBytes,
            forgottenVersions: versions.forgottenUnsettled, suspects: repairs.count, repaired: repairs.repaired,
            unrepaired: repairs.unrepaired)
    }

    private func routes(of source: ServerSync) -> [SyncStatus.Route] {
        servers.filter { $0.id != source.id }.map { destination in
            SyncStatus.Route(
                source: source.id, destination: destination.id,
                acknowledged: destination.acknowledged[source.id]?.newest,
                lagRecords: window.records(of: source.id, after: destination.delivery.acknowledged))
        }
    }
}

extension ServerSync {
    fileprivate var status: SyncStatus.Link {
        SyncStatus.Link(
            id: id, address: description.address, syncStatus: link.syncStatus, trouble: link.trouble,
            dataConnections: dataConnections.count, senderConnection: connections[.sender],
            heartbeatConnection: connections[.heartbeat], reconnects: link.reconnects, takeovers: link.takeovers,
            received: reader.progress.newest, source: statistics, recordsSent: delivery.recordsSent,
            bytesSent: delivery.bytesSent, bytesInFlight: delivery.bytesInFlight, refusals: refusals,
            sent: delivery.cursor.previous, acknowledged: delivery.acknowledged,
            purgeableFile: link.report.purgeableFile, firstOpenFile: reader.firstOpenFile)
    }
}
