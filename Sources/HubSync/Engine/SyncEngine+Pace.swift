internal import HubStore

/// A source does not run far ahead of all its destinations: what none of them can take yet would only be written to the
/// disk, and cost more there than its delivery.
extension SyncEngine {
    /// Bytes of the relay log that the fastest destination may have to be sent when a source is read on.
    static let aheadBytes = 2 << 20

    /// Whether a source is to wait for its fastest destination. A destination that has been away, and reads from the
    /// disk, is waited for by nobody.
    func runsAhead(_ index: Int) -> Bool {
        var least: Int?
        for other in servers.indices where other != index && servers[other].link.isRunning {
            guard let bytes = window.bytes(from: servers[other].delivery.cursor) else { continue }
            least = min(least ?? bytes, bytes)
        }
        return least.map { $0 > Self.aheadBytes } ?? false
    }

    /// Whether what a source sends is read as it arrives, but for records that wait for others.
    func isReading(_ index: Int) -> Bool {
        !isBlocked && !isStopping && !servers[index].isPaced && !servers[index].isCutPending
    }

    /// Lets those be read on that do not run ahead any more.
    mutating func resumePaced() {
        var isDue = false
        for index in servers.indices where servers[index].isPaced && !runsAhead(index) {
            servers[index].isPaced = false
            isDue = true
        }
        if isDue { resumeHeld() }
    }
}
