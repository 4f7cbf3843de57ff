/// Compares a source's clock with the hub's: the exec_time of records with the second of their receipt.
///
/// A record is received after it was written, so an exec_time in the future always tells of a clock that is ahead. That a
/// clock is behind can only be told by what a source sends as it writes it: of a backlog every record is old. Nothing is
/// decided by it but what an operator is told (`design/convergence.md`, "Causality beats clocks").
struct ClockWatch: Equatable, Sendable {
    /// What is not worth a word: a sleeping sender is up to a second late, and clocks that are kept in step differ by less.
    static let toleranceSeconds = 3

    /// Seconds by which the source's clock is ahead of the hub's; negative when it is behind, 0 within the tolerance.
    private(set) var offset = 0

    /// Newest records have arrived.
    ///
    /// - Parameters:
    ///   - isLive: the source had nothing else to send just before, so these are not old.
    /// - Returns: whether the offset is another one now, by more than the tolerance: found, gone, or stepped.
    mutating func note(execTime: UInt32, unixTime: UInt32, isLive: Bool) -> Bool {
        let difference = Int(execTime) - Int(unixTime)
        guard isLive || difference > Self.toleranceSeconds else { return false }
        let found = abs(difference) > Self.toleranceSeconds ? difference : 0
        guard abs(found - offset) > Self.toleranceSeconds || found == 0 && offset != 0 else { return false }
        offset = found
        return true
    }
}

extension SyncEngine {
    /// How fresh a source's word that it has sent everything has to be: it asks for more once a second.
    private static let liveSeconds = 1.5

    /// The newest exec_time of what has just been received from a source.
    mutating func watchClock(of index: Int, execTime: UInt32, now: Double) {
        let isLive =
            servers[index].isCaughtUp && (servers[index].caughtUpAt.map { now - $0 < Self.liveSeconds } ?? false)
        // After a pause of this process the second is an old one.
        guard unixTime > 0, now - lastTick < 1,
            servers[index].clock.note(execTime: execTime, unixTime: unixTime, isLive: isLive)
        else {
            return
        }
        let offset = servers[index].clock.offset
        guard offset != 0 else {
            return log(.info, "clock", servers[index].id, "has its clock in step with this hub's")
        }
        let id = servers[index].id
        log(
            .warning, "clock", id,
            "has a clock that is \(abs(offset)) s \(offset > 0 ? "ahead of" : "behind") this hub's. Of two writes that "
                + "race the later one by the clocks wins, and expiries count by the clock of the server that has the key"
        )
    }
}
