internal import CRocksDB

/// How a database is opened. The defaults suit a small database whose every write matters (Raft, state).
public struct RocksOptions: Sendable {
    /// What opening does with a write-ahead log whose end or middle cannot be read (`notes/rocksdb.md`).
    public enum WALRecovery: Int32, Sendable {
        /// A torn end opens; damage before the end refuses. RocksDB's own default would open as if nothing were wrong.
        case tolerateCorruptedTail = 0
        /// Everything up to the first damage. Only for what can be fetched again, such as the relay log.
        case pointInTime = 2
    }

    public var walRecovery = WALRecovery.tolerateCorruptedTail
    /// Makes a missing database; otherwise a missing one is an error.
    public var createIfMissing = true
    /// Takes no lock and writes nothing; replays the write-ahead log in memory.
    public var readOnly = false
    /// What is at the path is removed before it is opened and after it is closed.
    public var isTemporary = false
    /// Bytes of one memtable.
    public var writeBufferBytes = 4 << 20
    /// Memtables in memory at once, the one that is written included.
    public var writeBufferCount: Int32 = 2
    /// Write-ahead log bytes beyond which memtables are flushed so that old files can go; 0 lets RocksDB choose.
    public var maxTotalWALBytes: UInt64 = 0
    /// Flushes go past the page cache, which costs a copy and, on fresh pages, more than that.
    public var directFlush = false
    /// Bytes of the cache for blocks read from table files; 0 for none.
    public var blockCacheBytes = 4 << 20
    /// Table files that are kept open. Reading another one costs as much as opening it.
    public var maxOpenFiles: Int32 = 256
    /// Threads for flushes and compactions.
    public var backgroundJobs: Int32 = 2

    public init() {}

    func makeHandle() -> OpaquePointer {
        guard let options = rocksdb_options_create() else { preconditionFailure("rocksdb_options_create: no memory") }
        rocksdb_options_set_create_if_missing(options, createIfMissing && !readOnly ? 1 : 0)
        rocksdb_options_set_create_missing_column_families(options, readOnly ? 0 : 1)
        rocksdb_options_set_wal_recovery_mode(options, walRecovery.rawValue)
        rocksdb_options_set_write_buffer_size(options, writeBufferBytes)
        rocksdb_options_set_max_write_buffer_number(options, writeBufferCount)
        rocksdb_options_set_max_total_wal_size(options, maxTotalWALBytes)
        rocksdb_options_set_use_direct_io_for_flush_and_compaction(options, directFlush ? 1 : 0)
        rocksdb_options_set_max_background_jobs(options, backgroundJobs)
        rocksdb_options_set_keep_log_file_num(options, 3)
        rocksdb_options_set_max_log_file_size(options, 1 << 20)
        rocksdb_options_set_compression(options, Int32(rocksdb_no_compression))
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_max_open_files(options, maxOpenFiles)

        let table = rocksdb_block_based_options_create()
        defer { rocksdb_block_based_options_destroy(table) }
        let cache = rocksdb_cache_create_lru(blockCacheBytes)
        defer { rocksdb_cache_destroy(cache) }
        if blockCacheBytes > 0 {
            rocksdb_block_based_options_set_block_cache(table, cache)
        } else {
            rocksdb_block_based_options_set_no_block_cache(table, 1)
        }
        rocksdb_options_set_block_based_table_factory(options, table)
        return options
    }
}
