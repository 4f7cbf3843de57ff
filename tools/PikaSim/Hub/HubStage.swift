/// What a Pika knows of its hub: the stage machine, the window of files that are being sent, and which sender thread
/// has which file. A value: no socket, no file, no clock (`protocol/pika-2.3-hub.md`, section 1).
package struct HubStage {
    /// Spelled as INFO spells them. (A real one passes through a fourth, `STARTING`, which nobody outside sees.)
    package enum Stage: String, Sendable {
        case stopped = "STOPED"
        case degraded = "DEGRADE"
        case started = "STARTED"
    }

    package enum TryAnswer: Equatable {
        /// Nothing changed, although the answer is `+OK`.
        case ignored
        /// The senders start over; connections that are open, or will be within the next second, are to be closed.
        case accepted(closeConnections: Bool)
        case invalidOffset(closeConnections: Bool)
    }

    package static let senderCount = 10

    package private(set) var stage = Stage.stopped
    package private(set) var hubAddress = ""
    /// The hub's S+1000.
    package private(set) var hubPort = 0
    package private(set) var connectionCount = 0
    /// The oldest and the newest file that is being sent; the newest is one less than the oldest when none is.
    package private(set) var window: (left: Int64, right: Int64) = (0, -1)
    /// The file that each sender thread was given last. Only a new hub clears it.
    package private(set) var files: [Int: UInt32] = [:]
    private var askedFile: UInt32 = 0

    package init() {}

    /// INTERNALTRYSYNC. `newest` is the newest binlog file, `exists` tells of each whether it is there.
    package mutating func tryToSync(
        address: String, port: Int, file: UInt32, offset: UInt64, isLenient: Bool, newest: UInt32,
        exists: (UInt32) -> Bool
    ) -> TryAnswer {
        switch stage {
        // The offset of the accepted request was stored as 0, so any other differs.
        case .started where file == askedFile || offset == 0: return .ignored
        case .stopped, .degraded, .started: break
        }
        let closeConnections = stage == .degraded
        hubAddress = address
        hubPort = port + 1000
        askedFile = file
        if isLenient {
            askedFile = min(askedFile, newest)
            while askedFile < newest, !exists(askedFile) { askedFile += 1 }
        }
        guard askedFile <= newest, exists(askedFile) else {
            stage = .stopped
            return .invalidOffset(closeConnections: closeConnections)
        }
        window = (Int64(askedFile), Int64(askedFile) - 1)
        files = [:]
        stage = .degraded
        return .accepted(closeConnections: closeConnections)
    }

    /// A connection to P+1100; false when it is refused. `address` is the peer's, loopback already replaced by the
    /// server's own.
    package mutating func accept(from address: String) -> Bool {
        guard address == hubAddress, connectionCount < 2 else { return false }
        connectionCount += 1
        if connectionCount == 2 { stage = .started }
        return true
    }

    /// An accepted connection is gone. True when it was the last: the senders start over and will dial again.
    package mutating func connectionClosed() -> Bool {
        precondition(connectionCount > 0, "a hub connection closed, but none was open")
        connectionCount -= 1
        guard connectionCount == 0 else {
            stage = .degraded
            return false
        }
        stage = .stopped
        window = (0, -1)
        return true
    }

    /// A sender thread that has finished its file asks for the next; nil when it has to wait.
    package mutating func nextFile(for sender: Int, newest: UInt32) -> UInt32? {
        guard stage == .started, Int64(newest) > window.right else { return nil }
        if let file = files[sender] {
            guard Int64(file) == window.left else { return nil }
            window.left += 1
        }
        window.right += 1
        let next = UInt32(window.right)
        files[sender] = next
        return next
    }
}
