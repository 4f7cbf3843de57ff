public import HubStore

/// The Raft database as it stands on disk (`RocksLog.swift` gives the keys), for tools: opened without a lock and
/// without writing, and not judged.
public struct StoredLog {
    /// Nil before the hub's first start was complete.
    public let identity: HubIdentity?
    public let hardState: HardState
    /// What the log begins with.
    public let base: SnapshotMetadata
    /// A snapshot that the state machine may not have taken in yet.
    public let unrestored: Snapshot?
    private let database: RocksDatabase

    public init(path: String) throws(RaftStorageError) {
        do {
            var options = RocksOptions()
            options.readOnly = true
            let database = try RocksDatabase(path: path, options: options)
            func read(_ key: [UInt8]) throws(StoreError) -> ArraySlice<UInt8>? {
                try database.get(key, in: database.family())?[...]
            }
            identity = try read(RocksLog.Key.identity).map { try HubIdentity(decoding: $0) }
            hardState = try read(RocksLog.Key.hardState).map { try HardState(decoding: $0) } ?? HardState()
            base = try read(RocksLog.Key.base).map { try SnapshotMetadata(decoding: $0) } ?? SnapshotMetadata()
            unrestored = try read(RocksLog.Key.unrestored).map { try Snapshot(decoding: $0) }
            self.database = database
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .damaged(path: path, text: "\(error)")
        }
    }

    /// Hands every entry from `first` on to `body`, in the order of the keys, until it returns false: the index that
    /// the key says, and the entry, or why it cannot be read.
    public func forEachEntry(
        from first: LogIndex = .zero, _ body: (LogIndex, Result<Entry, FieldError>) -> Bool
    ) throws(RaftStorageError) {
        var iterator = database.iterator(from: RocksLog.key(first), to: RocksLog.Key.end, in: database.family())
        do throws(StoreError) {
            while let (key, value) = try iterator.next() {
                let index = key.dropFirst().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
                let entry = Result { () throws(FieldError) in try Entry(decoding: value[...]) }
                guard body(LogIndex(index), entry) else { return }
            }
        } catch {
            throw .store(error)
        }
    }
}
