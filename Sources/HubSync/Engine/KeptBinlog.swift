/// How much of its binlog a source keeps, as it said last (`INFO log`; `protocol/pika-2.3-hub.md`, section 4).
///
/// A Pika purges by number: with file n it begins, file n - `fileCount` goes. It also purges files older than
/// `expire-logs-days`, which cannot be seen from here.
public struct KeptBinlog: Equatable, Sendable {
    /// The file that is being written.
    public var newestFile: UInt32
    /// `expire_logs_nums`.
    public var fileCount: UInt32

    /// Files that were begun after `file`.
    public func filesAhead(of file: UInt32) -> Int { max(0, Int(newestFile) - Int(file)) }

    /// How many more files the source may begin before `file` goes; 0: it may be gone.
    public func filesUntilPurge(of file: UInt32) -> Int { max(0, Int(fileCount) - filesAhead(of: file)) }

    /// Whether an operator should do something for `file` not to be lost: a fifth of the kept files is left, or two.
    public func isNearPurge(_ file: UInt32) -> Bool { filesUntilPurge(of: file) <= max(2, Int(fileCount) / 5) }
}
