internal import CRocksDB

/// One RocksDB database: the only code that calls `rocksdb_*` is this folder.
///
/// Unchecked Sendable because a RocksDB handle may be used from any number of threads at once; the object holds
/// nothing else that changes after `init`.
public final class RocksDatabase: @unchecked Sendable {
    let handle: OpaquePointer
    private let families: [String: ColumnFamily]
    private let unsynced: OpaquePointer
    private let unlogged: OpaquePointer
    private let synced: OpaquePointer
    private let reading: OpaquePointer
    public let path: String
    private let isTemporary: Bool

    /// Opens (and makes, unless `options.readOnly`) the database at `path`.
    ///
    /// - Parameter families: the column families besides `default`; missing ones are made.
    /// - Throws: `StoreError`; `.corruption` when a write-ahead log is damaged before its end (`WALRecovery`).
    public init(path: String, families names: [String] = [], options: RocksOptions = RocksOptions()) throws(StoreError)
    {
        isTemporary = options.isTemporary
        if isTemporary { try Self.remove(path) }
        let all = ["default"] + names
        let raw = options.makeHandle()
        defer { rocksdb_options_destroy(raw) }
        var failure: UnsafeMutablePointer<CChar>?
        var familyHandles = [OpaquePointer?](repeating: nil, count: all.count)
        let familyOptions = [OpaquePointer?](repeating: raw, count: all.count)
        let opened = withCStrings(all) { names in
            options.readOnly
                ? rocksdb_open_for_read_only_column_families(
                    raw, path, Int32(all.count), names, familyOptions, &familyHandles, 0, &failure)
                : rocksdb_open_column_families(
                    raw, path, Int32(all.count), names, familyOptions, &familyHandles, &failure)
        }
        try check(&failure, during: "opening \(path)")
        guard let opened else {
            throw .refused(during: "opening \(path)", text: "no handle and no error")
        }
        handle = opened
        self.path = path
        var families: [String: ColumnFamily] = [:]
        for (name, family) in zip(all, familyHandles) {
            guard let family else {
                throw .refused(during: "opening \(path)", text: "no handle for the column family \(name)")
            }
            families[name] = ColumnFamily(name: name, handle: family)
        }
        self.families = families
        unsynced = rocksdb_writeoptions_create()
        unlogged = rocksdb_writeoptions_create()
        rocksdb_writeoptions_disable_WAL(unlogged, 1)
        synced = rocksdb_writeoptions_create()
        rocksdb_writeoptions_set_sync(synced, 1)
        reading = rocksdb_readoptions_create()
    }

    deinit {
        for family in families.values { rocksdb_column_family_handle_destroy(family.handle) }
        rocksdb_readoptions_destroy(reading)
        rocksdb_writeoptions_destroy(synced)
        rocksdb_writeoptions_destroy(unsynced)
        rocksdb_writeoptions_destroy(unlogged)
        rocksdb_close(handle)
        guard isTemporary else { return }
        do throws(StoreError) { try Self.remove(path) } catch {
            // Whoever opens it next removes it, and says so when that cannot be done.
        }
    }

    /// Removes a database that no process has open. None at the path is no error.
    public static func remove(_ path: String) throws(StoreError) {
        let options = rocksdb_options_create()
        defer { rocksdb_options_destroy(options) }
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_destroy_db(options, path, &failure)
        try check(&failure, during: "removing \(path)")
    }

    /// A column family that was named when opening.
    public func family(_ name: String = "default") -> ColumnFamily {
        guard let family = families[name] else { preconditionFailure("\(path) has no column family \(name)") }
        return family
    }

    /// - Parameter sync: return only when the batch has reached the disk itself. Without it the batch survives the
    ///   end of this process, not a loss of power.
    public func write(_ batch: borrowing WriteBatch, sync: Bool) throws(StoreError) {
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_write(handle, sync ? synced : unsynced, batch.handle, &failure)
        try check(&failure, during: "writing to \(path)")
    }

    /// Past the write-ahead log: the batch does not survive the end of this process until it has been flushed. Nothing
    /// may be logged after it before that, or it could be missing in front of what is there.
    public func writeUnlogged(_ batch: borrowing WriteBatch) throws(StoreError) {
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_write(handle, unlogged, batch.handle, &failure)
        try check(&failure, during: "writing to \(path)")
    }

    public func get(_ key: [UInt8], in family: ColumnFamily) throws(StoreError) -> [UInt8]? {
        try withValue(of: key, in: family) { Array($0) }
    }

