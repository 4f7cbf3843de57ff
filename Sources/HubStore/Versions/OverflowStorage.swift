internal import Synchronization

/// Where versions go for which memory has no room (`VersionTable`): bytes that are written, read again at other places,
/// and not needed by the next process. What is read is what was written there last.
public protocol OverflowStorage: Sendable {
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError)

    /// Writes what `lend` gives, soon and in another thread.
    func writeSoon(at offset: Int, _ lend: @escaping OverflowWrite.Lend) -> OverflowWrite

    /// Fills `bytes`.
    func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError)

    /// What lies at `size` and beyond is not needed any more.
    func truncate(to size: Int) throws(FileError)
}

/// A write that takes place in another thread.
public final class OverflowWrite: Sendable {
    /// Lends bytes to what it is given, for the length of the call.
    public typealias Lend = @Sendable (_ use: (UnsafeRawBufferPointer) -> Void) -> Void

    public enum Outcome: Equatable, Sendable {
        case written
        case failed(FileError)
    }

    private let state = Mutex<Outcome?>(nil)

    public init() {}

    /// Nil while it goes on.
    public var outcome: Outcome? { state.withLock { $0 } }

    /// Carries it out. To be called once.
    public func perform(on storage: some OverflowStorage, at offset: Int, _ lend: Lend) {
        lend { bytes in
            do throws(FileError) {
                try storage.write(bytes, at: offset)
                state.withLock { $0 = .written }
            } catch {
                state.withLock { $0 = .failed(error) }
            }
        }
    }
}
