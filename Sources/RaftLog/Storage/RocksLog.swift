public import HubStore

// The Raft database, `floyd-path/raft`. Keys of its one column family:
//
//     01                 Identity     who this hub is
//     02                 HardState
//     03                 Metadata     what the log begins with
//     04                 Snapshot     1 metadata  2 data: installed here, but perhaps not in the state machine yet
//     10 + index (8 bytes, big endian)  Entry
//
// Valid when the entries follow the metadata's index without a gap and their terms never fall. Values are made of the
// fields in Entry+Encoding.swift. Everything that one Ready asks for is one synced batch, so term, vote and entries
// can never be on disk out of order (openraft, io ordering).

/// Why the log on disk cannot be used.
public enum RaftStorageError: Error, Sendable, CustomStringConvertible {
    /// RocksDB's own complaint. After a failed write nothing more may be written: what an earlier sync has lost, the
    /// next one would hide (cockroach #37102).
    case store(StoreError)
    /// What is there is not what was written.
    case damaged(path: String, text: String)

    public var description: String {
        switch self {
        case .store(.corruption(let during, let text)):
            "the log of this hub is damaged (\(during): \(text)). It may have lost a vote or an acknowledged entry, "
                + "so this hub must not go on with it: REMOVE it on another hub, empty its floyd-path, and ADD it again"
        case .store(let error): error.description
        case .damaged(let path, let text):
            "the log of this hub in \(path) is damaged: \(text). It may have lost a vote or an acknowledged entry, "
                + "so this hub must not go on with it: REMOVE it on another hub, empty its floyd-path, and ADD it again"
        }
    }
}

/// The log on disk. Used by one thread at a time.
public final class RocksLog: LogStorage {
    let database: RocksDatabase
    private let family: ColumnFamily
    private var batch = WriteBatch()

    /// Nil until `initialise`.
    public private(set) var identity: HubIdentity?
    public private(set) var hardState = HardState()
    public private(set) var base = SnapshotMetadata()
    public private(set) var memberships: [(index: LogIndex, membership: Membership)] = []
    /// A snapshot that the state machine may not have taken in.
    public private(set) var unrestored: Snapshot?
    /// The terms of `base.index + 1 ... lastIndex`.
    private var terms: [Term] = []
    private var recent = RecentEntries()

    /// Opens, or makes, the database at `path`, and checks everything in it.
    public init(path: String) throws(RaftStorageError) {
        do throws(StoreError) { database = try RocksDatabase(path: path) } catch { throw .store(error) }
        family = database.family()
        try load()
    }

    // MARK: Reading

    public var lastIndex: LogIndex { base.index.advanced(by: terms.count) }

