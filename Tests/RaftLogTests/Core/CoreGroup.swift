import HubStore

@testable import RaftLog

/// A log in memory, for one core.
final class MemoryLog: LogStorage {
    var hardState = HardState()
    var base: SnapshotMetadata
    var stored: [Entry] = []

    init(_ membership: Membership, entries: [Entry] = [], hardState: HardState = HardState()) {
        base = SnapshotMetadata(membership: membership)
        stored = entries
        self.hardState = hardState
    }

    var lastIndex: LogIndex { base.index.advanced(by: stored.count) }

    func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        let place = base.index.distance(to: index) - 1
        return stored.indices.contains(place) ? stored[place].term : nil
    }

    func entries(from first: LogIndex, through last: LogIndex, maximumCost: Int) throws(StoreError) -> [Entry] {
        Array(stored[(base.index.distance(to: first) - 1)..<base.index.distance(to: last)])
    }

    var memberships: [(index: LogIndex, membership: Membership)] {
        stored.compactMap { if case .membership(let membership) = $0.payload { ($0.index, membership) } else { nil } }
    }

    func persist(_ ready: Ready) {
        if let snapshot = ready.snapshot {
            base = snapshot.metadata
            stored = []
        }
        if let first = ready.entries.first {
            stored.removeSubrange((base.index.distance(to: first.index) - 1)...)
            stored += ready.entries
        }
        hardState = ready.hardState
    }
}

/// Cores that talk over a wire that the test holds in its hand.
final class CoreGroup {
    var cores: [HubID: RaftCore] = [:]
    var disks: [HubID: MemoryLog] = [:]
    /// Sent and not delivered.
    var wire: [Message] = []
    var reads: [ReadToken] = []

    static func membership(_ ids: ClosedRange<UInt64>) -> Membership {
        Membership(
            ids.map {
                Member(id: HubID($0), address: Address(host: "hub", port: Int($0)), incarnation: Incarnation($0))
            })
    }

    /// - Parameter adjust: changes a core's settings before it is made.
    init(_ ids: ClosedRange<UInt64>, adjust: (inout CoreConfiguration) -> Void = { _ in }) {
        for id in ids { add(HubID(id), MemoryLog(Self.membership(ids)), adjust: adjust) }
    }

    func add(_ id: HubID, _ disk: MemoryLog, adjust: (inout CoreConfiguration) -> Void = { _ in }) {
        var configuration = CoreConfiguration(
            hub: id, group: GroupID(1), incarnation: Incarnation(id.rawValue), seed: id.rawValue)
        adjust(&configuration)
        disks[id] = disk
        cores[id] = RaftCore(configuration: configuration, storage: disk, applied: disk.base.index)
    }

    subscript(_ id: UInt64) -> RaftCore {
        get {
            guard let core = cores[HubID(id)] else { preconditionFailure("no core \(id)") }
            return core
        }
        set { cores[HubID(id)] = newValue }
    }

    /// Does what the core wants, and puts its messages on the wire.
    func work(_ id: UInt64) throws {
        while let ready = try self[id].ready() {
            wire += ready.messages
            disks[HubID(id)]?.persist(ready)
            self[id].didPersist(ready)
            wire += ready.messagesAfterPersisting
            if let last = ready.committed.last { self[id].didApply(through: last.index) }
            reads += ready.reads
            if ready.wantsSnapshot { self[id].offerSnapshot([UInt8](repeating: 7, count: 100)) }
        }
    }

    /// Delivers until nothing is on the wire; what `isLost` names is not delivered.
    func settle(losing isLost: (Message) -> Bool = { _ in false }) throws {
        for id in cores.keys.sorted() { try work(id.rawValue) }
        while !wire.isEmpty {
            let messages = wire
            wire = []
            for message in messages where !isLost(message) { cores[message.to]?.step(message) }
            for id in cores.keys.sorted() { try work(id.rawValue) }
        }
    }

    func message(_ from: UInt64, to: UInt64, term: Term, _ body: Message.Body) -> Message {
        Message(
            group: GroupID(1), from: HubID(from), incarnation: Incarnation(from), to: HubID(to), term: term, body: body)
    }

    /// Makes a hub a candidate as a leader that hands over does, which nobody's promise can hold up.
    func elect(_ id: UInt64, losing isLost: (Message) -> Bool = { _ in false }) throws {
        self[id].step(message(id == 1 ? 2 : 1, to: id, term: self[id].term, .timeoutNow))
        try settle(losing: isLost)
    }

    func tick(_ id: UInt64, _ count: UInt64) { for _ in 0..<count { self[id].tick() } }

    static func command(_ index: UInt64, term: UInt64) -> Entry {
        Entry(index: LogIndex(index), term: Term(term), payload: .command([UInt8(index), UInt8(term)]))
    }
}
