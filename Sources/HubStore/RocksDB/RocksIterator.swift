internal import CRocksDB

/// Walks over pairs in key order. An end of the walk can mean an error, so `next` throws instead of ending.
public struct RocksIterator: ~Copyable {
    private let database: RocksDatabase
    private let options: OpaquePointer
    private let handle: OpaquePointer
    /// RocksDB keeps a pointer to the bound, so its bytes have to stay where they are.
    private let bound: UnsafeMutablePointer<CChar>?
    private var started = false

    init(database: RocksDatabase, family: ColumnFamily, first: [UInt8], end: [UInt8]?) {
        self.database = database
        options = rocksdb_readoptions_create()
        if let end {
            let bytes = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, end.count))
            for (index, byte) in end.enumerated() { bytes[index] = CChar(bitPattern: byte) }
            rocksdb_readoptions_set_iterate_upper_bound(options, bytes, end.count)
            bound = bytes
        } else {
            bound = nil
        }
        handle = rocksdb_create_iterator_cf(database.handle, options, family.handle)
        first.withUnsafeBytes { rocksdb_iter_seek(handle, $0.characters, $0.count) }
    }

    deinit {
        rocksdb_iter_destroy(handle)
        rocksdb_readoptions_destroy(options)
        bound?.deallocate()
    }

    /// Hands the next pair to `body`; nil at the end. The bytes are valid only inside `body`.
    public mutating func next<Result>(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Result
    ) throws(StoreError) -> Result? {
        if started { rocksdb_iter_next(handle) }
        started = true
        guard rocksdb_iter_valid(handle) != 0 else {
            var failure: UnsafeMutablePointer<CChar>?
            rocksdb_iter_get_error(handle, &failure)
            try check(&failure, during: "reading \(database.path)")
            started = false
            return nil
        }
        var keyLength = 0
        var valueLength = 0
        let key = rocksdb_iter_key(handle, &keyLength)
        let value = rocksdb_iter_value(handle, &valueLength)
        return body(
            UnsafeRawBufferPointer(start: key, count: keyLength),
            UnsafeRawBufferPointer(start: value, count: valueLength))
    }

    /// The next pair as arrays; nil at the end.
    public mutating func next() throws(StoreError) -> (key: [UInt8], value: [UInt8])? {
        try next { (Array($0), Array($1)) }
    }
}
