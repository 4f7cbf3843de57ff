internal import Synchronization

/// Where versions go for which memory has no room (`VersionTable`): generations of one size, with numbers from 1 that
/// only grow, which are written once, read in parts, and not needed by the next process.
public protocol OverflowStorage: Sendable {
    func write(_ bytes: UnsafeRawBufferPointer, of generation: UInt64) throws(StoreError)

    /// Writes what `lend` gives, soon and in another thread.
    func writeSoon(_ generation: UInt64, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite

    /// Fills `bytes` with what lies at `offset` of a generation.
    func read(_ bytes: UnsafeMutableRawBufferPointer, of generation: UInt64, at offset: Int) throws(StoreError)

    /// Generations before `first` are not needed any more.
    func remove(before first: UInt64) throws(StoreError)
}

/// A write that takes place in another thread.
public final class OverflowWrite: Sendable {
    /// Lends bytes to what it is given, for the length of the call.
    public typealias Lend = @Sendable (_ use: (UnsafeRawBufferPointer) -> Void) -> Void

    public enum Outcome: Equatable, Sendable {
        case written
        case failed(StoreError)
    }

    private let state = Mutex<Outcome?>(nil)

    public init() {}

    /// Nil while it goes on.
    public var outcome: Outcome? { state.withLock { $0 } }

    /// Carries it out. To be called once.
    public func perform(on storage: some OverflowStorage, of generation: UInt64, _ lend: Lend) {
        lend { bytes in
            do throws(StoreError) {
                try storage.write(bytes, of: generation)
                state.withLock { $0 = .written }
            } catch {
                state.withLock { $0 = .failed(error) }
            }
        }
    }
}
