internal import CRocksDB

/// Several changes that become durable together or not at all. Reusable after `clear()`.
public struct WriteBatch: ~Copyable {
    let handle: OpaquePointer

    public init() {
        guard let handle = rocksdb_writebatch_create() else {
            preconditionFailure("rocksdb_writebatch_create: no memory")
        }
        self.handle = handle
    }

    deinit { rocksdb_writebatch_destroy(handle) }

    /// The number of changes in the batch.
    public var count: Int { Int(rocksdb_writebatch_count(handle)) }

    /// Bytes that the changes take in memory.
    public var byteCount: Int {
        var count = 0
        _ = rocksdb_writebatch_data(handle, &count)
        return count
    }

    public mutating func clear() { rocksdb_writebatch_clear(handle) }

    public mutating func put(_ key: [UInt8], _ value: [UInt8], in family: ColumnFamily) {
        value.withUnsafeBytes { put(key, bytes: $0, in: family) }
    }

    /// Copies `value` into the batch.
    public mutating func put(_ key: [UInt8], bytes value: UnsafeRawBufferPointer, in family: ColumnFamily) {
        key.withUnsafeBytes {
            rocksdb_writebatch_put_cf(handle, family.handle, $0.characters, $0.count, value.characters, value.count)
        }
    }

    /// The value is the parts, one after the other; saves joining them first.
    public mutating func put(_ key: [UInt8], parts: [UnsafeRawBufferPointer], in family: ColumnFamily) {
        key.withUnsafeBytes { keyBytes in
            let keyPointers: [UnsafePointer<CChar>?] = [keyBytes.characters]
            let valuePointers: [UnsafePointer<CChar>?] = parts.map { $0.characters }
            rocksdb_writebatch_putv_cf(
                handle, family.handle, 1, keyPointers, [keyBytes.count], Int32(parts.count), valuePointers,
                parts.map(\.count))
        }
    }

    public mutating func delete(_ key: [UInt8], in family: ColumnFamily) {
        key.withUnsafeBytes { rocksdb_writebatch_delete_cf(handle, family.handle, $0.characters, $0.count) }
    }

    /// Deletes from `first` up to, not including, `end`. Leaves a mark that slows reads down; for long ranges only.
    public mutating func deleteRange(_ first: [UInt8], _ end: [UInt8], in family: ColumnFamily) {
        first.withUnsafeBytes { first in
            end.withUnsafeBytes { end in
                rocksdb_writebatch_delete_range_cf(
                    handle, family.handle, first.characters, first.count, end.characters, end.count)
            }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// RocksDB's C interface takes `char *` for bytes.
    var characters: UnsafePointer<CChar>? { baseAddress?.assumingMemoryBound(to: CChar.self) }
}
