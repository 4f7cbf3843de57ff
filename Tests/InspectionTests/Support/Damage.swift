import Foundation
import HubStore
import HubSync
import Testing

@testable import RaftLog

/// A fault put into a healthy directory.
struct Damage: CustomTestStringConvertible, Sendable {
    let name: String
    /// What the finding has to say.
    let finding: String
    let make: @Sendable (FloydPath) throws -> Void

    init(_ name: String, _ finding: String, _ make: @escaping @Sendable (FloydPath) throws -> Void) {
        (self.name, self.finding, self.make) = (name, finding, make)
    }

    var testDescription: String { name }

    static let files: [Damage] = [
        Damage("a flipped byte in Raft's write-ahead log", "damaged at offset") { try flip(newest(".log", $0.raft)) },
        Damage("a flipped byte in the last record of Raft's write-ahead log", "damaged at offset") {
            try flip(newest(".log", $0.raft), fromEnd: 3)
        },
        Damage("a flipped length in Raft's write-ahead log", "damaged at offset") {
            try flip(newest(".log", $0.raft), at: 5)
        },
        Damage("a flipped byte in the relay's write-ahead log", "damaged at offset") {
            try flip(newest(".log", $0.relay))
        },
        Damage("a flipped byte in a table file", "checksum mismatch") { try flip(newest(".sst", $0.state), at: 20) },
        Damage("a missing table file", "No such file") { try remove(newest(".sst", $0.state)) },
        Damage("a missing write-ahead log", "write-ahead log is missing") {
            try remove(newest(".log", $0.state))
        },
        Damage("a missing manifest", "MANIFEST") { directory in
            let names = try FileManager.default.contentsOfDirectory(atPath: directory.raft)
            for name in names where name.hasPrefix("MANIFEST") { try remove("\(directory.raft)/\(name)") }
        },
        Damage("a missing CURRENT", "CURRENT is missing") { try remove($0.state + "/CURRENT") },
        Damage("a broken CURRENT", "raft") { try write("nonsense", $0.raft + "/CURRENT") },
        Damage("a missing database", "relay is missing") { try remove($0.relay) },
        Damage("an emptied Raft database", "the log is empty") { directory in
            try remove(directory.raft)
            try FileManager.default.createDirectory(atPath: directory.raft, withIntermediateDirectories: false)
        },
        Damage("a truncated Raft log", "acknowledged entries are lost") { directory in
            let file = try FileHandle(forWritingTo: URL(filePath: newest(".log", directory.raft)))
            try file.truncate(atOffset: 300)
            try file.close()
        },
        Damage("a foreign file", "foreign") { try write("mine", $0.path + "/notes.txt") },
        Damage("a foreign file in a database", "foreign") { try write("mine", $0.raft + "/core.4711") },
        Damage("a newer layout", "layout version 2") { try write("pika_hub floyd-path 2\n", $0.path + "/FORMAT") },
        Damage("a broken FORMAT", "FORMAT is damaged") { try write("\u{0}\u{0}\u{0}", $0.path + "/FORMAT") },
        Damage("a missing FORMAT", "not a floyd-path") { try remove($0.path + "/FORMAT") },
    ]

