/// What can go wrong with a database under `floyd-path`. RocksDB reports errors as text; `init(rocksDB:during:)` is
/// the one place that reads it. The raw text is kept in each case.
public enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes on disk are not what was written. Nothing of the database may be trusted.
    case corruption(during: String, text: String)
    /// The file system has no room left.
    case noSpace(during: String, text: String)
    /// Another process holds the database.
    case locked(during: String, text: String)
    /// The path holds no database, and none was to be made.
    case missing(during: String, text: String)
    /// Any other failure of the file system.
    case inputOutput(during: String, text: String)
    /// RocksDB refused for another reason.
    case refused(during: String, text: String)

    init(rocksDB text: String, during: String) {
        if text.hasPrefix("Corruption: ") {
            self = .corruption(during: during, text: text)
        } else if text.contains("No space left on device") {
            self = .noSpace(during: during, text: text)
        } else if text.hasPrefix("IO error: ") && (text.contains("lock ") || text.contains("LOCK: ")) {
            self = .locked(during: during, text: text)
        } else if text.contains("does not exist") || text.contains("No such file or directory") {
            self = .missing(during: during, text: text)
        } else if text.hasPrefix("IO error: ") {
            self = .inputOutput(during: during, text: text)
        } else {
            self = .refused(during: during, text: text)
        }
    }

    public var description: String {
        switch self {
        case .corruption(let during, let text): "corrupted database while \(during): \(text)"
        case .noSpace(let during, let text): "no space left on the disk while \(during): \(text)"
        case .locked(let during, let text): "database is in use by another process while \(during): \(text)"
        case .missing(let during, let text): "no database there while \(during): \(text)"
        case .inputOutput(let during, let text): "file system error while \(during): \(text)"
        case .refused(let during, let text): "RocksDB refused while \(during): \(text)"
        }
    }
}
