import Foundation
import HubStore
import HubSync
import Testing

@testable import RaftLog

/// Writes a floyd-path as a hub does, in steps that a seed chooses, and copies it as a crash would leave it.
final class SimulatedHub {
    static let own = HubID(0xA1)
    static let password = "geheim"

    let directory: FloydPath
    private let lock: LockFile
    private let log: RocksLog
    private let store: StateStore
    private var relay: RelayStore
    private var saved = StateStore.Saved(state: HubState(), appliedIndex: 0)
    private var commit = LogIndex.zero
    private var term = Term(1)
    private var random: SplitMix
    /// Bytes of the newest write-ahead logs that a loss of power leaves alone.
    private var syncedBytes: [String: Int] = [:]
    private var offset: UInt64 = 100

    init(path: String, seed: UInt64) throws {
        (directory, lock) = try FloydPath.open(path)
        log = try RocksLog(path: directory.raft)
        store = try StateStore(path: directory.state)
        relay = try RelayStore(path: directory.relay)
        random = SplitMix(seed: seed)
        let identity = HubIdentity(hub: Self.own, group: GroupID(7), incarnation: Incarnation(9))
        try log.initialise(identity, membership: Self.membership)
        try relay.own("a1 1")
        noteSynced()
        try propose(Self.firstCommands)
        try apply()
    }

    private static let membership = Membership([
        Member(id: own, address: Address(host: "127.0.0.1", port: 9211)),
        Member(id: HubID(0xB2), address: Address(host: "127.0.0.1", port: 9212)),
    ])

    private static let firstCommands: [HubCommand] = [
        .announcePrimary(hub: own, term: 1, adminAddress: Address(host: "127.0.0.1", port: 6868)),
        .addHub(hub: member(own, 9211)), .addHub(hub: member(HubID(0xB2), 9212)),
        .seed(servers: [server(1), server(2)]), .addServer(server: server(3)),
        .transfer(server: ServerID(3), to: Address(host: "127.0.0.1", port: 9230), password: password),
        .copy(
            existing: ServerID(1), new: ServerID(4), to: Address(host: "127.0.0.1", port: 9240), password: password,
            read: nil),
    ]

    private static func member(_ id: HubID, _ port: Int) -> HubMember {
        HubMember(
            id: id, raftAddress: Address(host: "127.0.0.1", port: port),
            adminAddress: Address(host: "127.0.0.1", port: port - 1000))
    }

    private static func server(_ id: UInt32) -> ServerDescription {
        ServerDescription(
            id: ServerID(id), address: Address(host: "127.0.0.1", port: 9220 + Int(id)), password: password)
    }

    /// A log that is not cut, with a few terms; the newest entries in the state, which has a table file; four chunks.
    func writeForDamage() throws {
        for _ in 0..<5 {
            try propose([advance(), advance()])
            try applyAll()
            try beginTerm()
        }
        try applyAll()
        try store.flush()
        try propose([advance()])
        try applyAll()
        for number in 1...4 as ClosedRange<UInt64> { try relayChunk(Self.chunk(ChunkSequence(number), value: 500)) }
    }

    private func applyAll() throws {
        while commit < log.lastIndex { try apply() }
    }

    private func relayChunk(_ chunk: RelayChunk) throws {
        try relay.write(
            [.init(sequence: chunk.sequence, header: chunk.header, commands: chunk.commands)],
            received: [chunk.source: chunk.progress])
    }

    func steps(_ count: Int) throws { for _ in 0..<count { try step() } }

    private func step() throws {
        switch random.next() % 12 {
        case 0...3: try propose((0...random.next() % 4).map { _ in advance() })
        case 4...6: try apply()
        case 7: try beginTerm()
        case 8: try compact()
        case 9: if random.next() % 8 == 0 { try installSnapshot() }
        default: try relayChunks()
        }
    }

    // MARK: Raft

    func advance() -> HubCommand {
        offset += random.next() % 1000
        return .advance(
            progress: Advance(
                term: saved.state.primary?.term ?? 0, generations: saved.state.servers.mapValues(\.generation),
                acknowledged: [ServerID(1): [ServerID(2): BinlogProgress(marks: [0: .init(offset: offset, index: 0)])]],
                suspects: [Suspect(key: Array("key".utf8), winner: ServerID(1), differing: [ServerID(2)])]))
    }

    func propose(_ commands: [HubCommand]) throws {
        var payloads: [Entry.Payload] = commands.map { .command($0.encoded()) }
        if random.next() % 4 == 0 { payloads.append(.empty) }
        try append(payloads, behind: log.lastIndex)
    }

    private func append(_ payloads: [Entry.Payload], behind last: LogIndex) throws {
        var index = last
        let entries = payloads.map { payload in
            index = index.next
            return Entry(index: index, term: term, payload: payload)
        }
        var ready = Ready(
            hardState: HardState(term: term, vote: Self.own, commit: log.hardState.commit), mustSync: true,
            hardStateChanged: true)
        ready.entries = entries
        try log.persist(ready)
        noteSynced()
    }

