internal import Glibc
internal import Synchronization

/// The overflow on disk: `floyd-path/versions`, a RocksDB of its own that is removed with `close`. Pages of
/// generations, each under the number of its generation, u64, and its own, u32, both big endian, so that table files
/// hold generations that came one after the other, and go with them; unless the disk is slow, nothing is ever rewritten.
///
/// Nothing is logged. Flushes go through the page cache, from where reads are answered as long as the system has memory.
public final class OverflowDatabase: OverflowStorage {
    static let pageBytes = 4096
    /// Pages that are written at once.
    private static let batchPages = 64

    /// Nil once it is closed.
    private let database: Mutex<RocksDatabase?>
    private let path: String
    private let pages: ColumnFamily
    private let enqueue: Enqueue
    /// Of a removal, not told yet.
    private let failure = Mutex<StoreError?>(nil)

    /// Runs what it is given, soon and in another thread.
    public typealias Enqueue = @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - path: what lies there of an earlier process is removed.
    ///   - memoryBytes: what RocksDB may use for what is not in its files yet.
    public init(path: String, memoryBytes: Int, enqueue: @escaping Enqueue) throws(StoreError) {
        var options = RocksOptions()
        options.isTemporary = true
        options.writeBufferBytes = memoryBytes / 2
        // A page is a block by itself, and is not asked for twice in a while.
        options.blockCacheBytes = 0
        // Ten million keys take about sixty with the default memory.
        options.maxOpenFiles = 600
        let opened = try RocksDatabase(path: path, options: options)
        database = Mutex(opened)
        pages = opened.family()
        self.path = path
        self.enqueue = enqueue
    }

    /// Removes all of it from the disk, after what is being written. Nothing can be written or read afterwards.
    public func close() async {
        await withCheckedContinuation { continuation in
            enqueue { [self] in
                database.withLock { $0 = nil }
                continuation.resume()
            }
        }
    }

    /// Removes what a process has left that was killed.
    public static func remove(_ path: String) throws(StoreError) {
        // Another version of the hub may have left a file.
        if unlink(path) != 0 { try RocksDatabase.remove(path) }
    }

    private func opened() throws(StoreError) -> RocksDatabase {
        guard let database = database.withLock({ $0 }) else {
            throw .missing(during: "using \(path)", text: "it is closed")
        }
        return database
    }

    private typealias Key = (generation: UInt64, page: UInt32)

    private static func key(_ generation: UInt64, _ page: Int) -> Key {
        (generation.bigEndian, UInt32(clamping: page).bigEndian)
    }

    private static func bytes(of key: Key) -> [UInt8] { withUnsafeBytes(of: key) { Array($0.prefix(12)) } }

    public func write(_ bytes: UnsafeRawBufferPointer, of generation: UInt64) throws(StoreError) {
        let database = try opened()
        var batch = WriteBatch()
        for start in stride(from: 0, to: bytes.count, by: Self.pageBytes) {
            let page = bytes[start..<min(start + Self.pageBytes, bytes.count)]
            batch.put(
                Self.bytes(of: Self.key(generation, start / Self.pageBytes)),
                bytes: UnsafeRawBufferPointer(rebasing: page), in: pages)
            guard batch.count == Self.batchPages else { continue }
            try database.writeUnlogged(batch)
            batch.clear()
        }
        try database.writeUnlogged(batch)
    }

    public func writeSoon(_ generation: UInt64, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite {
        let write = OverflowWrite()
        enqueue { write.perform(on: self, of: generation, lend) }
        return write
    }

    public func read(
        _ bytes: UnsafeMutableRawBufferPointer, of generation: UInt64, at offset: Int
    ) throws(StoreError) {
        let database = try opened()
        var done = 0
        while done < bytes.count {
            let (page, start) = (offset + done).quotientAndRemainder(dividingBy: Self.pageBytes)
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
            let copied = try database.withValue(of: Self.bytes(of: Self.key(generation, page)), in: pages) { value in
                let count = min(rest.count, value.count - start)
                if count > 0 { rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: value[start..<start + count])) }
                return count
            }
            guard let copied, copied > 0 else {
                throw .corruption(
                    during: "reading \(path)", text: "page \(page) of generation \(generation) is missing")
            }
            done += copied
        }
    }

    /// In the other thread, since RocksDB syncs its list of files. What fails is thrown by the next call.
    public func remove(before first: UInt64) throws(StoreError) {
        if let failed = failure.withLock({ $0.take() }) { throw failed }
        enqueue { [self] in
            do throws(StoreError) {
                // What is in memory yet, or in one file with newer ones, goes later.
                try opened().deleteFiles(
                    from: Self.bytes(of: (0, 0)), to: Self.bytes(of: Self.key(first - 1, .max)), in: pages)
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }
}
