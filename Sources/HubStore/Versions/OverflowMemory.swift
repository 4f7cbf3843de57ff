internal import Synchronization

/// `OverflowStorage` for simulations and tests.
public final class OverflowMemory: OverflowStorage {
    private let generations = Mutex<[UInt64: [UInt8]]>([:])
    /// Bytes that fit, like those of a disk.
    private let limit: Int

    public init(limit: Int = .max) { self.limit = limit }

    public var size: Int { generations.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    public func write(_ bytes: UnsafeRawBufferPointer, of generation: UInt64) throws(StoreError) {
        guard size + bytes.count <= limit else { throw .noSpace(during: "writing to memory", text: "\(limit) bytes") }
        let copy = Array(bytes)
        generations.withLock { $0[generation] = copy }
    }

    /// At once: a simulation has one thread.
    public func writeSoon(_ generation: UInt64, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite {
        let write = OverflowWrite()
        write.perform(on: self, of: generation, lend)
        return write
    }

    public func read(
        _ target: UnsafeMutableRawBufferPointer, of generation: UInt64, at offset: Int
    ) throws(StoreError) {
        let bytes = generations.withLock { $0[generation] } ?? []
        guard offset + target.count <= bytes.count else {
            throw .corruption(during: "reading memory", text: "no generation \(generation)")
        }
        target.copyBytes(from: bytes[offset..<offset + target.count])
    }

    public func remove(before first: UInt64) {
        generations.withLock { generations in generations = generations.filter { $0.key >= first } }
    }
}