    public func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        guard index > base.index, index <= lastIndex else { return nil }
        return terms[base.index.distance(to: index) - 1]
    }

    public func entries(
        from first: LogIndex, through last: LogIndex, maximumCost: Int
    ) throws(StoreError) -> [Entry] {
        if let entries = recent.entries(from: first, through: last, maximumCost: maximumCost) { return entries }
        var entries: [Entry] = []
        var cost = 0
        var iterator = database.iterator(from: Self.key(first), to: Self.key(last.next), in: family)
        while let pair = try iterator.next() {
            let entry: Entry
            do throws(FieldError) { entry = try Entry(decoding: pair.value[...]) } catch {
                throw .corruption(during: "reading entry \(first.advanced(by: entries.count))", text: "\(error)")
            }
            cost += entry.cost
            if cost > maximumCost && !entries.isEmpty { break }
            entries.append(entry)
        }
        guard entries.first?.index == first, entries.last?.index == first.advanced(by: entries.count - 1) else {
            throw .corruption(during: "reading entries \(first)–\(last)", text: "found \(entries.count)")
        }
        return entries
    }

    private func load() throws(RaftStorageError) {
        do {
            if let bytes = try database.get(Key.identity, in: family) {
                identity = try HubIdentity(decoding: bytes[...])
            }
            if let bytes = try database.get(Key.hardState, in: family) {
                hardState = try HardState(decoding: bytes[...])
            }
            if let bytes = try database.get(Key.base, in: family) {
                base = try SnapshotMetadata(decoding: bytes[...])
            }
            if let bytes = try database.get(Key.unrestored, in: family) {
                unrestored = try Snapshot(decoding: bytes[...])
            }
            var iterator = database.iterator(from: Self.key(base.index.next), to: Key.end, in: family)
            while let pair = try iterator.next() {
                let entry = try Entry(decoding: pair.value[...])
                guard entry.index == lastIndex.next, pair.key == Self.key(entry.index),
                    entry.term >= terms.last ?? base.term
                else {
                    throw RaftStorageError.damaged(
                        path: database.path, text: "entry \(entry.index) of term \(entry.term) after \(lastIndex)")
                }
                terms.append(entry.term)
                recent.append(entry)
                if case .membership(let membership) = entry.payload { memberships.append((entry.index, membership)) }
            }
        } catch let error as StoreError {
            throw .store(error)
        } catch let error as RaftStorageError {
            throw error
        } catch {
            throw .damaged(path: database.path, text: "\(error)")
        }
        guard hardState.commit <= lastIndex else {
            throw .damaged(path: database.path, text: "committed \(hardState.commit), but the log ends at \(lastIndex)")
        }
    }

    // MARK: Writing

    /// Gives an empty database its identity and the membership that its log begins with.
    public func initialise(_ identity: HubIdentity, membership: Membership) throws(RaftStorageError) {
        precondition(self.identity == nil && terms.isEmpty, "\(database.path) has an identity already")
        batch.clear()
        base = SnapshotMetadata(membership: membership)
        batch.put(Key.identity, Self.encoded(identity.encode), in: family)
        batch.put(Key.base, Self.encoded(base.encode), in: family)
        try write(sync: true)
        self.identity = identity
    }

    /// Writes what a Ready asks for: one batch, synced when anything but the commit index is new.
    package func persist(_ ready: Ready) throws(RaftStorageError) {
        guard ready.mustSync || ready.hardStateChanged else { return }
        batch.clear()
        if let snapshot = ready.snapshot { replaceLog(with: snapshot) }
        append(ready.entries)
        if ready.hardStateChanged {
            batch.put(Key.hardState, Self.encoded(ready.hardState.encode), in: family)
            hardState = ready.hardState
        }
        try write(sync: ready.mustSync)
    }

    private func append(_ entries: [Entry]) {
        guard let first = entries.first else { return }
        precondition(first.index > base.index && first.index <= lastIndex.next, "\(first.index) after \(lastIndex)")
        let last = entries[entries.count - 1].index
        for index in stride(from: last.next, through: lastIndex, by: 1) { batch.delete(Self.key(index), in: family) }
        terms.removeSubrange((base.index.distance(to: first.index) - 1)...)
        memberships.removeAll { $0.index >= first.index }
        recent.truncate(from: first.index)
        for entry in entries {
            precondition(entry.index == lastIndex.next && entry.term >= terms.last ?? base.term, "\(entry.index)")
            batch.put(Self.key(entry.index), Self.encoded(entry.encode), in: family)
            terms.append(entry.term)
            recent.append(entry)
            if case .membership(let membership) = entry.payload { memberships.append((entry.index, membership)) }
        }
    }

    /// The snapshot's data stays here until the state machine has it for good (`didRestore`).
    private func replaceLog(with snapshot: Snapshot) {
        for index in stride(from: base.index.next, through: lastIndex, by: 1) {
            batch.delete(Self.key(index), in: family)
        }
        base = snapshot.metadata
        terms = []
        memberships = []
        recent = RecentEntries()
        unrestored = snapshot
        batch.put(Key.base, Self.encoded(base.encode), in: family)
        batch.put(Key.unrestored, Self.encoded(snapshot.encode), in: family)
    }

    /// The state machine holds the installed snapshot for good. Lost in a crash, this only makes it restore again.
    public func didRestore() throws(RaftStorageError) {
        batch.clear()
        batch.delete(Key.unrestored, in: family)
        try write(sync: false)
        unrestored = nil
    }

    /// Cuts the log off up to `base`, whose state the state machine has on disk for good. Lost in a crash, this only
    /// leaves the log longer.
    public func compact(to base: SnapshotMetadata) throws(RaftStorageError) {
        precondition(base.index > self.base.index && base.index <= lastIndex && term(at: base.index) == base.term)
        batch.clear()
        for index in stride(from: self.base.index.next, through: base.index, by: 1) {
            batch.delete(Self.key(index), in: family)
        }
        batch.put(Key.base, Self.encoded(base.encode), in: family)
        terms.removeFirst(self.base.index.distance(to: base.index))
        memberships.removeAll { $0.index <= base.index }
        recent.compact(through: base.index)
        self.base = base
        try write(sync: false)
    }

    /// Ends the log at its last entry and goes on from there as `identity`, in a group of `membership`. A rescue: all
    /// that the log holds counts as committed from then on, whether a majority had it or not.
    ///
    /// The state machine has its state as of the last entry on disk for good.
    public func beginAnew(as identity: HubIdentity, membership: Membership) throws(RaftStorageError) {
        let last = SnapshotMetadata(index: lastIndex, term: term(at: lastIndex) ?? base.term, membership: membership)
        batch.clear()
        for index in stride(from: base.index.next, through: lastIndex, by: 1) {
            batch.delete(Self.key(index), in: family)
        }
        hardState.commit = last.index
        batch.put(Key.identity, Self.encoded(identity.encode), in: family)
        batch.put(Key.hardState, Self.encoded(hardState.encode), in: family)
        batch.put(Key.base, Self.encoded(last.encode), in: family)
        batch.delete(Key.unrestored, in: family)
        try write(sync: true)
        self.identity = identity
        base = last
        terms = []
        memberships = []
        recent = RecentEntries()
        unrestored = nil
    }

    private func write(sync: Bool) throws(RaftStorageError) {
        do throws(StoreError) { try database.write(batch, sync: sync) } catch { throw .store(error) }
    }

    enum Key {
        static let identity: [UInt8] = [0x01]
        static let hardState: [UInt8] = [0x02]
        static let base: [UInt8] = [0x03]
        static let unrestored: [UInt8] = [0x04]
        /// Behind the last entry.
        static let end: [UInt8] = [0x11]
    }

    static func key(_ index: LogIndex) -> [UInt8] {
        [0x10] + withUnsafeBytes(of: index.rawValue.bigEndian) { Array($0) }
    }

    private static func encoded(_ encode: (inout FieldWriter) -> Void) -> [UInt8] {
        var writer = FieldWriter()
        encode(&writer)
        return writer.bytes
    }
}

extension Snapshot {
    func encode(to writer: inout FieldWriter) {
        writer.put(1) { metadata.encode(to: &$0) }
        writer.put(2, data)
    }

    init(decoding bytes: ArraySlice<UInt8>) throws(FieldError) {
        var reader = FieldReader(bytes)
        var metadata = SnapshotMetadata()
        var data: [UInt8] = []
        while let (field, value) = try reader.next() {
            switch field {
            case 1: metadata = try SnapshotMetadata(decoding: value.bytes)
            case 2: data = value.array
            default: break
            }
        }
        self.init(metadata: metadata, data: data)
    }
}
