// floyd-path/state/, a RocksDB database. Column family `default`:
//
// | key | value |
// |---|---|
// | `applied` | 8 bytes, big endian: index of the last log entry that the state contains |
// | `state` | `HubState.encoded()`: JSON |
//
// Valid: both, written in one batch, or neither (a new hub). An index without the state that belongs to it would
// apply entries twice or not at all (`notes/raft.md`, bug 18).

/// The replicated state on disk, together with the index of the last entry that it contains.
public struct StateStore: Sendable {
    /// The state and the index of the last log entry that it contains.
    public struct Saved: Hashable, Sendable {
        public var state: HubState
        public var appliedIndex: UInt64

        public init(state: HubState, appliedIndex: UInt64) {
            self.state = state
            self.appliedIndex = appliedIndex
        }
    }

    private static let appliedKey = Array("applied".utf8)
    private static let stateKey = Array("state".utf8)

    private let database: RocksDatabase

    /// - Parameter path: `FloydPath.state`.
    public init(path: String, readOnly: Bool = false) throws(StoreError) {
        var options = RocksOptions()
        options.readOnly = readOnly
        database = try RocksDatabase(path: path, options: options)
    }

    /// Nil when nothing was saved yet.
    public func load() throws(StateStoreError) -> Saved? {
        let applied: [UInt8]?
        let bytes: [UInt8]?
        do {
            applied = try database.get(Self.appliedKey, in: database.family())
            bytes = try database.get(Self.stateKey, in: database.family())
        } catch {
            throw .store(error)
        }
        guard applied != nil || bytes != nil else { return nil }
        guard let applied, let bytes, applied.count == 8 else {
            throw .incomplete(path: database.path)
        }
        do {
            return Saved(
                state: try HubState(snapshot: bytes), appliedIndex: applied.reduce(0) { $0 << 8 | UInt64($1) })
        } catch {
            throw .format(error)
        }
    }

    /// Writes both in one batch. Unsynced it survives the end of the process; after a loss of power the log still
    /// holds the entries, as long as `flush` comes before the log is cut.
    public func save(_ saved: Saved, sync: Bool) throws(StoreError) {
        var batch = WriteBatch()
        let applied = withUnsafeBytes(of: saved.appliedIndex.bigEndian, Array.init)
        batch.put(Self.appliedKey, applied, in: database.family())
        batch.put(Self.stateKey, saved.state.encoded(), in: database.family())
        try database.write(batch, sync: sync)
    }

    /// Returns when everything saved so far lies in table files. To be called before the log is cut behind it.
    public func flush() throws(StoreError) { try database.flush(database.family()) }
}

public enum StateStoreError: Error, Equatable, Sendable, CustomStringConvertible {
    case store(StoreError)
    case format(StateFormatError)
    /// One of the two keys is missing or has another size.
    case incomplete(path: String)

    public var description: String {
        switch self {
        case .store(let error): error.description
        case .format(let error): error.description
        case .incomplete(let path): "\(path) holds a state without its index, or the other way round"
        }
    }
}