    /// Hands the value of a key to `body`; nil when there is none. The bytes are valid only inside `body`.
    public func withValue<Result>(
        of key: [UInt8], in family: ColumnFamily, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(StoreError) -> Result? {
        var failure: UnsafeMutablePointer<CChar>?
        let pinned = key.withUnsafeBytes {
            rocksdb_get_pinned_cf(handle, reading, family.handle, $0.characters, $0.count, &failure)
        }
        defer { rocksdb_pinnableslice_destroy(pinned) }
        try check(&failure, during: "reading \(path)")
        guard let pinned else { return nil }
        var length = 0
        let start = rocksdb_pinnableslice_value(pinned, &length)
        return body(UnsafeRawBufferPointer(start: start, count: length))
    }

    /// Writes what is in memory into table files, and waits for it.
    public func flush(_ family: ColumnFamily) throws(StoreError) {
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, 1)
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_flush_cf(handle, options, family.handle, &failure)
        try check(&failure, during: "flushing \(path)")
    }

    /// Frees the table files that lie wholly between two keys. What they held may, but need not, be gone.
    public func deleteFiles(from first: [UInt8], to last: [UInt8], in family: ColumnFamily) throws(StoreError) {
        var failure: UnsafeMutablePointer<CChar>?
        first.withUnsafeBytes { first in
            last.withUnsafeBytes { last in
                rocksdb_delete_file_in_range_cf(
                    handle, family.handle, first.characters, first.count, last.characters, last.count, &failure)
            }
        }
        try check(&failure, during: "deleting files of \(path)")
    }

    /// A consistent copy of the database by hard links. `target` must not exist.
    public func checkpoint(to target: String) throws(StoreError) {
        var failure: UnsafeMutablePointer<CChar>?
        let checkpoint = rocksdb_checkpoint_object_create(handle, &failure)
        try check(&failure, during: "preparing a checkpoint of \(path)")
        defer { rocksdb_checkpoint_object_destroy(checkpoint) }
        rocksdb_checkpoint_create(checkpoint, target, 0, &failure)
        try check(&failure, during: "writing a checkpoint of \(path) to \(target)")
    }

    /// A figure that RocksDB keeps, such as `rocksdb.total-sst-files-size`; nil when it has none of that name.
    public func figure(_ name: String, in family: ColumnFamily) -> UInt64? {
        var value: UInt64 = 0
        return rocksdb_property_int_cf(handle, family.handle, name, &value) == 0 ? value : nil
    }

    /// The greatest key; nil when there is none.
    public func lastKey(in family: ColumnFamily) throws(StoreError) -> [UInt8]? {
        let iterator = rocksdb_create_iterator_cf(handle, reading, family.handle)
        defer { rocksdb_iter_destroy(iterator) }
        rocksdb_iter_seek_to_last(iterator)
        var failure: UnsafeMutablePointer<CChar>?
        rocksdb_iter_get_error(iterator, &failure)
        try check(&failure, during: "reading \(path)")
        guard rocksdb_iter_valid(iterator) != 0 else { return nil }
        var length = 0
        let key = rocksdb_iter_key(iterator, &length)
        return Array(UnsafeRawBufferPointer(start: key, count: length))
    }

    /// Reads every pair of every column family, which compares every block of the table files with its checksum.
    public func verify() throws(StoreError) {
        for family in families.values {
            var iterator = iterator(from: [], to: nil, in: family)
            while try iterator.next({ _, _ in }) != nil {}
        }
    }

    /// The pairs from `first` up to, not including, `end`, in key order.
    public func iterator(from first: [UInt8], to end: [UInt8]?, in family: ColumnFamily) -> RocksIterator {
        RocksIterator(database: self, family: family, first: first, end: end)
    }
}

/// A part of a database with its own keys, sharing the write-ahead log with the others.
/// Unchecked Sendable for the same reason as the database, which outlives it.
public struct ColumnFamily: @unchecked Sendable {
    public let name: String
    let handle: OpaquePointer
}

/// Throws what RocksDB reported, and frees its text.
func check(_ failure: inout UnsafeMutablePointer<CChar>?, during: String) throws(StoreError) {
    guard let text = failure else { return }
    failure = nil
    defer { rocksdb_free(text) }
    throw StoreError(rocksDB: String(cString: text), during: during)
}

private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> Result
) -> Result {
    let bytes = strings.map { Array($0.utf8CString) }
    func descend(_ rest: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?]) -> Result {
        guard let next = rest.first else { return body(pointers) }
        return next.withUnsafeBufferPointer { descend(rest.dropFirst(), pointers + [$0.baseAddress]) }
    }
    return descend(bytes[...], [])
}
