/// What a sender thread sees of the rest of the server.
package protocol SenderWorld: AnyObject {
    /// The file to read next; nil when the thread has to wait.
    func nextFile(for sender: Int) -> UInt32?
    func exists(file: UInt32) -> Bool
    var binlogEnd: BinlogEnd { get }
    func read(_ reader: inout BinlogReader, sender: Int) -> BinlogReader.Step
}

/// One of Pika's ten sender threads as a value: it is resumed by an event and answers with the one thing that it then
/// waits for. It keeps the original's order of checks, on which the traps of section 1 rest: a reset is seen only
/// between two records, a thread that idles keeps its old connection until it has a record to send, a lost connection
/// is noticed by a failed write only, and nothing that a write has accepted is ever repeated.
package struct SenderThread {
    package enum Status: String, Sendable {
        case unstarted = "UNSTARTED"
        case working = "WORKING"
        case waiting = "WAITING"
        case endOfFile = "ENDOFFILE"
    }

    package enum Event {
        /// The first event, and the end of every sleep.
        case wake
        case connected
        case connectFailed
        case sent
        case sendFailed
    }

    package enum Action: Equatable {
        /// Wait for one poll interval in status WAITING, else for one wait interval; close the connection first where told.
        case sleep(closing: Bool)
        /// Close what is open and dial the current hub.
        case connect
        case send(Bytes)
        /// The thread ends for good and closes its connection: its file does not exist. No hub can start it again.
        case end
        /// The file holds something else than a record; the original's whole process dies here.
        case crash
    }

    private enum Point {
        case top
        case connecting
        case parsing
        case sending
        case ended
    }

    /// Records are gathered up to this many bytes for one write; the original writes each alone.
    private static let batchBytes = 64 * 1024

    package let index: Int
    package private(set) var status = Status.unstarted
    private var point = Point.top
    private var mustReset = true
    private var mustReconnect = false
    private var isDoomed = false
    private var reader = BinlogReader(file: 0)
    /// Read, but not yet sent.
    private var held: Bytes?
    private var sawEndOfFile = false
    private var ahead: BinlogReader.Step?

    package init(index: Int) { self.index = index }

    package var hasEnded: Bool { if case .ended = point { true } else { false } }

    /// A new hub was accepted, or (`reconnecting`) the old one is gone.
    package mutating func reset(reconnecting: Bool) {
        mustReset = true
        if reconnecting { mustReconnect = true }
    }

    package mutating func resume(_ event: Event, in world: some SenderWorld) -> Action {
        switch (point, event) {
        case (.top, .wake), (.connecting, .connectFailed): return startOver(in: world)
        case (.connecting, .connected):
            mustReconnect = false
            return sendLoop(in: world)
        case (.parsing, .wake): return sendLoop(in: world, isParsing: true)
        case (.sending, .sent):
            held = nil
            return sendLoop(in: world)
        case (.sending, .sendFailed): return startOver(in: world)
        case (.ended, _): return .end
        default: preconditionFailure("sender thread \(index) at \(point) was resumed with \(event)")
        }
    }

    private mutating func startOver(in world: some SenderWorld) -> Action {
        point = .top
        if mustReset {
            switch openNextFile(in: world) {
            case .wait:
                status = .unstarted
                return .sleep(closing: true)
            case .missing: isDoomed = true
            case .opened:
                status = .working
                held = nil
            }
            mustReset = false
        }
        point = .connecting
        return .connect
    }

    private enum Opened {
        case wait
        case missing
        case opened
    }

    private mutating func openNextFile(in world: some SenderWorld) -> Opened {
        guard let file = world.nextFile(for: index) else { return .wait }
        guard world.exists(file: file) else { return .missing }
        reader = BinlogReader(file: file)
        ahead = nil
        return .opened
    }

    private mutating func sendLoop(in world: some SenderWorld, isParsing: Bool = false) -> Action {
        if !isParsing {
            if mustReset { return startOver(in: world) }
            sawEndOfFile = false
        }
        let records: Bytes
        if let held {
            records = held
        } else if isDoomed {
            point = .ended
            return .end
        } else {
            switch parse(in: world) {
            case .records(let bytes): records = bytes
            case .sleep:
                point = .parsing
                return .sleep(closing: false)
            case .ending(let action):
                point = .ended
                return action
            }
        }
        held = records
        if mustReconnect { return startOver(in: world) }
        point = .sending
        return .send(records)
    }

    private enum Parsed {
        case records(Bytes)
        case sleep
        case ending(Action)
    }

    private mutating func parse(in world: some SenderWorld) -> Parsed {
        while true {
            var item: Bytes?
            if BinlogEnd(file: reader.file, offset: reader.offset) != world.binlogEnd || ahead != nil {
                status = .working
                switch ahead ?? world.read(&reader, sender: index) {
                case .item(let bytes):
                    item = bytes
                    sawEndOfFile = false
                case .endOfFile: sawEndOfFile = true
                case .garbage: return .ending(.crash)
                }
                ahead = nil
            } else if !mustReset, !sawEndOfFile {
                status = .waiting
                return .sleep
            }
            if mustReset || sawEndOfFile {
                status = .endOfFile
                switch openNextFile(in: world) {
                case .wait: return .sleep
                case .missing: return .ending(.end)
                case .opened:
                    mustReset = false
                    status = .working
                }
            } else if let item, BinlogRecord.isForHub(item: item) {
                return .records(gathered(after: item, in: world))
            }
        }
    }

    /// `first` and the records that follow it in the file. What ends the run is kept for the next look.
    private mutating func gathered(after first: Bytes, in world: some SenderWorld) -> Bytes {
        var records = first
        while records.count < Self.batchBytes,
            BinlogEnd(file: reader.file, offset: reader.offset) != world.binlogEnd
        {
            let step = world.read(&reader, sender: index)
            guard case .item(let item) = step else {
                ahead = step
                break
            }
            if BinlogRecord.isForHub(item: item) { records += item }
        }
        return records
    }
}
