internal import Glibc

/// A file without a name: whatever ends the process, its space is free again. It is never synced, so what is not needed
/// for long does not reach the disk at all.
///
/// Not RocksDB: these versions need no order, no log and no compaction.
public final class OverflowFile: OverflowStorage {
    private let file: Int32
    private let path: String
    private let enqueue: Enqueue

    /// Runs what it is given, soon and in another thread.
    public typealias Enqueue = @Sendable (_ work: @escaping @Sendable () -> Void) -> Void

    /// - Parameter path: where the file lies. It has this name for a moment.
    public convenience init(path: String, enqueue: @escaping Enqueue) throws(FileError) {
        try self.init(
            descriptor: open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600), path: path,
            enqueue: enqueue)
        guard unlink(path) == 0 else { throw FileError(path: path) }
    }

    /// - Parameter descriptor: what `open` has answered just now.
    init(descriptor: Int32, path: String, enqueue: @escaping Enqueue) throws(FileError) {
        guard descriptor >= 0 else { throw FileError(path: path) }
        file = descriptor
        self.path = path
        self.enqueue = enqueue
    }

    deinit { close(file) }

    public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(file, bytes.baseAddress?.advanced(by: done), bytes.count - done, offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError(path: path) }
            done += count
        }
    }

    public func writeSoon(at offset: Int, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite {
        let write = OverflowWrite()
        enqueue { write.perform(on: self, at: offset, lend) }
        return write
    }

    public func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let count = pread(file, bytes.baseAddress?.advanced(by: done), bytes.count - done, offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError(path: path) }
            guard count > 0 else { throw FileError(path: path, code: EIO) }
            done += count
        }
    }

    public func truncate(to size: Int) throws(FileError) {
        guard ftruncate(file, size) == 0 else { throw FileError(path: path) }
    }
}