    static let contents: [Damage] = [
        Damage("a gap in the entries", "entries 4 to 4 are missing") { directory in
            try change(directory.raft) { $0.delete(RocksLog.key(LogIndex(4)), in: $1) }
        },
        Damage("a term that goes backwards", "of term 1, after one of term") { directory in
            let last = try LogIndex(lastIndex(directory))
            try putEntry(Entry(index: last.next, term: Term(9), payload: .empty), directory)
            try putEntry(Entry(index: last.next.next, term: Term(1), payload: .empty), directory)
        },
        Damage("a term that was never voted in", "but its log in term 99") { directory in
            try putEntry(Entry(index: LogIndex(lastIndex(directory)).next, term: Term(99), payload: .empty), directory)
        },
        Damage("an entry in another's place", "says that it is 3") { directory in
            let entry = Entry(index: LogIndex(3), term: Term(1), payload: .empty)
            try putEntry(entry, at: LogIndex(4), directory)
        },
        Damage("an entry that cannot be read", "entry 4 cannot be read") { directory in
            try change(directory.raft) { $0.put(RocksLog.key(LogIndex(4)), [0xFF], in: $1) }
        },
        Damage("a command of a newer version", "by a newer hub") { directory in
            let newer = Array(#"{"version":99,"dance":{}}"#.utf8)
            try putEntry(Entry(index: LogIndex(4), term: Term(1), payload: .command(newer)), directory)
        },
        Damage("a command that is none", "malformed log entry") { directory in
            try putEntry(Entry(index: LogIndex(4), term: Term(1), payload: .command([1, 2, 3])), directory)
        },
        Damage("a commit beyond the log", "committed 1000") { directory in
            try put(RocksLog.Key.hardState, directory) {
                HardState(term: Term(50), commit: LogIndex(1000)).encode(to: &$0)
            }
        },
        Damage("an unreadable vote", "raft") { directory in
            try change(directory.raft) { $0.put(RocksLog.Key.hardState, [0x0F], in: $1) }
        },
        Damage("an index near the end of numbers", "raft") { directory in
            try put(RocksLog.Key.base, directory) {
                SnapshotMetadata(index: LogIndex(.max), term: Term(1)).encode(to: &$0)
            }
        },
        Damage("no identity", "no identity") { directory in
            try change(directory.raft) { $0.delete(RocksLog.Key.identity, in: $1) }
        },
        Damage("an unreadable snapshot", "snapshot of 0 cannot be read") { directory in
            let snapshot = Snapshot(metadata: SnapshotMetadata(), data: [1])
            try put(RocksLog.Key.unrestored, directory) { snapshot.encode(to: &$0) }
        },
        Damage("a state beyond the log", "applied 500, but the log ends") { try putApplied(500, $0) },
        Damage("a state without its index", "without its index") { directory in
            try change(directory.state) { $0.delete(Array("applied".utf8), in: $1) }
        },
        Damage("an unreadable state", "malformed snapshot of the state") { directory in
            try change(directory.state) { $0.put(Array("state".utf8), Array("{".utf8), in: $1) }
        },
        Damage("a newer state", "by a newer hub") { directory in
            try change(directory.state) { $0.put(Array("state".utf8), Array(#"{"version":99}"#.utf8), in: $1) }
        },
        Damage("a state that the log doesn't make", "differs from what the log's entries") { directory in
            guard var saved = try StateStore(path: directory.state, readOnly: true).load() else { return }
            saved.state.setAcknowledged(source: ServerID(1), destination: ServerID(3), file: 9, offset: 9)
            try StateStore(path: directory.state).save(saved, sync: true)
        },
        Damage("a gap in the relay log", "chunks 2 to 2 are missing") { directory in
            try change(directory.relay, families: RelayStore.families) { $0.delete(key(2), in: $1) }
        },
        Damage("a relay chunk without a header", "chunk 2 is damaged") { directory in
            try change(directory.relay, families: RelayStore.families) { $0.put(key(2), [9, 9, 9], in: $1) }
        },
        Damage("a relay chunk that ends inside a command", "chunk 2 is damaged") { directory in
            let chunk = SimulatedHub.chunk(ChunkSequence(2), value: 10)
            try change(directory.relay, families: RelayStore.families) {
                $0.put(key(2), chunk.header + chunk.commands.dropLast(5), in: $1)
            }
        },
        Damage("a destination ahead of the relay log", "has acknowledged chunk 9999") { directory in
            var relay = try RelayStore(path: directory.relay)
            try relay.write([], cursors: [ServerID(2): .init(acknowledged: ChunkSequence(9999), run: "")])
        },
    ]

    // MARK: Tools

    private static func newest(_ suffix: String, _ path: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(suffix) }
        guard let name = names.max() else { throw CocoaError(.fileNoSuchFile) }
        return "\(path)/\(name)"
    }

    /// Flips a bit in the middle, or at a place.
    private static func flip(_ path: String, at place: Int? = nil, fromEnd: Int? = nil) throws {
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes[place ?? fromEnd.map { bytes.count - $0 } ?? bytes.count / 2] ^= 0x10
        try bytes.write(to: URL(filePath: path))
    }

    private static func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: path) }

    private static func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    private static func key(_ sequence: UInt64) -> [UInt8] { withUnsafeBytes(of: sequence.bigEndian, Array.init) }

    private static func lastIndex(_ directory: FloydPath) throws -> UInt64 {
        try RocksLog(path: directory.raft).lastIndex.rawValue
    }

    private static func change(
        _ path: String, families: [String] = [], _ body: (inout WriteBatch, ColumnFamily) -> Void
    ) throws {
        let database = try RocksDatabase(path: path, families: families)
        var batch = WriteBatch()
        body(&batch, database.family())
        try database.write(batch, sync: true)
    }

    private static func put(
        _ key: [UInt8], _ directory: FloydPath, _ encode: (inout FieldWriter) -> Void
    ) throws {
        var writer = FieldWriter()
        encode(&writer)
        try change(directory.raft) { $0.put(key, writer.bytes, in: $1) }
    }

    private static func putEntry(_ entry: Entry, at index: LogIndex? = nil, _ directory: FloydPath) throws {
        try put(RocksLog.key(index ?? entry.index), directory) { entry.encode(to: &$0) }
    }

    private static func putApplied(_ index: UInt64, _ directory: FloydPath) throws {
        try change(directory.state) { $0.put(Array("applied".utf8), key(index), in: $1) }
    }
}