    /// What was committed is written down, unsynced, and taken into the state.
    private func apply() throws {
        let span = log.lastIndex.rawValue - commit.rawValue
        commit = LogIndex(commit.rawValue + (span == 0 ? 0 : random.next() % (span + 1)))
        try log.persist(
            Ready(
                hardState: HardState(term: term, vote: Self.own, commit: commit), mustSync: false,
                hardStateChanged: true))
        guard commit.rawValue > saved.appliedIndex else { return }
        let from = LogIndex(max(saved.appliedIndex, log.base.index.rawValue)).next
        for entry in from <= commit ? try log.entries(from: from, through: commit, maximumCost: .max) : [] {
            guard case .command(let bytes) = entry.payload else { continue }
            _ = try saved.state.apply(entry: bytes)
            saved.appliedIndex = entry.index.rawValue
        }
        try store.save(saved, sync: false)
    }

    /// A new leader overwrites what was not committed.
    private func beginTerm() throws {
        term = term.next
        try append([.empty], behind: commit)
    }

    private func compact() throws {
        try store.flush()
        let point = LogIndex(saved.appliedIndex)
        guard point.rawValue > log.base.index.rawValue + 10, let term = log.term(at: point) else { return }
        try log.compact(to: SnapshotMetadata(index: point, term: term, membership: Self.membership))
    }

    private func installSnapshot() throws {
        let index = LogIndex(log.lastIndex.rawValue + 5)
        let metadata = SnapshotMetadata(index: index, term: term, membership: Self.membership)
        commit = index
        var ready = Ready(
            hardState: HardState(term: term, vote: Self.own, commit: commit), mustSync: true, hardStateChanged: true)
        ready.snapshot = Snapshot(metadata: metadata, data: saved.state.encoded())
        try log.persist(ready)
        noteSynced()
        saved.appliedIndex = index.rawValue
        try store.save(saved, sync: true)
        noteSynced()
        try log.didRestore()
    }

    // MARK: Relay

    private func relayChunks() throws {
        let items = (0...random.next() % 5).map { number in
            let chunk = Self.chunk(ChunkSequence(relay.next.rawValue + number), value: Int(random.next() % 70_000))
            return RelayStore.Item(sequence: chunk.sequence, header: chunk.header, commands: chunk.commands)
        }
        let last = relay.next.rawValue + UInt64(items.count) - 1
        let drop = random.next() % 3 == 0 ? ChunkSequence(last - 1) : nil
        try relay.write(
            items, received: [ServerID(1): BinlogProgress(firstOpenFile: 1)],
            cursors: [ServerID(2): .init(acknowledged: ChunkSequence(last), run: "run")],
            suspects: [.init(key: Array("key".utf8), type: 1): ServerID(1)], dropThrough: drop)
    }

    static func chunk(_ sequence: ChunkSequence, value: Int) -> RelayChunk {
        let commands = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$\(value)\r\n" + String(repeating: "v", count: value) + "\r\n"
        return RelayChunk(
            sequence: sequence, source: ServerID(1), audience: .others, progress: BinlogProgress(firstOpenFile: 1),
            recordCount: 1, execTime: 1_700_000_000, commands: Array(commands.utf8))
    }

    // MARK: Crashes

    private func noteSynced() {
        for part in [directory.raft, directory.state] {
            if let (name, bytes) = Self.newestLog(part) { syncedBytes[part + "/" + name] = bytes }
        }
    }

    /// Copies the directory as the end of this process would leave it now; with `losingPower`, without some of what
    /// was not synced.
    func crash(to target: String, losingPower: Bool) throws {
        // RocksDB's threads may remove and make files meanwhile, which no crash does.
        var attempts = 1
        while !Self.copy(directory.path, to: target) {
            if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
            attempts += 1
            try #require(attempts < 20, "\(directory.path) cannot be copied")
        }
        guard losingPower else { return }
        for part in ["raft", "state", "relay"] {
            guard let (name, bytes) = Self.newestLog("\(target)/\(part)") else { continue }
            let kept = syncedBytes["\(directory.path)/\(part)/\(name)"] ?? 0
            let size = kept + Int(random.next() % UInt64(bytes - kept + 1))
            let file = try FileHandle(forWritingTo: URL(filePath: "\(target)/\(part)/\(name)"))
            try file.truncate(atOffset: UInt64(size))
            try file.close()
        }
    }

    /// False when files came or went while they were copied.
    private static func copy(_ path: String, to target: String) -> Bool {
        do {
            let before = try sizes(path)
            try FileManager.default.copyItem(atPath: path, toPath: target)
            return try sizes(path) == before && sizes(target) == before
        } catch {
            return false
        }
    }

    private static func newestLog(_ path: String) -> (name: String, bytes: Int)? {
        do {
            let sizes = try sizes(path).filter { $0.key.hasSuffix(".log") }
            return sizes.max { $0.key < $1.key }.map { ($0.key, $0.value) }
        } catch {
            return nil
        }
    }

    /// The bytes of every file below `path`.
    static func sizes(_ path: String) throws -> [String: Int] {
        var result: [String: Int] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            if attributes[.type] as? FileAttributeType == .typeRegular { result[name] = attributes[.size] as? Int }
        }
        return result
    }
}

/// A directory of its own, removed at the end.
func withTemporaryDirectory(_ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "inspect-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path) } }
    try body(path)
}
