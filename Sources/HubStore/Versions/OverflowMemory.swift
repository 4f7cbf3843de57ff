internal import Glibc
internal import Synchronization

/// `OverflowStorage` for simulations and tests.
public final class OverflowMemory: OverflowStorage {
    private let bytes = Mutex<[UInt8]>([])
    /// Bytes that fit, like those of a disk.
    private let limit: Int

    public init(limit: Int = .max) { self.limit = limit }

    public var size: Int { bytes.withLock(\.count) }

    public func write(_ new: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
        guard offset + new.count <= limit else { throw FileError(path: "memory", code: ENOSPC) }
        bytes.withLock { bytes in
            let missing = offset + new.count - bytes.count
            if missing > 0 { bytes.append(contentsOf: repeatElement(0, count: missing)) }
            bytes.replaceSubrange(offset..<offset + new.count, with: new)
        }
    }

    /// At once: a simulation has one thread.
    public func writeSoon(at offset: Int, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite {
        let write = OverflowWrite()
        write.perform(on: self, at: offset, lend)
        return write
    }

    public func read(_ target: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
        let isThere = bytes.withLock { bytes in
            guard offset + target.count <= bytes.count else { return false }
            target.copyBytes(from: bytes[offset..<offset + target.count])
            return true
        }
        guard isThere else { throw FileError(path: "memory", code: EIO) }
    }

    public func truncate(to size: Int) throws(FileError) {
        bytes.withLock { $0.removeLast(max(0, $0.count - size)) }
    }
}
