internal import Glibc

/// Small files that have to be whole or not there at all, whenever power fails.
public enum DurableFile {
    /// Replaces the file at `path`, mode 0600, through `path.new` beside it; both file and directory are synced.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw FileError(path: temporary) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
            let error = FileError(path: temporary)
            close(file)
            throw error
        }
        close(file)
        guard rename(temporary, path) == 0 else { throw FileError(path: path) }
        let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let handle = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { throw FileError(path: directory) }
        defer { close(handle) }
        guard fsync(handle) == 0 else { throw FileError(path: directory) }
    }

    // Linux's O_DIRECT and O_TMPFILE, which Swift does not see.
    #if arch(arm64)
    private static let direct: Int32 = 0o200000
    #else
    private static let direct: Int32 = 0o40000
    #endif
    private static let unnamed = 0o20000000 | O_DIRECTORY

    /// Whether the directory's file system takes writes that go past the page cache. Not so when that cannot be found out.
    public static func takesDirectWrites(in directory: String) -> Bool {
        let file = open(directory, O_WRONLY | unnamed | direct | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        close(file)
        return true
    }

    /// The first `limit` bytes of a file.
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(path: path) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress?.advanced(by: count), limit - count)
            }
            guard got >= 0 else { throw FileError(path: path) }
            if got == 0 { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }
}

/// A call of the operating system on a file that failed.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    public var path: String
    /// `errno`.
    public var code: Int32

    public init(path: String, code: Int32) {
        self.path = path
        self.code = code
    }

    /// With `errno` as the last call left it.
    init(path: String) { self.init(path: path, code: errno) }

    public var isMissing: Bool { code == ENOENT }
    public var description: String { "\(path): \(String(cString: strerror(code)))" }
}
